//! Faults of the search path.

use super::{Fault, fails, warns};
use crate::patient::Patient;

const OWN: &str = "/home/maya/.local/bin";

/// A program that says its version.
fn version(patient: &Patient, path: &str, said: &str) {
    patient.write(path, format!("#!/bin/sh\necho {said}\n"));
    patient.mode(path, 0o755);
}

fn with_own_folder(patient: &mut Patient) {
    patient.write("/bin/sh", "");
    patient.set("PATH", format!("/usr/local/bin:/usr/bin:/bin:{OWN}"));
}

pub(super) const FAULTS: &[Fault] = &[
    fails(&["path.relative"], |patient| patient.set("PATH", "/usr/bin:.:/bin")),
    fails(&["path.relative"], |patient| patient.set("PATH", "/usr/bin::/bin")),
    fails(&["path.writable"], |patient| patient.mode("/usr/local/bin", 0o777)),
    fails(&["path.dup", "path.missing", "path.relative", "path.writable"], |patient| {
        patient.sight.env = std::sync::Arc::default();
    }),
    warns(&["path.user_bin"], |patient| version(patient, &format!("{OWN}/black"), "24.1.0")),
    warns(&["path.user_bin"], |patient| {
        patient.write("/home/maya/.profile", "# export PATH=~/go/bin:$PATH\n");
        version(patient, "/home/maya/go/bin/gopls", "0.15.0");
    }),
    warns(&["path.broken"], |patient| {
        with_own_folder(patient);
        patient.write(&format!("{OWN}/black"), "#!/home/maya/venv-that-was/bin/python\n");
        patient.mode(&format!("{OWN}/black"), 0o755);
    }),
    warns(&["path.broken"], |patient| {
        with_own_folder(patient);
        patient.link(&format!("{OWN}/black"), "/home/maya/venv-that-was/bin/black");
    }),
    warns(&["path.shadow"], |patient| {
        with_own_folder(patient);
        version(patient, "/usr/bin/nvim", "NVIM v0.7.2");
        version(patient, &format!("{OWN}/nvim"), "NVIM v0.10.1");
    }),
];

/// What looks like a fault and is none.
#[tokio::test]
async fn a_program_that_is_found_twice_is_no_fault_by_itself() {
    let mut patient = Patient::healthy();
    with_own_folder(&mut patient);
    // The system's is the newer one, and these two are one file.
    version(&patient, "/usr/bin/nvim", "NVIM v0.10.1");
    version(&patient, &format!("{OWN}/nvim"), "NVIM v0.7.2");
    patient.link("/bin/nvim", patient.at("/usr/bin/nvim"));
    version(&patient, "/usr/bin/node", "v12.22.12");
    patient.link(&format!("{OWN}/node"), patient.at("/usr/bin/node"));
    // A script whose `#!` names a program of another place is not ours to judge.
    patient.write(&format!("{OWN}/notes"), "#!python\n");
    patient.mode(&format!("{OWN}/notes"), 0o755);
    // A start-up file names the folder, so the next login finds it.
    version(&patient, "/home/maya/.cargo/bin/rg", "ripgrep 14.1.0");
    patient.write("/home/maya/.profile", ". \"$HOME/.cargo/env\"\n");
    let findings = patient.examine().await;
    let wrong: Vec<_> = findings.values().filter(|finding| finding.is_trouble()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let details = &findings["path.user_bin"].details;
    let later = "~/.cargo/bin is named in a start-up file, and is found from the next login on";
    assert_eq!(details, &[later]);
}
