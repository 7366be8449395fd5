//! `d1-doctor why`: which setup brought or changed something.

use crate::{
    args,
    failure::{ExitCode, Failure},
    home::Home,
    store_failure,
    terminal::Terminal,
    ui::{inert, text::when},
};
use d1_core::{
    Category, Change, Clock, Page, Problem, Resource, Setup, SetupId, SetupStore, State,
};
use serde::Serialize;

/// Tells who changed `args.what`, newest first.
pub async fn run(
    terminal: &Terminal,
    (store, clock): (&dyn SetupStore, &dyn Clock),
    args: &args::Why,
) -> Result<ExitCode, Failure> {
    let reasons = reasons(store, &args.what).await?;
    if reasons.is_empty() {
        let title = format!("no setup has touched `{}`", args.what.escape_debug());
        return Err(Problem::new("D1-WHY-001", Category::Usage, title)
            .because("it was there before, came from elsewhere, or has another name")
            .next("d1-doctor history")
            .into());
    }
    if terminal.is_text() {
        for reason in &reasons {
            terminal.print(&text(reason, clock));
        }
    } else {
        terminal.print_json(&Answer { schema: "d1.why.v1", what: &args.what, reasons });
    }
    Ok(ExitCode::Ok)
}

#[derive(Serialize)]
struct Answer<'a> {
    schema: &'static str,
    what: &'a str,
    reasons: Vec<Reason>,
}

/// One change, and who asked for it.
#[derive(Serialize)]
struct Reason {
    setup: SetupId,
    intent: String,
    at: u64,
    step: String,
    source: Vec<String>,
    change: Change,
    undone_by: Option<SetupId>,
    is_undo: bool,
}

async fn reasons(store: &dyn SetupStore, what: &str) -> Result<Vec<Reason>, Failure> {
    let (mut found, mut page) = (Vec::new(), Page::default());
    loop {
        let setups = store.list(Home::account(), page).await.map_err(store_failure)?;
        let Some(oldest) = setups.last() else { return Ok(found) };
        page.before = Some(oldest.id);
        found.extend(setups.iter().flat_map(|setup| of_setup(setup, what)));
    }
}

fn of_setup(setup: &Setup, what: &str) -> Vec<Reason> {
    let about = |change: &&Change| is_about(&change.resource, what);
    let reason = |receipt: &d1_core::Receipt, change: &Change| {
        let task = setup.task(receipt.task);
        let step = task.and_then(|task| setup.plan.step(&task.step));
        Reason {
            setup: setup.id,
            intent: setup.plan.intent.to_string(),
            at: receipt.at.0,
            step: step.map(|step| step.title.clone()).unwrap_or_default(),
            source: setup.plan.sources.clone(),
            change: change.clone(),
            undone_by: setup.undone_by,
            is_undo: setup.undo_of.is_some(),
        }
    };
    let receipts = setup.receipts.iter();
    receipts
        .flat_map(|receipt| {
            receipt.changes.iter().filter(about).map(move |change| reason(receipt, change))
        })
        .collect()
}

fn is_about(resource: &Resource, what: &str) -> bool {
    match resource {
        Resource::Package { name, .. } => {
            name.as_str() == what || name.as_str().split(':').next() == Some(what)
        }
        Resource::File(path) | Resource::Permissions(path) => path.as_str() == what,
        Resource::ServiceEnabled(name) | Resource::ServiceActive(name) => name.as_str() == what,
        Resource::GroupMember { group, user } => group.as_str() == what || user.as_str() == what,
    }
}

fn text(reason: &Reason, clock: &dyn Clock) -> String {
    let Reason { setup, intent, at, step, source, change, undone_by, is_undo } = reason;
    let age = when(clock.now().since(d1_core::Timestamp(*at)));
    let mut text = format!("{}: {}\n", change.resource, verb(change));
    text += &format!("  setup   {} ({intent}), {age}\n", setup.short());
    text += &format!("  step    {}\n", inert(step));
    for source in source {
        text += &format!("  source  {}\n", inert(source));
    }
    match undone_by {
        Some(by) => text += &format!("  undone  by setup {}\n", by.short()),
        None if *is_undo => {}
        None => text += &format!("  undo    d1-doctor undo {}\n", setup.short()),
    }
    text
}

fn verb(change: &Change) -> String {
    let tell = |state: &State| match state {
        State::Absent => "absent".to_owned(),
        State::Present => "present".to_owned(),
        State::Installed { version, automatic: false } => format!("{version}, asked for"),
        State::Installed { version, automatic: true } => format!("{version}, as a dependency"),
        State::ConfigFiles { version } => format!("configuration of {version}"),
        State::Broken { version, status } => format!("{version}, {status}"),
        State::File { digest, mode, .. } => format!("file {} {mode:o}", digest.short()),
        State::Permissions { mode } => format!("{mode:04o}"),
        State::Directory { mode } => format!("directory {mode:o}"),
        State::Link { target } => format!("link to {target}"),
    };
    inert(&format!("{} → {}", tell(&change.before), tell(&change.after)))
}
