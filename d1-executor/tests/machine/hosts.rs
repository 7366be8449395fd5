//! The hosts that a step names are the network that its program has.

use crate::rig::Rig;
use d1_core::{Action, Argv, Ended, Exec, ExecutorError, Job, NetworkAsk, Outcome, Step};
use d1_executor::Policy;
use std::collections::BTreeMap;

/// A step that asks for the address of `wanted`, and names `hosts`.
async fn asks(policy: &str, wanted: &str, hosts: &[&str]) -> Result<Ended, ExecutorError> {
    let rig = Rig::of_this_machine(Policy::parse(policy, "").unwrap());
    let argv = Argv::new(["getent", "hosts", wanted]).unwrap();
    let action = Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() });
    let network = hosts.iter().map(|host| host.parse().unwrap()).collect();
    let step = Step { network, ..Step::new("step".parse().unwrap(), "a step", action) };
    let job = rig.job(step.action.clone()).await;
    rig.run(&Job { step, ..job }).await
}

#[tokio::test]
async fn a_step_reaches_the_names_it_names_and_its_receipt_lists_what_was_asked() {
    let ended = asks("", "good.example.org", &["good.example.org"]).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Succeeded, "{:?}", ended.problem);
    let asked = |ended: &Ended, host: &str| {
        let all = &ended.isolation.network.decisions;
        all.iter().find(|it| it.ask == NetworkAsk::Name && it.host == host).map(|it| it.allowed)
    };
    assert_eq!(asked(&ended, "good.example.org"), Some(true));
    let ended = asks("", "evil.org", &["good.example.org"]).await.unwrap();
    assert_eq!((ended.outcome, ended.exit_code), (Outcome::Failed, Some(2)));
    assert_eq!(asked(&ended, "evil.org"), Some(false));
    // Without a name there is no network, and nobody to ask.
    let ended = asks("", "good.example.org", &[]).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Failed);
    assert!(ended.isolation.network.is_empty());
}

#[tokio::test]
async fn a_step_that_names_a_host_the_owner_does_not_give_is_refused() {
    let refused = asks("hosts = [\"example.com\"]", "evil.org", &["evil.org"]).await.unwrap_err();
    assert!(refused.to_string().contains("`evil.org` is not among the hosts"), "{refused}");
    let refused = asks("", "x", &["127.0.0.1"]).await.unwrap_err();
    assert!(refused.to_string().contains("is an address and not a name"), "{refused}");
}
