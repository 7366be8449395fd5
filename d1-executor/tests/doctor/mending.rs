//! What the doctor would do about a fault does away with it, and can be taken back.

use crate::{accounts, faults::faults, packages, patient::Patient, surgery};
use d1_core::{Action, Finding, Step, Undo};
use d1_executor::Selection;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};
use surgery::{carry_out_all, machine_of, take_back_all};

/// The checks whose fault is mended by changing files.
const MENDED_BY_FILES: &[&str] = &[
    "apt.keys",
    "apt.sources.dup",
    "ctr.subuid",
    "d1.state.perms",
    "git.lock",
    "git.newlines",
    "git.safe_directory",
    "gpg.perms",
    "net.hosts.override",
    "net.localhost",
    "net.nsswitch",
    "node.nvm",
    "path.user_bin",
    "path.writable",
    "proj.env",
    "py.externally_managed",
    "sec.creds.perms",
    "sec.history",
    "sec.home.perms",
    "sec.passwd.perms",
    "sec.sudo",
    "sec.sudoers",
    "shell.activation",
    "shell.login",
    "ssh.known_hosts",
    "ssh.perms",
    "sys.dev.shm",
    "sys.etc.readable",
    "sys.home.writable",
    "sys.hostname",
    "sys.tmp.sticky",
];

/// The checks whose fault is mended by a program, after a file.
const MENDED_BY_PROGRAMS: &[&str] = &["sys.inotify.watches", "sys.locale"];

fn trouble(findings: &BTreeMap<String, Finding>) -> Vec<(&str, &[String])> {
    let bad = findings.values().filter(|finding| finding.is_trouble());
    bad.map(|finding| (finding.check.as_str(), finding.details.as_slice())).collect()
}

#[tokio::test]
async fn what_is_mended_is_found_no_more_and_taken_back_it_is_found_again() {
    let mut mended = BTreeSet::new();
    for (number, fault) in faults().enumerate() {
        let mut patient = Patient::healthy();
        (fault.put_in)(&mut patient);
        let broken = patient.examine().await;
        let before = patient.snapshot();
        for finding in broken.values().filter(|finding| finding.is_trouble()) {
            let id = finding.check.as_str();
            let by_files = |step: &Step| matches!(step.action, Action::File(_));
            if finding.fix.is_empty() || !finding.fix.iter().all(by_files) {
                continue;
            }
            for step in &finding.fix {
                assert_eq!(step.undo, Undo::Exact, "{id} says what is so");
                assert!(step.id.as_str().starts_with(id), "{} tells its check", step.id);
            }
            let machine = machine_of(&patient);
            let done = carry_out_all(&machine, &finding.fix).await;
            let names = vec![id.to_owned()];
            let healed = patient.examine_as(&Selection { names, deep: true }).await;
            assert!(!healed[id].is_trouble(), "fault {number}: {:?}", healed[id]);
            take_back_all(&machine, done).await;
            assert_eq!(patient.snapshot(), before, "fault {number}, {id}: all is as it was");
            assert_eq!(trouble(&patient.examine().await), trouble(&broken), "fault {number}");
            mended.insert(id.to_owned());
        }
    }
    assert_eq!(mended.into_iter().collect::<Vec<_>>(), MENDED_BY_FILES);
}

#[tokio::test]
async fn no_fix_is_without_a_proof() {
    let mut fixed = BTreeSet::new();
    for fault in faults() {
        let mut patient = Patient::healthy();
        (fault.put_in)(&mut patient);
        let findings = patient.examine().await;
        let offered = findings.values().filter(|finding| !finding.fix.is_empty());
        fixed.extend(offered.map(|finding| finding.check.to_string()));
    }
    let proven: BTreeSet<String> = [
        MENDED_BY_FILES,
        MENDED_BY_PROGRAMS,
        packages::MENDED_BY_PACKAGES,
        packages::MENDED_FOR_GOOD,
        accounts::MENDED_BY_GROUPS,
        accounts::MENDED_BY_SERVICES,
    ]
    .into_iter()
    .flatten()
    .map(|id| (*id).to_owned())
    .collect();
    assert_eq!(fixed, proven);
}

/// Has a program of the machine do this, with the paths of the machine in front.
fn stand_in(patient: &Patient, name: &str, script: &str) {
    patient.program(name, &script.replace("@/", &format!("{}/", patient.at("/").display())));
}

#[tokio::test]
async fn what_a_program_mends_is_found_no_more_and_its_files_can_be_taken_back() {
    let mut locale = Patient::healthy();
    locale.set("LC_ALL", "de_DE.UTF-8");
    locale.write("/etc/locale.gen", "# en_US.UTF-8 UTF-8\n");
    locale.write("/usr/share/i18n/SUPPORTED", "de_DE.UTF-8 UTF-8\n");
    let make = "grep -qx 'de_DE.UTF-8 UTF-8' @/etc/locale.gen && \
                printf '#!/bin/sh\\necho de_DE.utf8; echo en_US.utf8' > @/tools/locale";
    stand_in(&locale, "locale-gen", make);
    let watches = Patient::healthy();
    watches.write("/proc/sys/fs/inotify/max_user_watches", "4096\n");
    let load = "[ $1 = --load ] && sed -n 's/^fs.inotify.max_user_watches = //p' @/$2 \
                > @/proc/sys/fs/inotify/max_user_watches";
    stand_in(&watches, "sysctl", load);
    for (patient, id, file) in [
        (locale, "sys.locale", "/etc/locale.gen"),
        (watches, "sys.inotify.watches", "/etc/sysctl.d/90-d1-doctor-watches.conf"),
    ] {
        let before = fs::read(patient.at(file)).ok();
        let steps = patient.examine().await[id].fix.clone();
        let kinds: Vec<&str> = steps.iter().map(|step| step.action.kind()).collect();
        assert_eq!(kinds, ["file", "exec"], "{id}");
        let machine = machine_of(&patient);
        let done = carry_out_all(&machine, &steps).await;
        assert!(!patient.examine().await[id].is_trouble(), "{id} is mended");
        take_back_all(&machine, done).await;
        assert_eq!(fs::read(patient.at(file)).ok(), before, "{file} is as it was");
    }
}

#[tokio::test]
async fn what_belongs_to_somebody_else_is_not_ours_to_mend() {
    let patient = Patient::healthy();
    let mut stranger = patient.sight.clone();
    stranger.uid += 1;
    let key = patient.at("/home/maya/.ssh/id_ed25519");
    let step = stranger.set_mode(&key, 0o600).unwrap();
    assert!(step.needs_root, "a stranger needs the administrator for it");
    assert!(!patient.sight.set_mode(&key, 0o600).unwrap().needs_root);
    let outside = std::path::Path::new("/somewhere/else");
    assert_eq!(patient.sight.set_mode(outside, 0o600), None, "it is not on this machine");
}

#[tokio::test]
async fn what_a_link_leads_to_is_not_changed() {
    let patient = Patient::healthy();
    patient.write("/home/maya/dotfiles/history", "");
    patient.mode("/home/maya/dotfiles/history", 0o644);
    patient.link("/home/maya/.bash_history", patient.at("/home/maya/dotfiles/history"));
    let findings = patient.examine().await;
    let finding = &findings["sec.history"];
    assert!(finding.is_trouble() && finding.fix.is_empty(), "{finding:?}");
}
