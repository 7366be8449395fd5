//! `d1-doctor devices purge`: ends what waits for a device that is away.

use super::waiting::Waiting;
use crate::{
    args::DevicesPurge,
    commands::{cloud::failure, consent::agree},
    failure::{ExitCode, Failure},
    terminal::Terminal,
    ui::text::{clip, count, inert, minute},
};
use d1_core::{DeviceId, SetupId};
use d1_protocol::{
    ApiClient,
    api::{Purged, SetupView},
};
use serde::Serialize;

/// What would be ended, as one JSON document.
#[derive(Serialize)]
struct Preview<'a> {
    schema: &'static str,
    device: DeviceId,
    setups: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: SetupId,
    intent: &'a str,
    waits_until: Option<u64>,
    quoted_micro: u64,
}

impl<'a> Line<'a> {
    fn of(setup: &'a SetupView) -> Self {
        let SetupView { id, intent, waits_until, quoted_micro, .. } = setup;
        Self { id: *id, intent, waits_until: *waits_until, quoted_micro: *quoted_micro }
    }
}

/// Shows what waits, asks, and ends it.
pub(super) async fn run(
    terminal: &Terminal,
    client: &ApiClient,
    args: &DevicesPurge,
) -> Result<ExitCode, Failure> {
    let waiting = Waiting::find(client, &args.device).await?;
    if args.consent.dry_run && !terminal.is_text() {
        terminal.print_json(&preview(&waiting));
        return Ok(ExitCode::Ok);
    }
    terminal.print_text(&shown(&waiting));
    if args.consent.dry_run {
        terminal.talk("a dry run: nothing was changed");
        return Ok(ExitCode::Ok);
    }
    // That nothing waits is the cloud's to say, of a device that is nobody's of ours, too.
    if !waiting.setups.is_empty() {
        agree(terminal, args.consent, "End them? [y/N]")?;
    }
    let purged = client.purge(waiting.device).await.map_err(failure)?;
    if terminal.is_text() {
        terminal.print(&ended(&purged));
    } else {
        terminal.print_json(&purged);
    }
    Ok(ExitCode::Ok)
}

fn preview(waiting: &Waiting) -> Preview<'_> {
    let setups = waiting.setups.iter().map(Line::of).collect();
    Preview { schema: "d1.purge_preview.v1", device: waiting.device, setups }
}

fn shown(waiting: &Waiting) -> String {
    let device = waiting.device;
    if waiting.setups.is_empty() {
        return format!("nothing waits for {device}\n");
    }
    let line = |setup: &SetupView| {
        let until = setup.waits_until.map_or_else(String::new, minute);
        let intent = clip(&inert(&setup.intent), 40);
        format!("  {}  {intent}, waits until {until} UTC\n", setup.id.short())
    };
    let lines: String = waiting.setups.iter().map(line).collect();
    let number = waiting.setups.len();
    let verb = if number == 1 { "waits" } else { "wait" };
    format!("{} {verb} for {device}\n{lines}", count(number, "setup"))
}

fn ended(purged: &Purged) -> String {
    match purged.setups.len() {
        0 => "nothing was ended\n".to_owned(),
        number => format!("{} ended; what they held is free\n", count(number, "setup")),
    }
}
