//! What a finished setup changed, as people read it.
//!
//! ```text
//! ✔ install ripgrep  done in 4s                        setup 7c1e0d2a
//!   changed    1 package: ripgrep 13.0.0-4+b2
//!   brought    1 user (uuidd), 1 unit (uuidd.service)
//!   isolation  full: its commands ran behind walls
//!   network    reached deb.example.org; refused news.example
//!   undo       d1-doctor undo 7c1e0d2a
//!   log        d1-doctor logs 7c1e0d2a
//! ```

use super::{
    network_view,
    plan_view::tally,
    text::{Glyphs, clip, duration, inert},
};
use d1_core::{
    Action, Change, Intent, IsolationReport, Outcome, Receipt, Resource, Setup, SetupOutcome,
    SetupState, State, Task,
};
use std::time::Duration;

/// The widest a line of a receipt gets.
const WIDTH: usize = 100;

/// The receipt of a finished setup, ending in a line end.
#[must_use]
pub fn receipt(setup: &Setup, took: Duration, glyphs: &Glyphs) -> String {
    let mut lines = vec![headline(setup, took, glyphs)];
    let changes: Vec<&Change> = setup.receipts.iter().flat_map(|r| &r.changes).collect();
    match tally(&changes) {
        Some(tally) => {
            let names = changed(&changes);
            let gap = if names.is_empty() { "" } else { ": " };
            lines.push(clip(&format!("  changed    {tally}{gap}{names}"), WIDTH));
        }
        None => lines.push("  changed    nothing that we know of".to_owned()),
    }
    for kept in setup.receipts.iter().flat_map(|receipt| &receipt.kept) {
        lines.push(format!("  kept       {}", inert(kept)));
    }
    lines.extend(brought(setup));
    lines.extend(isolation(setup));
    let uses = setup.receipts.iter().map(|receipt| &receipt.isolation.network);
    lines.extend(network_view::summary(uses).map(|line| format!("  network    {line}")));
    if !setup.quote.most().is_zero() {
        lines.push(format!(
            "  credits    {} charged of {} held",
            setup.charge(),
            setup.quote.most()
        ));
    }
    if succeeded(setup) {
        for hint in &setup.plan.follow_up {
            lines.push(format!("  follow-up  {}", inert(hint)));
        }
    }
    let id = setup.id.short();
    if !matches!(setup.plan.intent, Intent::Undo(_)) && setup.can_be_undone() {
        lines.push(format!("  undo       d1-doctor undo {id}"));
    }
    if resumable(setup) {
        lines.push(format!("  resume     d1-doctor resume {id}"));
    }
    lines.push(format!("  log        d1-doctor logs {id}"));
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn headline(setup: &Setup, took: Duration, glyphs: &Glyphs) -> String {
    let (mark, words) = match setup.state {
        SetupState::Finished(SetupOutcome::Succeeded) => (glyphs.done, "done in"),
        SetupState::Finished(SetupOutcome::NoChange) => (glyphs.done, "was already so, checked in"),
        SetupState::Finished(SetupOutcome::Failed) => (glyphs.failed, "failed after"),
        SetupState::Finished(SetupOutcome::Cancelled) => (glyphs.failed, "stopped after"),
        SetupState::Finished(SetupOutcome::Declined) => (glyphs.failed, "declined after"),
        SetupState::AwaitingApproval => (glyphs.waiting, "waits for a yes, since"),
        SetupState::Running | SetupState::Stopping(_) => (glyphs.waiting, "has been running for"),
    };
    let (title, id) = (setup.plan.intent.to_string(), setup.id.short());
    format!("{mark} {title}  {words} {}  (setup {id})", duration(took))
}

/// The names of what changed, packages with their versions.
fn changed(changes: &[&Change]) -> String {
    let name = |change: &&Change| match (&change.resource, &change.after) {
        (Resource::Package { name, .. }, State::Installed { version, .. }) => {
            Some(format!("{name} {version}"))
        }
        (Resource::Package { name, .. }, State::Broken { .. }) => Some(format!("{name} half done")),
        (Resource::Package { name, .. }, _) => Some(format!("{name} removed")),
        (Resource::File(path) | Resource::Permissions(path), _) => Some(path.to_string()),
        (Resource::GroupMember { group, .. }, _) => Some(group.to_string()),
        (Resource::ServiceEnabled(name) | Resource::ServiceActive(name), _) => {
            Some(name.to_string())
        }
    };
    let names: Vec<String> = changes.iter().filter_map(name).collect();
    names.join(", ")
}

/// What packages brought that gives rights, or that runs by itself; when there is something.
fn brought(setup: &Setup) -> Vec<String> {
    let manifests = setup.receipts.iter().map(|receipt| &receipt.manifest);
    let told = manifests.filter(|manifest| !manifest.is_empty());
    told.map(|manifest| clip(&format!("  brought    {}", inert(&manifest.to_string())), WIDTH))
        .collect()
}

/// How many walls a line names that were missing; the receipt itself has them all.
const NAMED_WALLS: usize = 3;

/// Which protection its commands had, all of them told in one line.
fn isolation(setup: &Setup) -> Option<String> {
    let reports: Vec<&IsolationReport> = setup
        .receipts
        .iter()
        .filter(|receipt| ran_a_command(setup, receipt))
        .map(|receipt| &receipt.isolation)
        .collect();
    let walled = reports.iter().filter(|report| report.summary() != "none").count();
    let off = |report: &&IsolationReport| {
        let off = report.layers.iter().filter(|layer| !layer.in_force);
        off.map(|layer| layer.name.clone()).collect::<Vec<_>>()
    };
    let partial = reports.iter().find(|report| report.summary() == "partial").map(off);
    let without = partial.map_or_else(String::new, |off| {
        let more = off.len().saturating_sub(NAMED_WALLS);
        let named = off.iter().take(NAMED_WALLS).cloned().collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(", without {}{more}", inert(&named))
    });
    let line = match (walled, reports.len()) {
        (_, 0) => return None,
        (0, _) => "none: its commands ran with the rights of this user".to_owned(),
        (walled, all) if walled < all => {
            format!("in part: {walled} of {all} commands ran behind walls{without}")
        }
        (_, _) if without.is_empty() => "full: its commands ran behind walls".to_owned(),
        (_, _) => format!("partial: its commands ran behind walls{without}"),
    };
    Some(format!("  isolation  {line}"))
}

/// Whether the step of a receipt ran a command; files are written by ourselves.
fn ran_a_command(setup: &Setup, receipt: &Receipt) -> bool {
    let step = setup.task(receipt.task).and_then(|task| setup.plan.step(&task.step));
    step.is_none_or(|step| !matches!(step.action, Action::File(_)))
}

fn succeeded(setup: &Setup) -> bool {
    matches!(setup.state, SetupState::Finished(SetupOutcome::Succeeded | SetupOutcome::NoChange))
}

fn resumable(setup: &Setup) -> bool {
    matches!(setup.state, SetupState::Finished(SetupOutcome::Failed | SetupOutcome::Cancelled))
}

/// Why a setup failed, with the last lines of the step that did; empty when none did.
#[must_use]
pub fn failure_lines(setup: &Setup) -> String {
    let mut text = String::new();
    for task in &setup.tasks {
        let Some(problem) = task.result().and_then(|result| result.problem.as_ref()) else {
            continue;
        };
        let network = task.result().and_then(|result| result.receipt.as_ref());
        let unallowed = network.map(|receipt| receipt.isolation.network.unallowed());
        let problem =
            network_view::allowing(problem.clone(), setup, &unallowed.unwrap_or_default());
        text.push_str(&crate::failure::Failure::from(problem).text());
    }
    text
}

/// The first task that did not reach its goal; one that was called off only when there is
/// no other.
#[must_use]
pub fn first_failure(setup: &Setup) -> Option<&Task> {
    let failed = |task: &&Task| task.outcome().is_some_and(|outcome| !outcome.is_success());
    let called_off = |task: &&Task| task.outcome() == Some(Outcome::Cancelled);
    let mut failures = setup.tasks.iter().filter(failed);
    let first = failures.clone().find(|task| !called_off(task));
    first.or_else(|| failures.next())
}
