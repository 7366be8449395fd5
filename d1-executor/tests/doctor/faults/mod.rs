//! One fault for every check: put in, found by that check, and by no other.

mod apt;
mod docker;
mod git;
mod languages;
mod network;
mod node;
mod other_systems;
mod own;
mod path;
mod project;
mod secrets;
mod shell;
mod sources;
mod system;

pub(crate) use docker::listen;

use crate::{patient::Patient, table::Table};
use d1_core::Verdict;
use d1_executor::all_checks;

/// A fault: which checks find it, how bad they call it, and how it is put in.
pub(crate) struct Fault {
    pub(crate) found_by: &'static [&'static str],
    verdict: Verdict,
    pub(crate) put_in: fn(&mut Patient),
}

const fn fails(found_by: &'static [&'static str], put_in: fn(&mut Patient)) -> Fault {
    Fault { found_by, verdict: Verdict::Fail, put_in }
}

const fn warns(found_by: &'static [&'static str], put_in: fn(&mut Patient)) -> Fault {
    Fault { found_by, verdict: Verdict::Warn, put_in }
}

/// Every fault there is.
pub(crate) fn faults() -> impl Iterator<Item = &'static Fault> {
    let areas = [
        system::FAULTS,
        network::FAULTS,
        other_systems::FAULTS,
        path::FAULTS,
        shell::FAULTS,
        apt::FAULTS,
        sources::FAULTS,
        git::FAULTS,
        docker::FAULTS,
        node::FAULTS,
        languages::FAULTS,
        secrets::FAULTS,
        own::FAULTS,
        project::FAULTS,
    ];
    areas.into_iter().flatten()
}

#[tokio::test]
async fn every_fault_is_found_by_its_checks_and_by_no_other() {
    let mut table = Table::default();
    table.count(&Patient::healthy().examine().await, &[]);
    for (number, fault) in faults().enumerate() {
        let mut patient = Patient::healthy();
        (fault.put_in)(&mut patient);
        let findings = patient.examine().await;
        table.count(&findings, fault.found_by);
        let mut found_by: Vec<&str> =
            findings.values().filter(|f| f.is_trouble()).map(|f| f.check.as_str()).collect();
        found_by.sort_unstable();
        assert_eq!(found_by, fault.found_by, "fault {number}");
        for id in fault.found_by {
            let finding = &findings[*id];
            assert_eq!(finding.verdict, fault.verdict, "fault {number}: {finding:?}");
            assert!(!finding.remedy.is_empty(), "{id} tells what to do: {finding:?}");
        }
    }
    table.assert_severities();
    table.assert_published();
}

#[test]
fn no_check_is_without_a_fault() {
    let proven: Vec<&str> = faults().flat_map(|fault| fault.found_by).copied().collect();
    let unproven: Vec<&str> =
        all_checks().map(|about| about.id).filter(|id| !proven.contains(id)).collect();
    assert_eq!(unproven, [""; 0]);
}

#[tokio::test]
async fn evidence_names_what_is_wrong() {
    let patient = Patient::healthy();
    patient.mode("/home/maya/.ssh/id_ed25519", 0o640);
    let findings = patient.examine().await;
    assert_eq!(findings["ssh.perms"].details, ["~/.ssh/id_ed25519: its mode is 0640"]);
    let patient = Patient::healthy();
    let status = "Package: bad\nStatus: install ok unpacked\n\nPackage: worse\nStatus: install ok half-installed\n";
    patient.write("/var/lib/dpkg/status", status);
    let findings = patient.examine().await;
    assert_eq!(findings["apt.broken"].details, ["bad: unpacked", "worse: half-installed"]);
}
