//! Plans an undo from receipts: what changed last is taken back first.

use d1_core::{
    Action, Category, Change, Effect, Intent, Plan, Problem, Receipt, Revert, Setup, State, Step,
    StepId, Undo,
};

/// The plan that takes back what `setup` changed, or the reason there is none.
///
/// Every receipt with changes becomes one step, newest first, each after the one before.
/// What cannot be taken back is said in the plan: as a warning of the step it concerns, and,
/// where there is no such step, in what is left to do by hand.
pub fn plan_undo(setup: &Setup) -> Result<Plan, Problem> {
    let id = setup.id.short();
    if let Some(reason) = reason_against(setup) {
        return Err(reason);
    }
    let changed = setup.receipts.iter().rev().filter(|receipt| !receipt.changes.is_empty());
    let mut steps: Vec<Step> = Vec::new();
    for receipt in changed {
        let before = steps.last().map(|step| step.id.clone());
        let number = steps.len() + 1;
        steps.push(take_back(setup, receipt, number, before)?);
    }
    let plan = Plan {
        intent: Intent::Undo(setup.id),
        steps,
        sources: vec![format!("the receipts of setup {id}")],
        follow_up: left_behind(setup),
    };
    plan.validate().map(|()| plan).map_err(|error| bug(error.to_string()))
}

fn reason_against(setup: &Setup) -> Option<Problem> {
    let id = setup.id.short();
    let refused = |code: &str, title: String| {
        Problem::new(code, Category::Usage, title).leaving("nothing was changed")
    };
    if !setup.is_over() {
        let title = format!("setup {id} is not over; it cannot be taken back yet");
        return Some(
            refused("D1-UNDO-001", title)
                .next(format!("d1-doctor cancel {id}"))
                .next(format!("d1-doctor resume {id}")),
        );
    }
    if let Some(original) = setup.undo_of {
        let title = format!("setup {id} is an undo itself");
        return Some(
            refused("D1-UNDO-002", title)
                .because(format!("it took back setup {}", original.short()))
                .next("install again what you want back"),
        );
    }
    if let Some(by) = setup.undone_by {
        let title = format!("setup {id} was taken back already");
        return Some(
            refused("D1-UNDO-003", title)
                .because(format!("by setup {}", by.short()))
                .next(format!("d1-doctor status {}", by.short())),
        );
    }
    if setup.can_be_undone() {
        return None;
    }
    let problem = refused("D1-UNDO-004", format!("setup {id} changed nothing that can be undone"));
    let left = left_behind(setup);
    let problem = if left.is_empty() { problem } else { problem.because(left.join("; ")) };
    Some(problem.next(format!("d1-doctor status {id}")))
}

fn take_back(
    setup: &Setup,
    receipt: &Receipt,
    number: usize,
    before: Option<StepId>,
) -> Result<Step, Problem> {
    let original = step_of(setup, receipt);
    let original = original.ok_or_else(|| bug("a receipt belongs to none of its steps".into()))?;
    // A number, not the step's own name: that may be too long, and may come twice.
    let id = format!("undo-{number}").parse().map_err(|error| bug(format!("{error}")))?;
    let revert = Revert { task: receipt.task, changes: receipt.changes.clone() };
    Ok(Step {
        id,
        title: format!("take back: {}", original.title),
        action: Action::Revert(revert),
        effect: effect(receipt),
        needs_root: original.needs_root,
        touches: original.touches.clone(),
        // Taking back a removal fetches what was removed.
        network: original.network.clone(),
        timeout: original.timeout,
        interruptible: original.interruptible,
        undo: Undo::None("an undo is not undone; install again instead".into()),
        depends_on: before.into_iter().collect(),
        resource_keys: original.resource_keys.clone(),
        warning: shortfall(original, receipt).unwrap_or_default(),
    })
}

/// Taking back removes what was not there before; what was there in another form only changes.
fn effect(receipt: &Receipt) -> Effect {
    let was_absent = |change: &Change| change.before == State::Absent;
    if receipt.changes.iter().any(was_absent) { Effect::Destructive } else { Effect::Write }
}

/// What taking this receipt back does not bring back.
fn shortfall(step: &Step, receipt: &Receipt) -> Option<String> {
    let declared = match &step.undo {
        Undo::Exact => None,
        Undo::Partial(but) => Some(format!("this stays: {but}")),
        Undo::None(why) => Some(format!("only what was recorded is taken back: {why}")),
    };
    let opaque = || "it ran a program; what else that changed is not known and stays".to_owned();
    declared.or_else(|| receipt.opaque.then(opaque))
}

/// What was done by steps of which nothing at all can be taken back.
fn left_behind(setup: &Setup) -> Vec<String> {
    let untold =
        setup.receipts.iter().filter(|receipt| receipt.opaque && receipt.changes.is_empty());
    let mut left: Vec<String> = Vec::new();
    for receipt in untold {
        let Some(step) = step_of(setup, receipt) else { continue };
        let why = match &step.undo {
            Undo::None(why) | Undo::Partial(why) => why.clone(),
            Undo::Exact => "it ran a program, and what that changed is not known".to_owned(),
        };
        let line = format!("“{}” is not taken back: {why}", step.title);
        if !left.contains(&line) {
            left.push(line);
        }
    }
    left
}

fn step_of<'a>(setup: &'a Setup, receipt: &Receipt) -> Option<&'a Step> {
    setup.task(receipt.task).and_then(|task| setup.plan.step(&task.step))
}

fn bug(why: String) -> Problem {
    Problem::new("D1-UNDO-005", Category::Bug, "no undo can be planned from these receipts")
        .because(why)
        .leaving("nothing was changed")
}
