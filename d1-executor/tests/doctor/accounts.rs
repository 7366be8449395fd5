//! Fixes by services and groups, with stand-ins for the programs that change them.

use crate::{
    faults::{faults, listen},
    patient::Patient,
    surgery::{carry_out_all, machine_of, take_back_all},
};
use d1_core::{Action, Step, Undo};

/// The checks whose fault is mended by a service.
pub(crate) const MENDED_BY_SERVICES: &[&str] = &["docker.daemon", "sys.clock.sync"];
/// The checks whose fault is mended by a group.
pub(crate) const MENDED_BY_GROUPS: &[&str] = &["docker.perms"];

const SOCKET: &str = "/var/run/docker.sock";
const ASLEEP: &str = "/var/run/docker.asleep";

/// An engine that answers as soon as systemd has started it, and a systemd that does.
fn with_services(patient: &Patient) {
    // An engine of another fault is in the way.
    let _absent = std::fs::remove_file(patient.at(SOCKET));
    listen(patient, ASLEEP, "HTTP/1.1 200 OK\r\n\r\nOK");
    let (socket, asleep) = (patient.at(SOCKET), patient.at(ASLEEP));
    let (socket, asleep) = (socket.display(), asleep.display());
    let script = format!(
        "export PATH=/usr/bin:/bin\ncase \"$*\" in\n'is-active --quiet docker') test -e {socket};;\n\
         'start docker') mv {asleep} {socket};;\n'stop docker') mv {socket} {asleep};;\n*) exit 64;;\nesac"
    );
    patient.program("systemctl", &script);
}

/// A service that keeps the clock as soon as systemd has started it, and a systemd that does.
fn with_clock(patient: &Patient) {
    let folder = patient.at("/run/systemd/timesync");
    let folder = folder.display();
    let script = format!(
        "export PATH=/usr/bin:/bin\ncase \"$*\" in\n\
         'is-active --quiet systemd-timesyncd') test -e {folder};;\n\
         'start systemd-timesyncd') mkdir {folder}; touch {folder}/synchronized;;\n\
         'stop systemd-timesyncd') rm -r {folder};;\n*) exit 64;;\nesac"
    );
    patient.program("systemctl", &script);
}

/// Programs that know users and groups by the patient's own files.
fn with_groups(patient: &Patient) {
    let (users, groups) = (patient.at("/etc/passwd"), patient.at("/etc/group"));
    let (users, groups) = (users.display(), groups.display());
    let look = format!(
        "export PATH=/usr/bin:/bin\ncase $1 in passwd) file={users};; group) file={groups};; esac\n\
         grep \"^$2:\" $file || exit 2"
    );
    let change = format!(
        "export PATH=/usr/bin:/bin\ncase $1 in\n-a) sed -i \"/^$3:/s/$/$2/\" {groups};;\n\
         -d) sed -i \"/^$3:/s/$2$//\" {groups};;\nesac"
    );
    patient.program("getent", &look);
    patient.program("gpasswd", &change);
}

async fn prove(id: &str, ready: fn(&Patient), is_right: fn(&Step) -> bool) {
    let mut proven = 0;
    for fault in faults().filter(|fault| fault.found_by == [id]) {
        let mut patient = Patient::healthy();
        (fault.put_in)(&mut patient);
        let fix = patient.examine().await[id].fix.clone();
        if fix.is_empty() {
            continue;
        }
        assert!(fix.iter().all(is_right), "{fix:?}");
        assert!(fix.iter().all(|step| step.undo == Undo::Exact && step.needs_root), "{fix:?}");
        ready(&patient);
        let broken = patient.examine().await;
        assert!(broken[id].is_trouble(), "{:?}", broken[id]);
        let machine = machine_of(&patient);
        let done = carry_out_all(&machine, &fix).await;
        let healed = patient.examine().await;
        assert!(!healed[id].is_trouble(), "{:?}", healed[id]);
        take_back_all(&machine, done).await;
        assert_eq!(patient.examine().await[id].details, broken[id].details);
        proven += 1;
    }
    assert!(proven > 0, "a fault of {id} has a fix");
}

#[tokio::test]
async fn a_service_that_sleeps_is_started_and_sleeps_again() {
    for id in MENDED_BY_SERVICES {
        let ready = if *id == "sys.clock.sync" { with_clock } else { with_services };
        prove(id, ready, |step| matches!(step.action, Action::Service(_))).await;
    }
}

#[tokio::test]
async fn who_may_not_is_let_in_and_taken_out_again() {
    for id in MENDED_BY_GROUPS {
        prove(id, with_groups, |step| {
            matches!(step.action, Action::GroupMember(_)) && step.warning.contains("administrator")
        })
        .await;
    }
}

#[tokio::test]
async fn no_group_but_dockers_own_is_given_away() {
    let mut patient = Patient::healthy();
    let fault = faults().find(|fault| fault.found_by == ["docker.perms"]).unwrap();
    (fault.put_in)(&mut patient);
    patient.write("/etc/group", "maya:x:1000:\nadm:x:999:\n");
    let findings = patient.examine().await;
    assert!(findings["docker.perms"].is_trouble());
    assert!(findings["docker.perms"].fix.is_empty());
}
