//! The owner thinks again while a command runs.

use crate::town::{Town, decided, refused};
use d1_core::{NetworkAsk, NetworkReason};
use d1_executor::Policy;
use std::{fs, path::Path, sync::Arc, time::Duration};

const GOOD: &str = "good.example.org";
/// Calls, tells so, waits until somebody has done something meanwhile, and calls again.
const TWICE: &str = "curl -sS http://good.example.org/; touch work/called; \
    while [ ! -e work/changed ]; do sleep 0.01; done; curl -sS http://good.example.org/ 2>&1; true";

/// What the command says, and what is written down, when the policy becomes `later` in between.
async fn changed_to(later: &str) -> (String, d1_core::NetworkUse) {
    let owner = tempfile::tempdir().unwrap();
    let file = owner.path().join("policy.toml");
    fs::write(&file, "hosts = [\"good.example.org\"]\n").unwrap();
    let policy = Arc::new(Policy::read(&file, None).unwrap());
    let town = Town::with(|outside| outside.with_owner(Arc::<Policy>::clone(&policy)));
    let page = town.page("hello").await;
    town.map.lead(GOOD, &[&[page]]);
    let work = town.home.path().join("work");
    fs::create_dir(&work).unwrap();
    let (called, changed) = (work.join("called"), work.join("changed"));
    let change = async {
        appears(&called).await;
        fs::write(&file, later).unwrap();
        fs::write(&changed, "").unwrap();
    };
    let (told, ()) = tokio::join!(town.shell(TWICE, &[GOOD]), change);
    told
}

async fn appears(path: &Path) {
    while !path.exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn f23_what_the_owner_writes_counts_for_the_next_connection_of_a_running_command() {
    let (said, network) = changed_to("hosts = [\"*.example.org\"]\n").await;
    assert_eq!(said, "hellohello", "it is still allowed");
    let request = (NetworkAsk::Request, GOOD, 80, None);
    assert_eq!(decided(&network), [request, (NetworkAsk::Connection, GOOD, 80, None)]);
    // Another host alone, another port alone, none at all, and what nobody can read.
    for later in [
        "hosts = ['other.example.org']",
        "hosts = ['good.example.org:443']",
        "hosts = []",
        "hosts =",
    ] {
        let (said, network) = changed_to(later).await;
        assert!(said.starts_with("hello") && !said.ends_with("hello"), "{later}: {said}");
        assert!(said.contains("no_longer_allowed"), "{later}: {said}");
        assert!(refused(&network, GOOD, NetworkReason::NoLongerAllowed), "{later}: {network:?}");
    }
}

#[tokio::test]
async fn f23_a_name_leads_into_a_network_of_the_owner_no_longer_than_the_owner_says() {
    let (said, network) = changed_to("inside = ['10.0.0.0/8']").await;
    assert!(said.starts_with("hello") && !said.ends_with("hello"), "{said}");
    assert!(refused(&network, GOOD, NetworkReason::LoopbackAddress), "{network:?}");
    let (said, _) = changed_to("inside = ['127.0.0.0/8']").await;
    assert_eq!(said, "hellohello");
}
