//! Nouns to sit exams with: well formed, and with something in every part that is stored.

use crate::{
    AbsolutePath, AccountId, Action, Argv, Baseline, Change, DeviceId, Digest, Effect, Exec,
    HoldId, Install, Intent, IsolationReport, Item, Layer, Manifest, NetworkUse, Notable, Outcome,
    Plan, Preview, Receipt, Resource, Setup, SetupId, State, Step, TaskCommand, TaskId, TaskResult,
    Timestamp, Undo, Usage,
};
use std::{collections::BTreeMap, time::Duration};

/// Stands for the moment nobody looks at.
pub(super) const NOW: Timestamp = Timestamp(1_000);

/// How many race at once.
pub(super) const RACERS: u32 = 16;

/// A step that runs a program, told apart by `name`.
pub(super) fn a_step(name: &str) -> Step {
    let env = BTreeMap::from([("LANG".to_owned(), "C.UTF-8".to_owned())]);
    let argv = Argv::new(["printf", "%s\n", name]).unwrap();
    Step {
        id: name.parse().unwrap(),
        title: format!("say “{name}”"),
        action: Action::Exec(Exec { argv, cwd: Some(a_path("/srv")), env }),
        effect: Effect::Write,
        needs_root: false,
        touches: vec![a_path("/srv/said")],
        network: vec!["example.org".parse().unwrap()],
        timeout: Duration::from_millis(61_500),
        interruptible: true,
        undo: Undo::Partial("what was said".into()),
        depends_on: Vec::new(),
        resource_keys: vec!["voice".parse().unwrap()],
        warning: "it is loud".into(),
    }
}

/// A plan of these steps.
pub(super) fn a_plan(steps: &[&str]) -> Plan {
    let install = Install { things: vec!["jq".parse().unwrap()], from: None, hosts: Vec::new() };
    Plan {
        intent: Intent::Install(install),
        steps: steps.iter().map(|name| a_step(name)).collect(),
        sources: vec!["recipe jq 1".into()],
        follow_up: vec!["listen".into()],
    }
}

/// The first attempt of a fresh task, ordered under epoch 1.
#[must_use]
pub fn an_order() -> TaskCommand {
    let (setup, step) = (SetupId::generate(), a_step("say"));
    TaskCommand {
        task: TaskId::of_step(setup, &step.id),
        setup,
        plan: a_plan(&["say"]).id(),
        attempt: 1,
        epoch: 1,
        step,
        deliver_by: Some(Timestamp(90_000)),
        on_disconnect: crate::OnDisconnect::Continue,
        grace: TaskCommand::DEFAULT_GRACE,
        require_confirmation: false,
        hold: Some(HoldId::of_run(setup, Timestamp(0), 0)),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        grant: None,
    }
}

/// The same order, as another attempt.
pub(super) fn attempt(order: &TaskCommand, attempt: u32) -> TaskCommand {
    TaskCommand { attempt, ..order.clone() }
}

/// The same order, by another holder.
pub(super) fn epoch(order: &TaskCommand, epoch: u64) -> TaskCommand {
    TaskCommand { epoch, ..order.clone() }
}

/// A setup nobody keeps yet, of `account`: two steps, and nobody has said yes.
#[must_use]
pub fn a_setup(account: AccountId) -> Setup {
    let (id, device) = (SetupId::generate(), DeviceId::generate());
    let mut setup = Setup::new(id, account, device, a_plan(&["say", "repeat"]), NOW);
    setup.previews = vec![a_preview(); 2];
    setup
}

/// How things were before.
pub(super) fn a_baseline() -> Baseline {
    let states = vec![(Resource::File(a_path("/srv/said")), State::Absent)];
    Baseline { states, complete_for: None }
}

/// How `order` ended, with a receipt.
pub(super) fn ended(order: &TaskCommand, outcome: Outcome) -> TaskResult {
    let not_started = TaskResult::not_started(order.task, order.attempt, order.epoch, outcome);
    TaskResult {
        exit_code: Some(3),
        stdout: "said\n".into(),
        stderr: "nul \0 and ‘quotes’ stay".into(),
        duration: Duration::from_millis(1_234),
        dropped_bytes: 5,
        usage: Usage { user_micros: 1, system_micros: 2, max_rss_bytes: 3, output_bytes: 6 },
        receipt: Some(a_receipt(order)),
        ..not_started
    }
}

/// How a task ended that takes `reverted` back.
pub(super) fn took_back(order: &TaskCommand, reverted: TaskId, outcome: Outcome) -> TaskResult {
    let receipt = Receipt { reverts: Some(reverted), ..a_receipt(order) };
    TaskResult { receipt: Some(receipt), ..ended(order, outcome) }
}

/// What `order` changed.
pub(super) fn a_receipt(order: &TaskCommand) -> Receipt {
    let resource = Resource::File(a_path("/srv/said"));
    let after = State::File { digest: Digest::of(b"said"), mode: 0o644, uid: 0, gid: 7 };
    let layer = Layer { name: "landlock".into(), in_force: false, why_not: "no kernel".into() };
    Receipt {
        task: order.task,
        setup: order.setup,
        attempt: order.attempt,
        at: NOW,
        changes: vec![Change { resource, before: State::Absent, after }],
        relies_on: vec![Resource::ServiceActive("voice".parse().unwrap())],
        opaque: true,
        kept: vec!["a whisper".into()],
        reverts: None,
        manifest: Manifest::of(vec![Item { kind: Notable::User, what: "ada".into() }]),
        isolation: IsolationReport {
            profile: "home".into(),
            layers: vec![layer],
            network: NetworkUse { dropped: 1, ..NetworkUse::default() },
        },
        grant: Some(Digest::of(b"what it was granted")),
    }
}

/// What a machine says it would change.
pub(super) fn a_preview() -> Preview {
    Preview { disk_bytes: Some(-4), ..Preview::absent(Undo::None("it is said".into())) }
}

fn a_path(path: &str) -> AbsolutePath {
    path.parse().unwrap()
}
