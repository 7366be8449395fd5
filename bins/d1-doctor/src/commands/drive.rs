//! Follows a setup that this process drives to its end, and tells how it ended.

use crate::{
    compose::Local,
    failure::{ExitCode, Failure},
    home::Home,
    store_failure,
    terminal::Terminal,
    ui::{
        Glyphs,
        model::{Model, StepLine},
        receipt_view::{failure_lines, first_failure, receipt},
    },
    watch::{Control, Ended, watch},
};
use d1_core::{Category, Outcome, Problem, Setup, SetupId, SetupOutcome, SetupState, StopMode};
use d1_protocol::api::SetupView;

/// How many pieces of news are read at once.
const BATCH: usize = 512;

/// Stops the setup through the engine, and hears wishes through the state directory.
struct Hands<'a> {
    local: &'a Local,
    home: &'a Home,
    setup: SetupId,
    terminal: &'a Terminal,
}

impl Control for Hands<'_> {
    async fn stop(&self, mode: StopMode) {
        if let Err(error) = self.local.engine.stop(self.setup, mode).await {
            // It may just have ended by itself; then the receipt tells.
            self.terminal.talk(&format!("it could not be stopped: {error}"));
        }
    }

    fn wish(&self) -> Option<StopMode> {
        self.home.take_stop(self.setup)
    }

    async fn gone(&self) {
        self.local.gone().await;
    }
}

/// Follows a setup whose news up to number `seen` is known, and prints its receipt.
pub async fn drive(
    terminal: &Terminal,
    home: &Home,
    local: &Local,
    id: SetupId,
    seen: u64,
) -> Result<ExitCode, Failure> {
    let (exit, setup) = drive_quietly(terminal, home, local, id, seen).await?;
    if !terminal.is_text() {
        terminal.print_json(&SetupView::from(&setup));
    }
    Ok(exit)
}

/// The same, and leaves it to the caller to print a document of how it ended.
pub async fn drive_quietly(
    terminal: &Terminal,
    home: &Home,
    local: &Local,
    id: SetupId,
    seen: u64,
) -> Result<(ExitCode, Setup), Failure> {
    let setup = local.store.get(id).await.map_err(store_failure)?;
    let mut model = Model::of(&setup.plan);
    replay(local, id, seen, &mut model).await?;
    let hands = Hands { local, home, setup: id, terminal };
    let news = local.engine.follow(id, seen);
    let ended = watch(terminal, &mut model, &*local.clock, &hands, news).await;
    let ended = ended.map_err(|error| {
        Problem::new("D1-STATE-004", Category::Task, "signals cannot be listened to")
            .because(error.to_string())
            .leaving("the work goes on in the background; resume it to see its end")
    })?;
    let setup = local.store.get(id).await.map_err(store_failure)?;
    let exit = match ended {
        Ended::Over => tell_end(terminal, local, &setup, &model),
        Ended::Left => tell_left(terminal, &setup, ExitCode::StillRunning),
        Ended::Interrupted => tell_left(terminal, &setup, ExitCode::Interrupted),
        Ended::Lost => return Err(lost(local, &setup)),
    };
    Ok((exit, setup))
}

/// The number of the last news there is.
pub async fn last_news(local: &Local, id: SetupId) -> Result<u64, Failure> {
    let mut last = 0;
    loop {
        let news = local.store.progress(id, last, BATCH).await.map_err(store_failure)?;
        match news.last() {
            Some(progress) => last = progress.seq,
            None => return Ok(last),
        }
    }
}

/// Brings the model to where a follower was that has seen everything up to `seen`.
async fn replay(local: &Local, id: SetupId, seen: u64, model: &mut Model) -> Result<(), Failure> {
    let mut after = 0;
    while after < seen {
        let news = local.store.progress(id, after, BATCH).await.map_err(store_failure)?;
        let Some(last) = news.last() else { return Ok(()) };
        after = last.seq;
        news.iter().filter(|progress| progress.seq <= seen).for_each(|one| model.hear(one));
    }
    // It goes on: how it ended before is no longer how it ends.
    (model.ended, model.stopping) = (None, None);
    Ok(())
}

fn tell_end(terminal: &Terminal, local: &Local, setup: &Setup, model: &Model) -> ExitCode {
    let exit = exit_code(setup);
    if !terminal.is_text() {
        return exit;
    }
    let began = model.began.unwrap_or(setup.created_at);
    let took = setup.changed_at.since(began).min(local.clock.now().since(began));
    terminal.print_text(&receipt(setup, took, &terminal.glyphs));
    let failed =
        first_failure(setup).and_then(|task| model.steps.iter().find(|step| step.id == task.step));
    if let Some(tail) = failed.and_then(|step| tail(step, &terminal.glyphs)) {
        terminal.talk(&tail);
    }
    let failures = failure_lines(setup);
    if !failures.is_empty() {
        terminal.talk(failures.trim_end());
    }
    exit
}

fn tail(step: &StepLine, glyphs: &Glyphs) -> Option<String> {
    if step.tail.is_empty() {
        return None;
    }
    let lines: Vec<String> =
        step.tail.iter().map(|line| format!("  {} {line}", glyphs.bar)).collect();
    Some(format!("last output of `{}`:\n{}", step.title, lines.join("\n")))
}

fn tell_left(terminal: &Terminal, setup: &Setup, exit: ExitCode) -> ExitCode {
    let id = setup.id.short();
    if terminal.is_text() {
        terminal.talk(&format!(
            "left while a step was running; it goes on, and nothing is lost\n  \
             resume     d1-doctor resume {id}\n  undo       d1-doctor undo {id}"
        ));
    }
    exit
}

fn lost(local: &Local, setup: &Setup) -> Failure {
    local.trouble().unwrap_or_else(|| {
        Problem::new("D1-DAEMON-005", Category::Daemon, "the daemon did not come back")
            .because("the link to it was lost while the setup was running")
            .leaving("a step that runs goes on until its end; nothing is lost")
            .next(format!("d1-doctor status {}", setup.id.short()))
            .next(format!("d1-doctor resume {}", setup.id.short()))
            .into()
    })
}

/// How a finished setup ends the process.
#[must_use]
pub fn exit_code(setup: &Setup) -> ExitCode {
    match setup.state {
        SetupState::Finished(SetupOutcome::Succeeded | SetupOutcome::NoChange) => ExitCode::Ok,
        SetupState::Finished(SetupOutcome::Declined) => ExitCode::Denied,
        SetupState::Finished(SetupOutcome::Cancelled) => ExitCode::Interrupted,
        SetupState::Finished(SetupOutcome::Failed) => failed_exit(setup),
        SetupState::AwaitingApproval | SetupState::Running | SetupState::Stopping(_) => {
            ExitCode::StillRunning
        }
    }
}

fn failed_exit(setup: &Setup) -> ExitCode {
    let Some(result) = first_failure(setup).and_then(|task| task.result()) else {
        return ExitCode::Failed;
    };
    match (result.outcome, &result.problem) {
        (Outcome::TimedOut, _) => ExitCode::Timeout,
        (Outcome::DeniedByPolicy | Outcome::DeniedByUser, _) => ExitCode::Denied,
        (_, Some(problem)) => ExitCode::of(problem.category),
        (_, None) => ExitCode::Failed,
    }
}
