//! Where nothing is wrong the doctor says nothing is, and it never touches what it looks at.

use crate::patient::Patient;
use d1_core::Verdict;
use d1_executor::{Doctor, Selection, all_checks};

#[tokio::test]
async fn a_healthy_machine_gives_no_reason_to_worry() {
    let patient = Patient::healthy();
    let findings = patient.examine().await;
    assert_eq!(findings.len(), all_checks().count(), "every check says something");
    let worried: Vec<_> = findings
        .values()
        .filter(|f| !matches!(f.verdict, Verdict::Ok | Verdict::Skipped))
        .collect();
    assert!(worried.is_empty(), "{worried:#?}");
}

#[tokio::test]
async fn looking_changes_nothing() {
    let patient = Patient::healthy();
    let before = patient.snapshot();
    patient.examine().await;
    assert_eq!(patient.snapshot(), before);
}

#[tokio::test]
async fn areas_and_checks_are_chosen_by_name() {
    let patient = Patient::healthy();
    let names = |names: &[&str]| Selection {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        deep: false,
    };
    let chosen = patient.examine_as(&names(&["java", "sys.tmp.sticky"])).await;
    let chosen: Vec<&str> = chosen.keys().map(String::as_str).collect();
    assert_eq!(chosen, ["java.home", "java.mismatch", "sys.tmp.sticky"]);
    let doctor = Doctor::new(patient.sight.clone());
    let unknown = names(&["apt", "nothing.like.this"]);
    assert_eq!(doctor.unknown(&unknown), Some("nothing.like.this"));
    assert_eq!(doctor.unknown(&names(&["apt"])), None);
}

#[test]
fn every_check_has_a_name_of_its_own_with_an_area_in_front() {
    let ids: Vec<&str> = all_checks().map(|about| about.id).collect();
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len());
    for about in all_checks() {
        assert!(about.id.parse::<d1_core::CheckId>().is_ok(), "{}", about.id);
        assert!(about.id.contains('.'), "{}", about.id);
        assert!(!about.title.is_empty() && !about.title.ends_with('.'), "{}", about.title);
    }
}
