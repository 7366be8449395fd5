//! `d1-doctor install` and `d1-doctor plan`.

use crate::{
    args,
    commands::{
        consent::{Decision, PlanDocument, decide},
        drive::drive,
    },
    compose::{Local, Mode},
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::inert,
};
use d1_core::{HostName, Install, Intent, SetupId, ThingName};
use d1_orchestrator::{Catalogue, Draft, Listing};
use serde::Serialize;

/// Installs things.
pub async fn install(
    terminal: &Terminal,
    global: &args::Global,
    home: &Home,
    args: &args::Install,
) -> Result<ExitCode, Failure> {
    let mode = if args.consent.dry_run { Mode::Look } else { Mode::Work };
    let local = Local::open(terminal, global, home, mode).await?;
    let outcome = install_on(terminal, home, &local, args).await;
    local.close().await;
    outcome
}

async fn install_on(
    terminal: &Terminal,
    home: &Home,
    local: &Local,
    args: &args::Install,
) -> Result<ExitCode, Failure> {
    let install = wanted(&args.things, args.from, &args.allow_host);
    let draft = draft(local, install).await?;
    if draft.nothing_to_do() {
        return nothing_to_do(terminal, &draft);
    }
    if decide(terminal, args.consent, &PlanDocument::of(&draft)?)? == Decision::Stop {
        return Ok(ExitCode::Ok);
    }
    let id = SetupId::generate();
    let driving = home.drive(id)?;
    local.engine.create(id, Home::account(), local.device, draft, None).await?;
    local.engine.approve(id).await?;
    let ended = drive(terminal, home, local, id, 0).await;
    drop(driving);
    ended
}

/// Shows what installing would do.
pub async fn plan(
    terminal: &Terminal,
    global: &args::Global,
    home: &Home,
    args: &args::Plan,
) -> Result<ExitCode, Failure> {
    if args.list {
        return list(terminal);
    }
    let local = Local::open(terminal, global, home, Mode::Look).await?;
    let install = wanted(&args.things, args.from, &args.allow_host);
    let draft = draft(&local, install).await;
    local.close().await;
    let draft = draft?;
    let changes = if args.exit_code { ExitCode::Findings } else { ExitCode::Ok };
    if draft.nothing_to_do() {
        return nothing_to_do(terminal, &draft);
    }
    let look = args::Consent { yes: false, dry_run: true };
    decide(terminal, look, &PlanDocument::of(&draft)?)?;
    Ok(changes)
}

fn wanted(things: &[ThingName], from: Option<args::Registry>, hosts: &[HostName]) -> Install {
    Install { things: things.to_vec(), from: from.map(Into::into), hosts: hosts.to_vec() }
}

async fn draft(local: &Local, install: Install) -> Result<Draft, Failure> {
    Ok(local.engine.draft(Home::account(), local.device, Intent::Install(install)).await?)
}

fn nothing_to_do(terminal: &Terminal, draft: &Draft) -> Result<ExitCode, Failure> {
    if !terminal.is_text() {
        terminal.print_json(&PlanDocument::of(draft)?);
        return Ok(ExitCode::Ok);
    }
    let mut text =
        format!("{} {}: already so, nothing to do\n", terminal.glyphs.done, draft.plan.intent);
    for note in &draft.plan.follow_up {
        text += &format!("  {}\n", inert(note));
    }
    terminal.print_text(&text);
    Ok(ExitCode::Ok)
}

#[derive(Serialize)]
struct Catalog {
    schema: &'static str,
    things: Vec<Listing>,
}

fn list(terminal: &Terminal) -> Result<ExitCode, Failure> {
    let things = crate::compose::catalogue().map(|catalogue: Catalogue| catalogue.list())?;
    if !terminal.is_text() {
        terminal.print_json(&Catalog { schema: "d1.catalogue.v1", things });
        return Ok(ExitCode::Ok);
    }
    let width = things.iter().map(|thing| thing.id.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for thing in &things {
        let brings: Vec<_> = thing.brings.iter().map(ThingName::as_str).collect();
        let brings =
            if brings.is_empty() { String::new() } else { format!(" ({})", brings.join(" ")) };
        text += &format!("{:width$}  {}{brings}\n", thing.id, thing.summary);
    }
    terminal.print(&text);
    Ok(ExitCode::Ok)
}
