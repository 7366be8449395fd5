//! `d1-doctor resume`: go on where a setup failed, was stopped, or lost its process.

use crate::{
    args,
    commands::{
        consent::agree,
        drive::{drive, last_news},
        status::standing,
    },
    compose::{Local, Mode},
    failure::{ExitCode, Failure},
    home::Home,
    pick::{Last, pick},
    terminal::Terminal,
    ui::{Glyphs, inert},
};
use d1_core::{Category, Outcome, Problem, Setup, SetupOutcome, SetupState, Task};
use serde::Serialize;

/// Resumes a setup.
pub async fn run(
    terminal: &Terminal,
    global: &args::Global,
    home: &Home,
    args: &args::Resume,
) -> Result<ExitCode, Failure> {
    let mode = if args.consent.dry_run { Mode::Look } else { Mode::Work };
    let local = Local::open(terminal, global, home, mode).await?;
    let outcome = resume(terminal, home, &local, args).await;
    local.close().await;
    outcome
}

async fn resume(
    terminal: &Terminal,
    home: &Home,
    local: &Local,
    args: &args::Resume,
) -> Result<ExitCode, Failure> {
    let setup = pick(&*local.store, &args.setup, Last::Unfinished).await?;
    let driving = home.drive(setup.id)?;
    let was_running = match setup.state {
        SetupState::Running | SetupState::Stopping(_) => true,
        SetupState::Finished(SetupOutcome::Failed | SetupOutcome::Cancelled) => false,
        SetupState::AwaitingApproval | SetupState::Finished(_) => {
            return Err(nothing_left(home, &setup));
        }
    };
    show(terminal, &setup, args.consent);
    if args.consent.dry_run {
        return Ok(ExitCode::Ok);
    }
    let seen = last_news(local, setup.id).await?;
    // A setup that was cut off has been approved already: going on needs no second yes.
    if was_running {
        local.engine.take(setup.id).await?;
    } else {
        agree(terminal, args.consent, "Go on with these steps? [y/N]")?;
        local.engine.resume(setup.id, args.force).await?;
    }
    let ended = drive(terminal, home, local, setup.id, seen).await;
    drop(driving);
    ended
}

#[derive(Serialize)]
struct Remaining<'a> {
    schema: &'static str,
    id: d1_core::SetupId,
    steps: Vec<&'a str>,
}

fn show(terminal: &Terminal, setup: &Setup, consent: args::Consent) {
    let title = |task: &Task| setup.plan.step(&task.step).map_or("", |step| step.title.as_str());
    let done = |task: &Task| task.outcome().is_some_and(Outcome::is_success);
    if terminal.is_text() {
        let Glyphs { done: mark, waiting, .. } = terminal.glyphs;
        let mut text = format!("Setup {}  {}\n\n", setup.id.short(), setup.plan.intent);
        for (at, task) in setup.tasks.iter().enumerate() {
            let mark = if done(task) { mark } else { waiting };
            text += &format!("  {}  {mark} {}\n", at + 1, inert(title(task)));
        }
        terminal.print_text(&format!("{text}\n"));
    } else if consent.dry_run {
        let steps = setup.tasks.iter().filter(|task| !done(task)).map(title).collect();
        terminal.print_json(&Remaining { schema: "d1.resume.v1", id: setup.id, steps });
    }
}

fn nothing_left(home: &Home, setup: &Setup) -> Failure {
    let title = format!(
        "setup {} cannot go on: it {}",
        setup.id.short(),
        match setup.state {
            SetupState::AwaitingApproval => "was never approved".to_owned(),
            SetupState::Running | SetupState::Stopping(_) | SetupState::Finished(_) => {
                format!("has {}", standing(home, setup).replace('_', " "))
            }
        }
    );
    Problem::new("D1-SETUP-004", Category::Usage, title)
        .leaving("nothing was changed")
        .next(format!("d1-doctor status {}", setup.id.short()))
        .into()
}
