//! Without any policy, against the walls alone; and with one, whatever it lets through.

use crate::case::{Case, Home, Tries, all};
use d1_core::{Output, Stop};
use d1_executor::{
    Decision, Device, Fence, Grant, LinuxConfig, LinuxSandbox, Policy, SandboxBackend,
    Surroundings, run_confined,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// Long enough on a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is said when it is run behind walls.
async fn inside(home: &Home, grant: &Grant) -> String {
    let around = Surroundings { home: home.home(), ours: Vec::new() };
    let config = LinuxConfig { around, allow_bare: false, ahead: false };
    let sandbox: Arc<dyn SandboxBackend> = Arc::new(LinuxSandbox::new(config));
    let (to, mut from) = mpsc::channel::<Output>(16);
    let grace = Duration::from_millis(200);
    let fence = Fence { timeout: PATIENCE, grace, interruptible: true };
    let stop = Stop::new();
    let run = run_confined(&sandbox, grant, fence, &to, &stop);
    let drain = async { while from.recv().await.is_some() {} };
    let ended = tokio::select! {
        ended = run => ended.unwrap(),
        () = drain => unreachable!("the sender lives as long as the run"),
    };
    assert_eq!(ended.isolation.summary(), "full");
    format!("{}{}", ended.report.stdout, ended.report.stderr)
}

/// The grant of whoever has no policy at all.
fn granted(policy: &Policy, case: &Case, home: &Home) -> Option<Grant> {
    let request = case.request(home, true);
    match policy.decide(&request, &Device::look(&request, &home.home())) {
        Decision::Allow { grant, .. } => grant.confined(),
        Decision::NeedsApproval { .. } | Decision::Deny(_) => None,
    }
}

/// Whether it was told why nothing was reached.
fn is_told(case: &Case, said: &str) -> bool {
    let why: &[&str] = match case.tries {
        Tries::Delete => &["Permission denied", "Read-only file system", "resource busy"],
        Tries::Read => &["No such file"],
    };
    case.walks || why.iter().any(|why| said.contains(why))
}

#[tokio::test]
async fn without_a_policy_every_way_ends_at_a_wall_and_outside_it_leads_on() {
    for case in all().iter().filter(|case| case.outside) {
        let home = Home::new();
        let said = home.outside(&case.words());
        assert!(home.is_reached(case, &said), "{} does not work even outside: {said}", case.id);
        let home = Home::new();
        let grant = granted(&Policy::default(), case, &home).unwrap();
        let said = inside(&home, &grant).await;
        assert!(!home.is_reached(case, &said), "{}: {said}", case.id);
        assert!(is_told(case, &said), "{}: {said}", case.id);
    }
}

#[tokio::test]
async fn what_a_policy_lets_through_ends_at_a_wall_too() {
    let policy = "[[protect]]\npath = '~/.ssh'\nwhy = 'w'\n";
    let policy = Policy::parse(policy, "").unwrap();
    let mut tried = 0;
    for case in all().iter().filter(|case| case.outside && case.tries == Tries::Read) {
        let home = Home::new();
        let Some(grant) = granted(&policy, case, &home) else { continue };
        tried += 1;
        let said = inside(&home, &grant).await;
        assert!(!home.is_reached(case, &said), "{}: {said}", case.id);
    }
    assert!(tried > 0, "those that only come by are let through: `grep -r`");
}
