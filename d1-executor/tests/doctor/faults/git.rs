//! Faults of git and of the repository one stands in.

use super::{Fault, fails, warns};
use crate::patient::Patient;
use d1_core::{Timestamp, Verdict, memory::ManualClock};
use std::{fs, sync::Arc};

const SETTINGS: &str = "/home/maya/.gitconfig";

/// Adds to the user's settings of git.
fn set(patient: &Patient, more: &str) {
    let text = fs::read_to_string(patient.at(SETTINGS)).unwrap();
    patient.write(SETTINGS, format!("{text}{more}"));
}

/// Has it be an hour later than it is.
fn an_hour_later(patient: &mut Patient) {
    let now = patient.sight.host.clock.now().0;
    // Nobody can be asked what time it is, or they would know.
    patient.sight.offline = true;
    patient.sight.host.clock = Arc::new(ManualClock::starting_at(Timestamp(now + 3_600_000)));
}

pub(super) const FAULTS: &[Fault] = &[
    warns(&["git.present"], |patient| patient.remove("/tools/git")),
    warns(&["git.version"], |patient| {
        patient.git("*--version) echo git version 2.17.1; exit;;");
    }),
    fails(&["git.config"], |patient| set(patient, "[core\n")),
    warns(&["git.identity"], |patient| patient.remove(SETTINGS)),
    warns(&["git.newlines"], |patient| set(patient, "[core]\n\tautocrlf = true\n")),
    warns(&["git.credential"], |patient| {
        set(patient, "[credential]\n\thelper = store\n\thelper = keeper-that-was --all\n");
    }),
    warns(&["git.credential"], |patient| {
        let section = "[credential \"https://forge.example\"]\n";
        set(patient, &format!("{section}\thelper =\n\thelper = !/usr/bin/gh-that-was auth\n"));
    }),
    fails(&["git.safe_directory"], |patient| {
        patient.enter_repository();
        patient.git("*) export GIT_TEST_ASSUME_DIFFERENT_OWNER=1;;");
    }),
    fails(&["git.lock"], |patient| {
        patient.enter_repository();
        patient.write("/home/maya/shop/.git/index.lock", "");
        an_hour_later(patient);
    }),
    warns(&["git.lfs"], |patient| {
        patient.enter_repository();
        patient.write("/home/maya/shop/.gitattributes", "*.psd filter=lfs diff=lfs -text\n");
    }),
    warns(&["gpg.perms"], |patient| {
        fs::create_dir(patient.at("/home/maya/.gnupg")).unwrap();
        patient.mode("/home/maya/.gnupg", 0o755);
    }),
    fails(&["gpg.signing"], |patient| {
        set(patient, "[commit]\n\tgpgsign = true\n");
        patient.set("GPG_TTY", "/dev/pts/0");
    }),
    fails(&["gpg.signing"], |patient| {
        set(patient, "[commit]\n\tgpgsign = true\n");
        patient.set("GPG_TTY", "/dev/pts/0");
        patient.program("gpg", "");
    }),
    fails(&["gpg.signing"], |patient| {
        set(patient, "[commit]\n\tgpgsign = true\n[gpg]\n\tformat = ssh\n");
        set(patient, "[user]\n\tsigningkey = ~/.ssh/id_that_was.pub\n");
    }),
    warns(&["gpg.tty"], |patient| {
        set(patient, "[commit]\n\tgpgsign = yes\n");
        patient.program("gpg", "");
        patient.write("/home/maya/.gnupg/private-keys-v1.d/AB.key", "");
        patient.mode("/home/maya/.gnupg", 0o700);
    }),
    fails(&["git.objects"], |patient| {
        patient.enter_repository();
        // A branch that leads to what is not there.
        let lost = format!("{}\n", "1".repeat(40));
        patient.write("/home/maya/shop/.git/refs/heads/main", lost);
    }),
];

/// What looks like a fault and is none.
#[tokio::test]
async fn a_lock_of_a_moment_and_helpers_that_are_there_are_no_faults() {
    let mut patient = Patient::healthy();
    patient.enter_repository();
    patient.write("/home/maya/shop/.git/index.lock", "");
    patient.program("git-credential-keeper", "");
    let helpers = "[credential]\n\thelper = keeper-that-was\n\thelper =\n\thelper = keeper --all\n\
                   \thelper = cache\n\thelper = \"!f() { cat; }; f\"\n";
    set(&patient, helpers);
    set(&patient, "[core]\n\tautocrlf = input\n");
    set(&patient, "[commit]\n\tgpgsign = true\n[gpg]\n\tformat = ssh\n");
    set(&patient, "[user]\n\tsigningkey = key::ssh-ed25519 AAAA\n");
    let findings = patient.examine().await;
    let wrong: Vec<_> = findings.values().filter(|finding| finding.is_trouble()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_lock_that_a_running_git_may_hold_is_left_alone() {
    let mut patient = Patient::healthy();
    patient.enter_repository();
    patient.write("/home/maya/shop/.git/index.lock", "");
    an_hour_later(&mut patient);
    let verdict = async |patient: &Patient| patient.examine().await["git.lock"].verdict;
    patient.write("/proc/77/comm", "git\n");
    assert_eq!(verdict(&patient).await, Verdict::Unknown, "nobody knows where it stands");
    patient.link("/proc/77/cwd", "/elsewhere");
    assert_eq!(verdict(&patient).await, Verdict::Fail, "it works elsewhere");
    patient.remove("/proc/77/cwd");
    patient.link("/proc/77/cwd", patient.at("/home/maya/shop/src"));
    assert_eq!(verdict(&patient).await, Verdict::Unknown, "it works here");
    patient.write("/proc/77/stat", format!("77 (git) S {} 77 77\n", std::process::id()));
    assert_eq!(verdict(&patient).await, Verdict::Fail, "it is one that the doctor asks");
}
