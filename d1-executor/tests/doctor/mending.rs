//! What the doctor would do about a fault does away with it, and can be taken back.

use crate::{faults::faults, patient::Patient};
use d1_core::{
    Action, Change, Ended, Executor as _, Finding, Job, Outcome, Revert, Step, Stop, SystemClock,
    TaskId, Undo,
};
use d1_executor::{Machine, MachineConfig, Policy, Selection};
use std::{collections::BTreeMap, fs, sync::Arc};
use tokio::sync::mpsc;

/// The checks whose fault is mended by changing files.
const MENDED_BY_FILES: &[&str] = &[
    "apt.sources.dup",
    "net.hosts.override",
    "net.localhost",
    "net.nsswitch",
    "path.writable",
    "sec.creds.perms",
    "sec.passwd.perms",
    "shell.login",
    "ssh.perms",
    "sys.dev.shm",
    "sys.etc.readable",
    "sys.home.writable",
    "sys.hostname",
    "sys.tmp.sticky",
];

fn machine_of(patient: &Patient) -> Machine {
    Machine::new(MachineConfig {
        state_dir: patient.outside().to_path_buf(),
        policy: Policy::default(),
        root: patient.at("/"),
        path: format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", patient.at("/tools").display()),
        home: patient.at("/home/maya"),
        clock: Arc::new(SystemClock::new()),
    })
}

async fn carry_out(machine: &Machine, step: Step) -> (TaskId, Ended) {
    let task = TaskId::generate();
    let baseline = machine.prepare(task, &step.action).await.unwrap();
    let (output, _nobody_listens) = mpsc::channel(64);
    let ended = machine.run(&Job::new(task, step, baseline), &output, &Stop::new()).await.unwrap();
    (task, ended)
}

async fn take_back(machine: &Machine, task: TaskId, changes: Vec<Change>) {
    let action = Action::Revert(Revert { task, changes });
    let step = Step::new("undo".parse().unwrap(), "undo", action);
    let (_, ended) = carry_out(machine, step).await;
    assert_eq!(ended.outcome, Outcome::Succeeded, "{ended:?}");
    assert!(ended.kept.is_empty(), "{:?}", ended.kept);
}

fn trouble(findings: &BTreeMap<String, Finding>) -> Vec<(&str, &[String])> {
    let bad = findings.values().filter(|finding| finding.is_trouble());
    bad.map(|finding| (finding.check.as_str(), finding.details.as_slice())).collect()
}

#[tokio::test]
async fn what_is_mended_is_found_no_more_and_taken_back_it_is_found_again() {
    let mut mended = Vec::new();
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
            let machine = machine_of(&patient);
            let mut done = Vec::new();
            for step in finding.fix.clone() {
                assert_eq!(step.undo, Undo::Exact, "{id} says what is so");
                assert!(step.id.as_str().starts_with(id), "{} tells its check", step.id);
                let (task, ended) = carry_out(&machine, step).await;
                assert_eq!(ended.outcome, Outcome::Succeeded, "fault {number}, {id}: {ended:?}");
                done.push((task, ended.changes));
            }
            let names = vec![id.to_owned()];
            let healed = patient.examine_as(&Selection { names, deep: true }).await;
            assert!(!healed[id].is_trouble(), "fault {number}: {:?}", healed[id]);
            for (task, changes) in done.into_iter().rev() {
                take_back(&machine, task, changes).await;
            }
            assert_eq!(patient.snapshot(), before, "fault {number}, {id}: all is as it was");
            assert_eq!(trouble(&patient.examine().await), trouble(&broken), "fault {number}");
            mended.push(id.to_owned());
        }
    }
    mended.sort();
    mended.dedup();
    assert_eq!(mended, MENDED_BY_FILES);
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
        let mut done = Vec::new();
        for step in steps {
            let (task, ended) = carry_out(&machine, step).await;
            assert_eq!(ended.outcome, Outcome::Succeeded, "{id}: {ended:?}");
            done.push((task, ended.changes));
        }
        assert!(!patient.examine().await[id].is_trouble(), "{id} is mended");
        let (task, changes) = done.remove(0);
        take_back(&machine, task, changes).await;
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
