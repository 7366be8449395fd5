//! `d1-doctor fix`: mends what the doctor finds, like any other plan: shown, agreed to, carried
//! out, and undone from its receipt. Afterwards the same checks look again.

use crate::{
    args,
    commands::{
        consent::{Decision, PlanDocument, decide},
        diagnose::{Examination, Looked, Memory, view},
        drive::drive_quietly,
        fix_plan::plan,
    },
    compose::{Local, Mode},
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
};
use d1_core::{Finding, Intent, Plan, SetupId};
use d1_executor::Selection;
use d1_protocol::api::SetupView;
use serde::Serialize;

/// Mends what is found.
pub async fn run(
    terminal: &Terminal,
    global: &args::Global,
    home: &Home,
    args: &args::Fix,
) -> Result<ExitCode, Failure> {
    let selection = Selection { names: args.names.clone(), deep: false };
    let examination = Examination::new(global, args.offline, &selection)?;
    let Looked::AtAll(found) = examination.look(terminal, &selection, |_| {}).await else {
        terminal.talk("stopped; nothing was changed");
        return Ok(ExitCode::Interrupted);
    };
    let now = examination.sight.host.clock.now();
    Memory::open(examination.state_dir()).keep(terminal, now, &found);
    let trouble: Vec<Finding> = found.into_iter().filter(Finding::is_trouble).collect();
    let (mendable, others): (Vec<_>, Vec<_>) =
        trouble.into_iter().partition(|finding| !finding.fix.is_empty());
    if mendable.is_empty() {
        return Ok(nothing_to_mend(terminal, &others));
    }
    let mode = if args.consent.dry_run { Mode::Look } else { Mode::Work };
    let local = Local::open(terminal, global, home, mode).await?;
    let outcome = mend(terminal, home, &local, args, &examination, &mendable, &others).await;
    local.close().await;
    outcome
}

async fn mend(
    terminal: &Terminal,
    home: &Home,
    local: &Local,
    args: &args::Fix,
    examination: &Examination,
    mendable: &[Finding],
    others: &[Finding],
) -> Result<ExitCode, Failure> {
    if terminal.is_text() {
        terminal.print_text(&view(terminal).evidence(mendable));
        terminal.print("\n");
    }
    let plan = plan(mendable, others);
    let mended = mended_by(&plan);
    let draft = local.engine.draft_plan(local.device, plan).await?;
    if decide(terminal, args.consent, &PlanDocument::of(&draft)?)? == Decision::Stop {
        return Ok(ExitCode::Ok);
    }
    let id = SetupId::generate();
    let driving = home.drive(id)?;
    local.engine.create(id, Home::account(), local.device, draft, None).await?;
    local.engine.approve(id).await?;
    let (exit, setup) = drive_quietly(terminal, home, local, id, 0).await?;
    drop(driving);
    // What was done may be undone, so what is true now is asked of the machine, not of the plan.
    let Looked::AtAll(again) = examination.look(terminal, &mended, |_| {}).await else {
        terminal.talk("stopped before everything was looked at again: d1-doctor diagnose");
        return Ok(ExitCode::Interrupted);
    };
    let now = examination.sight.host.clock.now();
    Memory::open(examination.state_dir()).keep(terminal, now, &again);
    let mended = again.iter().all(|finding| !finding.is_trouble());
    if terminal.is_text() {
        terminal.print_text(&view(terminal).again(&again));
    } else {
        let setup = SetupView::from(&setup);
        let schema = "d1.fix.v1";
        terminal.print_json(&Mended { schema, mended, setup: Some(setup), again, others });
    }
    Ok(if exit == ExitCode::Ok && !mended { ExitCode::Failed } else { exit })
}

/// The checks that a plan mends.
fn mended_by(plan: &Plan) -> Selection {
    let names = match &plan.intent {
        Intent::Fix(fix) => fix.checks.iter().map(ToString::to_string).collect(),
        Intent::Install(_) | Intent::Undo(_) => Vec::new(),
    };
    Selection { names, deep: false }
}

fn nothing_to_mend(terminal: &Terminal, others: &[Finding]) -> ExitCode {
    let mended = others.is_empty();
    if !terminal.is_text() {
        let schema = "d1.fix.v1";
        terminal.print_json(&Mended { schema, mended, setup: None, again: Vec::new(), others });
    } else if mended {
        terminal.print_text(&format!("{} nothing to fix\n", terminal.glyphs.done));
    } else {
        terminal.print_text(&view(terminal).these(others));
        terminal.print_text("nothing of this can be mended by d1-doctor; nothing was changed\n");
    }
    if mended { ExitCode::Ok } else { ExitCode::Failed }
}

/// How a fix ended, as one JSON document.
#[derive(Serialize)]
struct Mended<'a> {
    schema: &'static str,
    /// Whether every check that was mended is content now.
    mended: bool,
    /// What was done; `null` when there was nothing to do.
    setup: Option<SetupView>,
    /// What the checks said afterwards.
    again: Vec<Finding>,
    /// What is wrong, too, and is left to people.
    others: &'a [Finding],
}
