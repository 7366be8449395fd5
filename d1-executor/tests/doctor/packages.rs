//! Fixes by packages, with a real dpkg and apt that keep to the patient, and a repository of
//! tiny packages.
//!
//! It needs root, apt and dpkg-deb, as the tests of apt do.

use crate::{
    faults::faults,
    patient::Patient,
    repository,
    surgery::{carry_out_all, machine_of, take_back_all},
};
use d1_core::{Action, Digest, Undo};
use std::{fs, process::Command};

/// The checks whose fault is mended by a package.
pub(crate) const MENDED_BY_PACKAGES: &[&str] = &[
    "ctr.uidmap",
    "docker.compose",
    "git.lfs",
    "git.present",
    "net.ca.bundle",
    "rust.linker",
    "sys.timezone",
];
/// The checks whose fault is mended in a way that nobody would take back.
pub(crate) const MENDED_FOR_GOOD: &[&str] = &["apt.broken", "apt.index.age", "apt.interrupted"];

/// What the repository has: packages, and the files in each.
const PACKAGES: [(&str, &[&str]); 9] = [
    ("ca-certificates", &["etc/ssl/certs/ca-certificates.crt"]),
    ("d1-base", &["usr/share/d1-base/x"]),
    ("d1-stubborn", &["usr/share/d1-stubborn/x"]),
    ("docker-compose", &["usr/bin/docker-compose"]),
    ("gcc", &["usr/bin/gcc"]),
    ("git", &["usr/bin/git"]),
    ("git-lfs", &["usr/bin/git-lfs"]),
    ("tzdata", &["usr/share/zoneinfo/Europe/Paris"]),
    ("uidmap", &["usr/bin/newuidmap", "usr/bin/newgidmap"]),
];

/// The programs that see to packages; each is told to keep to the patient.
const PROGRAMS: [&str; 6] =
    ["apt-get", "apt-cache", "apt-config", "apt-mark", "dpkg-query", "dpkg"];

/// A script of `d1-stubborn` that fails until somebody has helped.
const STUBBORN: &str = "#!/bin/sh\ntest -e \"$DPKG_ROOT/tmp/helped\"\n";

/// Gives the patient a real dpkg and apt, one package, and a repository with a fresh index.
fn with_apt(patient: &mut Patient) {
    patient.remove("/etc/apt/sources.list.d/more.list");
    fs::remove_dir_all(patient.at("/var/lib/apt/lists")).unwrap();
    repository::lay_out(&patient.at("/"));
    let repository = repository(patient);
    let source = format!("deb [trusted=yes] file:{} ./\n", repository.display());
    patient.write("/etc/apt/sources.list", source);
    let root = patient.at("/").display().to_string();
    let root = root.trim_end_matches('/');
    for name in PROGRAMS {
        let keep = match name {
            "dpkg" => format!("--root={root} --force-script-chrootless --log=/dev/null"),
            _ => String::new(),
        };
        let script = format!(
            "export APT_CONFIG={root}/etc/apt/apt.conf DPKG_ADMINDIR={root}/var/lib/dpkg\n\
             exec /usr/bin/{name} {keep} \"$@\""
        );
        patient.program(name, &script);
    }
    apt_get(patient, &["update"]);
    apt_get(patient, &["install", "d1-base"]);
    patient.sight.host.path += &format!(":{root}/usr/bin");
}

fn repository(patient: &Patient) -> std::path::PathBuf {
    let folder = patient.outside().join("repository");
    fs::create_dir(&folder).unwrap();
    for (name, files) in PACKAGES {
        let tree = patient.outside().join(name);
        fs::create_dir_all(tree.join("DEBIAN")).unwrap();
        let control = format!(
            "Package: {name}\nVersion: 1.0\nArchitecture: all\n\
             Maintainer: Nobody <nobody@lab.example>\nDescription: test package\n"
        );
        fs::write(tree.join("DEBIAN/control"), control).unwrap();
        for file in files {
            let path = tree.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let is_bundle = file.ends_with(".crt");
            let content =
                if is_bundle { "-----BEGIN CERTIFICATE-----\nx\n" } else { "#!/bin/sh\n" };
            fs::write(&path, content).unwrap();
            executable(&path);
        }
        if name == "d1-stubborn" {
            fs::write(tree.join("DEBIAN/postinst"), STUBBORN).unwrap();
            executable(&tree.join("DEBIAN/postinst"));
        }
        repository::pack(&folder, &tree, name, "1.0");
    }
    repository::index(&folder);
    let packages = fs::read(folder.join("Packages")).unwrap();
    let release = format!(
        "Origin: Lab\nSuite: lab\nDate: Wed, 01 Jan 2020 00:00:00 UTC\nSHA256:\n {} {} Packages\n",
        Digest::of(&packages),
        packages.len()
    );
    fs::write(folder.join("Release"), release).unwrap();
    folder
}

fn executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the patient's `apt-get`; false when it fails.
fn try_apt_get(patient: &Patient, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(patient.at("/tools/apt-get"));
    let out = command.args(["-y", "-q"]).args(words).env("LC_ALL", "C.UTF-8").output().unwrap();
    (out.status.success(), String::from_utf8_lossy(&out.stderr).into_owned())
}

fn apt_get(patient: &Patient, words: &[&str]) {
    let (went_well, said) = try_apt_get(patient, words);
    assert!(went_well, "{words:?}: {said}");
}

#[tokio::test]
async fn a_package_that_is_missing_is_brought_and_goes_again() {
    for id in MENDED_BY_PACKAGES {
        let mut proven = 0;
        for fault in faults().filter(|fault| fault.found_by == [*id]) {
            let mut patient = Patient::healthy();
            with_apt(&mut patient);
            (fault.put_in)(&mut patient);
            let broken = patient.examine().await;
            let fix = &broken[*id].fix;
            if fix.is_empty() {
                continue;
            }
            assert!(broken[*id].is_trouble());
            assert!(fix.iter().all(|step| matches!(step.action, Action::Packages(_))), "{fix:?}");
            assert!(fix.iter().all(|step| step.undo == Undo::Exact && step.needs_root));
            let machine = machine_of(&patient);
            let done = carry_out_all(&machine, fix).await;
            let healed = patient.examine().await;
            assert!(!healed[*id].is_trouble(), "{:?}", healed[*id]);
            take_back_all(&machine, done).await;
            let again = patient.examine().await;
            assert_eq!(again[*id].details, broken[*id].details);
            assert_eq!(again[*id].verdict, broken[*id].verdict, "{id}");
            proven += 1;
        }
        assert!(proven > 0, "a fault of {id} has a fix");
    }
}

/// Finds it, mends it as the plan says, and finds it no more; the plan says that nobody can
/// take it back.
async fn mend_for_good(patient: &Patient, id: &str) {
    let broken = patient.examine().await;
    let finding = &broken[id];
    assert!(finding.is_trouble(), "{finding:?}");
    assert!(!finding.fix.is_empty(), "{finding:?}");
    let says_so = finding.fix.iter().all(|step| matches!(step.undo, Undo::None(_)));
    assert!(says_so, "{:?}", finding.fix);
    carry_out_all(&machine_of(patient), &finding.fix).await;
    let healed = patient.examine().await;
    assert!(!healed[id].is_trouble(), "{:?}", healed[id]);
}

#[tokio::test]
async fn an_index_that_is_old_or_missing_is_refreshed_for_good() {
    for fault in faults().filter(|fault| fault.found_by == ["apt.index.age"]) {
        let mut patient = Patient::healthy();
        with_apt(&mut patient);
        assert!(!patient.examine().await["apt.index.age"].is_trouble());
        (fault.put_in)(&mut patient);
        mend_for_good(&patient, "apt.index.age").await;
    }
}

#[tokio::test]
async fn a_package_that_was_left_half_configured_is_finished_for_good() {
    let mut patient = Patient::healthy();
    with_apt(&mut patient);
    let (went_well, said) = try_apt_get(&patient, &["install", "d1-stubborn"]);
    assert!(!went_well, "its script fails: {said}");
    patient.write("/tmp/helped", "");
    mend_for_good(&patient, "apt.broken").await;
}

#[tokio::test]
async fn notes_that_dpkg_did_not_get_to_are_put_in_order_for_good() {
    let mut patient = Patient::healthy();
    with_apt(&mut patient);
    let status = fs::read_to_string(patient.at("/var/lib/dpkg/status")).unwrap();
    let paragraph = status.split("\n\n").next().unwrap();
    patient.write("/var/lib/dpkg/updates/0000", format!("{}\n", paragraph.trim_end()));
    let (went_well, said) = try_apt_get(&patient, &["install", "git-lfs"]);
    assert!(!went_well && said.contains("dpkg was interrupted"), "apt refuses: {said}");
    mend_for_good(&patient, "apt.interrupted").await;
    apt_get(&patient, &["install", "git-lfs"]);
}

#[tokio::test]
async fn what_dpkg_must_install_again_is_not_called_mended_by_finishing_it() {
    let patient = Patient::healthy();
    let status = "Package: bad\nStatus: install reinstreq half-installed\n";
    patient.write("/var/lib/dpkg/status", status);
    let finding = &patient.examine().await["apt.broken"];
    assert!(finding.is_trouble() && finding.fix.is_empty(), "{finding:?}");
}
