//! `undo(apply(x)) = x`, for any list of actions on a simulated machine.

use d1_core::{
    Action, Change, Ended, Executor, ExecutorError, File, FileChange, GroupMember, Job, Manager,
    Outcome, PackageName, PackageOperation, Packages, Revert, Service, ServiceChange, Step, Stop,
    StopMode, TaskId,
    memory::{Fault, MemoryMachine, Offer},
};
use proptest::prelude::*;
use std::{future::Future, time::Duration};
use tokio::sync::mpsc;

/// How many packages there are; each needs some of those before it.
const PACKAGES: usize = 6;
/// How long every change takes, where time is a part of the game.
const PACE: Duration = Duration::from_secs(1);

const PATHS: [&str; 5] = ["/etc/motd", "/srv/a/b/c", "/srv/a/d", "~/.config/x", "/etc/motd/x"];

fn package(number: usize) -> PackageName {
    format!("p{number}").parse().unwrap()
}

/// A machine whose packages need each other as `edges` say.
fn machine(edges: &[bool]) -> MemoryMachine {
    let machine = MemoryMachine::new();
    for number in 0..PACKAGES {
        let needs = |other: &usize| edges[number * PACKAGES + other];
        machine.offer(Offer {
            depends: (0..number).filter(needs).map(package).collect(),
            services: vec![format!("s{number}").parse().unwrap()],
            ..Offer::new(Manager::Apt, package(number), "1")
        });
    }
    for name in ["docker", "sudo"] {
        machine.add_group(name.parse().unwrap());
    }
    machine.write(&"/etc/motd".parse().unwrap(), b"welcome");
    machine
}

fn an_action() -> impl Strategy<Value = Action> {
    let operation = prop_oneof![Just(PackageOperation::Install), Just(PackageOperation::Remove)];
    let names = prop::collection::vec((0..PACKAGES).prop_map(package), 1..3);
    let packages = (operation, names).prop_map(|(operation, names)| {
        Action::Packages(Packages { manager: Manager::Apt, operation, names })
    });
    let change = prop_oneof![
        ("[xy]{0,2}", prop::option::of(0_u32..0o1000))
            .prop_map(|(content, mode)| FileChange::Write { content, mode }),
        "[xy]{1,2}".prop_map(|line| FileChange::EnsureLine { line }),
        Just(FileChange::Remove),
        (0_u32..0o1000).prop_map(|mode| FileChange::SetMode { mode }),
    ];
    let file = (prop::sample::select(&PATHS), change)
        .prop_map(|(path, change)| Action::File(File { path: path.parse().unwrap(), change }));
    let change = prop::sample::select(vec![
        ServiceChange::Enable,
        ServiceChange::Disable,
        ServiceChange::Start,
        ServiceChange::Stop,
    ]);
    let service = (0..PACKAGES, change).prop_map(|(number, change)| {
        Action::Service(Service { name: format!("s{number}").parse().unwrap(), change })
    });
    let member = (prop::sample::select(vec!["docker", "sudo"]), any::<bool>()).prop_map(
        |(group, member)| {
            let (group, user) = (group.parse().unwrap(), "root".parse().unwrap());
            Action::GroupMember(GroupMember { group, user, member })
        },
    );
    prop_oneof![4 => packages, 3 => file, 2 => service, 1 => member]
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    prop::collection::vec(an_action(), 0..12)
}

fn edges() -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(any::<bool>(), PACKAGES * PACKAGES)
}

/// Does `action`, and stops it after `patience`; `None` when it is refused.
async fn done(
    machine: &MemoryMachine,
    action: &Action,
    patience: Duration,
) -> Option<(TaskId, Ended)> {
    let (task, stop) = (TaskId::generate(), Stop::new());
    let (tx, _) = mpsc::channel(1);
    let baseline = match machine.prepare(task, &action.clone().into()).await {
        Ok(baseline) => baseline,
        Err(ExecutorError::Refused(_)) => return None,
        Err(error) => unreachable!("{error}"),
    };
    let step = Step::new("try".parse().unwrap(), "Try", action.clone());
    let job = Job::new(task, step, baseline);
    let ask = async {
        tokio::time::sleep(patience).await;
        stop.ask(StopMode::Now);
        std::future::pending().await
    };
    let ended = tokio::select! {
        biased;
        ended = machine.run(&job, &tx, &stop) => ended.unwrap(),
        () = ask => unreachable!("it asks and never ends"),
    };
    Some((task, ended))
}

async fn undone(machine: &MemoryMachine, task: TaskId, changes: Vec<Change>) -> Ended {
    let revert = Action::Revert(Revert { task, changes });
    done(machine, &revert, Duration::from_secs(3600)).await.unwrap().1
}

/// Time that passes only when everybody waits.
fn in_paused_time(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(test);
}

/// Does all, then takes all back; tells of every step that it changed what it foretold.
async fn there_and_back(machine: &MemoryMachine, actions: &[Action], patience: &[u64]) {
    let before = machine.states();
    let mut receipts = Vec::new();
    for (action, patience) in actions.iter().zip(patience.iter().cycle()) {
        let foretold = machine.preview(&action.clone().into()).await.unwrap();
        let patience = Duration::from_millis(*patience);
        let Some((task, ended)) = done(machine, action, patience).await else {
            assert!(foretold.blocked.is_some(), "a refusal was not foretold");
            continue;
        };
        if ended.outcome.is_success() {
            assert_eq!(ended.changes, foretold.changes);
        } else {
            assert!(ended.changes.len() <= foretold.changes.len());
        }
        receipts.push((task, ended.changes));
    }
    for (task, changes) in receipts.into_iter().rev() {
        let back = undone(machine, task, changes.clone()).await;
        let done = if changes.is_empty() { Outcome::NoChange } else { Outcome::Succeeded };
        assert_eq!((back.outcome, back.kept), (done, Vec::new()));
    }
    assert_eq!(machine.states(), before);
}

proptest! {
    #[test]
    fn an_undo_of_everything_in_reverse_restores_the_machine(
        edges in edges(), earlier in actions(), actions in actions(),
    ) {
        in_paused_time(async {
            let machine = machine(&edges);
            for action in &earlier {
                done(&machine, action, Duration::from_secs(3600)).await;
            }
            there_and_back(&machine, &actions, &[3_600_000]).await;
        });
    }

    #[test]
    fn an_undo_restores_what_was_called_off_or_failed_half_way(
        edges in edges(), actions in actions(), failing in 0..PACKAGES,
        patience in prop::collection::vec(0_u64..5_000, 12),
    ) {
        in_paused_time(async {
            let machine = machine(&edges);
            machine.suffer(Fault::PackageFails(Manager::Apt, package(failing)));
            machine.take_time(PACE);
            there_and_back(&machine, &actions, &patience).await;
        });
    }

    #[test]
    fn what_is_done_twice_is_no_change(edges in edges(), actions in actions()) {
        in_paused_time(async {
            let machine = machine(&edges);
            for action in &actions {
                let patience = Duration::from_secs(3600);
                done(&machine, action, patience).await;
                let before = machine.states();
                if let Some((_, again)) = done(&machine, action, patience).await {
                    assert_eq!((again.outcome, again.changes), (Outcome::NoChange, Vec::new()));
                }
                assert_eq!(machine.states(), before);
            }
        });
    }
}
