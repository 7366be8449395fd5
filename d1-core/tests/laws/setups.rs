//! A setup decides without touching anything, ends once, and never costs more than it said.

use d1_core::{
    AccountId, Amount, Outcome, ProbeAnswer, Quote, Setup, SetupEffect, SetupEvent, SetupOutcome,
    SetupState, StopMode, TaskEvent, TaskId, TaskResult, Timestamp, conformance::a_setup,
};
use proptest::prelude::*;

/// What may happen; tasks by their number, of which some are nobody's.
#[derive(Clone, Debug)]
enum Happens {
    Setup(SetupEvent),
    Task(usize, Told),
}

/// What is told of a task.
#[derive(Clone, Debug)]
enum Told {
    Dispatch,
    Receive,
    Start,
    Lose,
    Finish(Outcome, Option<ProbeAnswer>, i64),
}

fn a_mode() -> impl Strategy<Value = StopMode> {
    prop::sample::select(vec![StopMode::AfterStep, StopMode::Now, StopMode::Kill])
}

fn happens() -> impl Strategy<Value = Happens> {
    let setup = prop_oneof![
        2 => Just(SetupEvent::Approve),
        1 => Just(SetupEvent::Decline),
        2 => Just(SetupEvent::LinkLost),
        3 => Just(SetupEvent::LinkUp),
        1 => a_mode().prop_map(SetupEvent::Stop),
        3 => Just(SetupEvent::Resume),
        1 => Just(SetupEvent::Expire),
        1 => Just(SetupEvent::WriteOff),
    ];
    let probe = prop::sample::select(vec![
        None,
        Some(ProbeAnswer::Done),
        Some(ProbeAnswer::NotDone),
        Some(ProbeAnswer::Unknown("half way".into())),
    ]);
    let outcome = prop_oneof![
        3 => Just(Outcome::Succeeded),
        2 => prop::sample::select(&Outcome::ALL[..]),
    ];
    let told = prop_oneof![
        4 => Just(Told::Dispatch),
        1 => Just(Told::Receive),
        1 => Just(Told::Start),
        1 => Just(Told::Lose),
        6 => (outcome, probe, -1_i64..2).prop_map(|(how, probe, late)| Told::Finish(how, probe, late)),
    ];
    prop_oneof![
        1 => setup.prop_map(Happens::Setup),
        3 => (0_usize..6, told).prop_map(|(task, told)| Happens::Task(task, told)),
    ]
}

/// A setup of five steps, each of which may need those before it.
fn planned(needs: &[bool], prices: &[u64]) -> Setup {
    let two = a_setup(AccountId::generate());
    let mut plan = two.plan.clone();
    plan.steps = (0..5)
        .map(|number| {
            let mut step = two.plan.steps[0].clone();
            step.id = format!("step{number}").parse().unwrap();
            let needed = (0..number).filter(|other| needs[number * 5 + other]);
            step.depends_on = needed.map(|other| format!("step{other}").parse().unwrap()).collect();
            step
        })
        .collect();
    assert_eq!(plan.validate(), Ok(()));
    let prices = plan.steps.iter().zip(prices);
    let steps = prices.map(|(step, price)| (step.id.clone(), Amount::micro(*price)));
    let quote = Quote::fixed("any", steps);
    let mut setup = Setup::new(two.id, two.account, two.device, plan, Timestamp(1));
    setup.quote = quote;
    setup
}

fn event_of(setup: &Setup, happens: Happens) -> SetupEvent {
    let (number, told) = match happens {
        Happens::Setup(event) => return event,
        Happens::Task(number, told) => (number, told),
    };
    let nobodys = (TaskId::generate(), 1);
    let (id, attempt) = setup.tasks.get(number).map_or(nobodys, |task| (task.id, task.attempt));
    let event = match told {
        Told::Dispatch => TaskEvent::Dispatch,
        Told::Receive => TaskEvent::Receive,
        Told::Start => TaskEvent::Start,
        Told::Lose => TaskEvent::Lose,
        Told::Finish(outcome, probe, late) => {
            let attempt = u32::try_from(i64::from(attempt) + late).unwrap();
            let result = TaskResult::not_started(id, attempt, 1, outcome);
            TaskEvent::Finish(Box::new(TaskResult { probe, ..result }))
        }
    };
    SetupEvent::Task(id, event)
}

/// Whether a setup in this state can go on at all.
fn can_go_on(state: SetupState) -> bool {
    match state {
        SetupState::AwaitingApproval | SetupState::Running | SetupState::Stopping(_) => true,
        SetupState::Finished(SetupOutcome::Failed | SetupOutcome::Cancelled) => true,
        SetupState::Finished(
            SetupOutcome::Succeeded | SetupOutcome::NoChange | SetupOutcome::Declined,
        ) => false,
    }
}

fn settled(effects: &[SetupEffect]) -> Vec<Amount> {
    let of = |effect: &SetupEffect| match effect {
        SetupEffect::Settle(amount) => Some(*amount),
        SetupEffect::Dispatch(_) | SetupEffect::Cancel(..) | SetupEffect::ConfirmResult(_) => None,
    };
    effects.iter().filter_map(of).collect()
}

fn sent(effect: &SetupEffect) -> Option<TaskId> {
    match effect {
        SetupEffect::Dispatch(task) | SetupEffect::Cancel(task, _) => Some(*task),
        SetupEffect::ConfirmResult(_) | SetupEffect::Settle(_) => None,
    }
}

fn works(effects: &[SetupEffect]) -> bool {
    effects.iter().any(|effect| match effect {
        SetupEffect::Dispatch(_) | SetupEffect::Cancel(..) => true,
        SetupEffect::ConfirmResult(_) | SetupEffect::Settle(_) => false,
    })
}

proptest! {
    #[test]
    fn whatever_happens_a_setup_ends_once_and_costs_what_was_said(
        needs in prop::collection::vec(any::<bool>(), 25),
        prices in prop::collection::vec(0_u64..1_000, 5),
        approved in prop::bool::weighted(0.9),
        history in prop::collection::vec(happens(), 0..80),
    ) {
        let mut setup = planned(&needs, &prices);
        let most = setup.quote.most();
        let first = approved.then_some(Happens::Setup(SetupEvent::Approve));
        let (mut held, mut paid, mut now) = (Amount::ZERO, Amount::ZERO, 1);
        for happens in first.into_iter().chain(history) {
            let event = event_of(&setup, happens);
            let (before, mut twin) = (setup.clone(), setup.clone());
            now += 1;
            let told = setup.on(event.clone(), Timestamp(now));

            prop_assert_eq!(&twin.on(event.clone(), Timestamp(now)), &told, "it is not pure");
            prop_assert_eq!(&twin, &setup);
            let Ok(effects) = told else {
                prop_assert_eq!(&setup, &before, "an error changed something");
                continue;
            };
            if !before.state.is_under_way() && setup.state.is_under_way() {
                held = before.most_left();
            }
            if before.is_over() && event != SetupEvent::Resume {
                let asks = event == SetupEvent::LinkUp && before.unheard().next().is_some();
                prop_assert!(asks || !works(&effects), "{event:?} goes on after the end");
                let asked = effects.iter().filter_map(sent);
                prop_assert!(asked.into_iter().all(|task| before.is_unheard(task)));
                prop_assert_eq!((setup.state, settled(&effects)), (before.state, vec![]));
            }
            if !before.is_over() && !before.is_under_way() {
                prop_assert!(event == SetupEvent::Approve || !works(&effects), "nobody said yes");
            }
            if !can_go_on(before.state) {
                prop_assert_eq!(&setup.tasks, &before.tasks);
            }
            for amount in settled(&effects) {
                prop_assert!(setup.is_over() && amount <= held, "{amount} is more than {held}");
                paid = paid.checked_add(amount).unwrap();
            }
            prop_assert!(paid <= most && setup.charge() <= most);
            prop_assert!(setup.charged <= paid, "an earlier run was charged more than it paid");
            let over = setup.tasks.iter().all(|task| task.state.is_over());
            prop_assert!(!over || !setup.state.is_under_way(), "nothing is left, and it goes on");
            prop_assert_eq!(&setup.plan, &before.plan);
            if event == SetupEvent::Expire {
                let out = |setup: &Setup| setup.tasks.iter().filter(|it| it.state.is_out()).count();
                prop_assert_eq!(out(&before), out(&setup), "what was sent is the device's to end");
                prop_assert!(!works(&effects));
            }
            if event == SetupEvent::WriteOff {
                prop_assert!(setup.is_over() && !works(&effects));
                let lost = setup.tasks.iter().filter(|it| it.outcome() == Some(Outcome::Lost));
                prop_assert!(lost.count() >= before.tasks.iter().filter(|it| it.state.is_out()).count());
                prop_assert_eq!(setup.charge(), before.charge(), "what is lost costs nothing");
            }
            prop_assert!(setup.waits_until.is_none() || setup.state == SetupState::Running);
        }
        if setup.is_over() {
            prop_assert_eq!(paid, setup.charge(), "what worked is paid, and nothing else");
        }
    }
}

#[test]
fn a_setup_can_end_in_every_way() {
    let finish = |setup: &Setup, number: usize, outcome| {
        event_of(setup, Happens::Task(number, Told::Finish(outcome, None, 0)))
    };
    let ended = |outcome: Outcome, stop: bool| {
        let mut setup = planned(&[false; 25], &[1; 5]);
        setup.on(SetupEvent::Approve, Timestamp(2)).unwrap();
        for number in 0..5 {
            let sent = event_of(&setup, Happens::Task(number, Told::Dispatch));
            setup.on(sent, Timestamp(3)).unwrap();
        }
        if stop {
            setup.on(SetupEvent::Stop(StopMode::Now), Timestamp(4)).unwrap();
        }
        for number in 0..5 {
            let event = finish(&setup, number, outcome);
            setup.on(event, Timestamp(5)).unwrap();
        }
        setup.state
    };
    let finished = |outcome| SetupState::Finished(outcome);
    assert_eq!(ended(Outcome::Succeeded, false), finished(SetupOutcome::Succeeded));
    assert_eq!(ended(Outcome::NoChange, false), finished(SetupOutcome::NoChange));
    assert_eq!(ended(Outcome::Failed, false), finished(SetupOutcome::Failed));
    assert_eq!(ended(Outcome::Cancelled, true), finished(SetupOutcome::Cancelled));
    let mut declined = planned(&[false; 25], &[1; 5]);
    declined.on(SetupEvent::Decline, Timestamp(2)).unwrap();
    assert_eq!(declined.state, finished(SetupOutcome::Declined));
}
