//! `d1-doctor undo`: take back what a setup changed, as its receipts tell.

use crate::{
    args,
    commands::{
        consent::{Decision, PlanDocument, decide},
        drive::drive,
    },
    compose::{Local, Mode},
    failure::{ExitCode, Failure},
    home::Home,
    pick::{Last, pick},
    terminal::Terminal,
};
use d1_core::SetupId;

/// Undoes a setup.
pub async fn run(
    terminal: &Terminal,
    global: &args::Global,
    home: &Home,
    args: &args::Undo,
) -> Result<ExitCode, Failure> {
    let mode = if args.consent.dry_run { Mode::Look } else { Mode::Work };
    let local = Local::open(terminal, global, home, mode).await?;
    let outcome = undo(terminal, home, &local, args).await;
    local.close().await;
    outcome
}

async fn undo(
    terminal: &Terminal,
    home: &Home,
    local: &Local,
    args: &args::Undo,
) -> Result<ExitCode, Failure> {
    let setup = pick(&*local.store, &args.setup, Last::Undoable).await?;
    // Nobody else may work on a setup while it is taken back.
    let original = home.drive(setup.id)?;
    let draft = local.engine.draft_undo(Home::account(), setup.id).await?;
    if decide(terminal, args.consent, &PlanDocument::of(&draft)?)? == Decision::Stop {
        return Ok(ExitCode::Ok);
    }
    let id = SetupId::generate();
    let driving = home.drive(id)?;
    local.engine.create(id, Home::account(), local.device, draft, None).await?;
    local.engine.approve(id).await?;
    let ended = drive(terminal, home, local, id, 0).await;
    drop((driving, original));
    ended
}
