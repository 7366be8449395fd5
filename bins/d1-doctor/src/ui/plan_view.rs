//! A plan as people read it, before they say yes.
//!
//! ```text
//! Plan 3f9a11c2  install docker
//!
//!   1  install docker.io with apt            root  write
//!      docker.io 20.10.24, containerd 1.6.20, runc 1.1.5 and 4 more
//!   2  see that it works: docker --version         read
//!
//!   changes   7 packages
//!   download  68.5 MB (290 MB on disk)
//!   network   deb.example.org, and no other host
//!   undo      everything can be undone
//! ```

use super::text::{Glyphs, bytes, clip, count, inert};
use d1_core::{
    Action, Change, Effect, HostName, Intent, Plan, Presence, Preview, Quote, Resource, State,
    Step, Undo,
};

/// How many names of a step's changes are listed.
const NAMES: usize = 4;
/// The widest a line of a plan gets.
const WIDTH: usize = 80;

/// The plan, with what the machine said about each step, ending in a line end.
#[must_use]
pub fn plan(plan: &Plan, previews: &[Preview], quote: &Quote, glyphs: &Glyphs) -> String {
    let mut lines = vec![format!("Plan {}  {}", plan.id().short(), plan.intent), String::new()];
    let title_width =
        plan.steps.iter().map(|step| step.title.chars().count()).max().unwrap_or(0).min(52);
    for (at, step) in plan.steps.iter().enumerate() {
        lines.extend(step_lines(at + 1, step, previews.get(at), title_width, glyphs));
    }
    lines.push(String::new());
    lines.extend(summary(plan, previews, quote));
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn step_lines(
    number: usize,
    step: &Step,
    preview: Option<&Preview>,
    width: usize,
    glyphs: &Glyphs,
) -> Vec<String> {
    let title = clip(&inert(&step.title), width);
    let root = if step.needs_root { "root" } else { "    " };
    let effect = match step.effect {
        Effect::Read => "read",
        Effect::Write => "write",
        Effect::Destructive => "removes",
    };
    let gap = " ".repeat(width.saturating_sub(title.chars().count()));
    let already = match preview.map(|preview| &preview.presence) {
        Some(Presence::Present) => "  already so",
        Some(Presence::Absent | Presence::Unknown(_)) | None => "",
    };
    let mut lines = vec![format!("  {number}  {title}{gap}  {root}  {effect}{already}")];
    if let Some(changes) = preview.and_then(|preview| names(&preview.changes)) {
        lines.push(clip(&format!("     {changes}"), WIDTH));
    }
    let warnings = preview.map(|preview| preview.warnings.as_slice()).unwrap_or_default();
    let own = Some(&step.warning).filter(|warning| !warning.is_empty());
    for warning in own.into_iter().chain(warnings) {
        lines.push(format!("     {} {}", glyphs.warning, inert(warning)));
    }
    lines
}

fn names(changes: &[Change]) -> Option<String> {
    let told: Vec<String> = changes.iter().filter_map(name).collect();
    let (first, rest) = told.split_at(told.len().min(NAMES));
    match (first, rest.len()) {
        ([], _) => None,
        (first, 0) => Some(first.join(", ")),
        (first, more) => Some(format!("{} and {more} more", first.join(", "))),
    }
}

fn name(change: &Change) -> Option<String> {
    match (&change.resource, &change.before, &change.after) {
        (
            Resource::Package { name, .. },
            State::Installed { version: old, .. },
            State::Installed { version: new, .. },
        ) if old != new => Some(format!("{name} {old} → {new}")),
        (Resource::Package { .. }, State::Installed { .. }, State::Installed { .. }) => None,
        (Resource::Package { name, .. }, _, State::Installed { version, .. }) => {
            Some(format!("{name} {version}"))
        }
        (Resource::Package { name, .. }, _, _) => Some(format!("remove {name}")),
        (Resource::File(path) | Resource::Permissions(path), _, _) => Some(path.to_string()),
        (
            Resource::ServiceEnabled(_) | Resource::ServiceActive(_) | Resource::GroupMember { .. },
            ..,
        ) => None,
    }
}

fn summary(plan: &Plan, previews: &[Preview], quote: &Quote) -> Vec<String> {
    let mut lines = Vec::new();
    let changes: Vec<&Change> = previews.iter().flat_map(|preview| &preview.changes).collect();
    if let Some(changes) = tally(&changes) {
        lines.push(format!("  changes   {changes}"));
    }
    let download: Option<u64> =
        previews.iter().filter_map(|preview| preview.download_bytes).reduce(u64::saturating_add);
    let disk: Option<i64> =
        previews.iter().filter_map(|preview| preview.disk_bytes).reduce(i64::saturating_add);
    match (download, disk) {
        (Some(0) | None, None | Some(0)) => {}
        (download, disk) => lines.push(format!("  download  {}", sizes(download, disk))),
    }
    lines.extend(network(plan, previews));
    lines.extend(undo(plan, previews));
    if !quote.most().is_zero() {
        lines.push(format!("  cost      {} at most; failed steps are free", quote.most()));
    }
    lines
}

/// The hosts that its steps may call; what is already so calls nobody.
fn network(plan: &Plan, previews: &[Preview]) -> Option<String> {
    let mut hosts: Vec<&HostName> = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let preview = previews.get(at);
        if preview.is_some_and(|preview| preview.presence == Presence::Present) {
            continue;
        }
        let told = preview.into_iter().flat_map(|preview| &preview.hosts);
        for host in step.network.iter().filter(|host| !host.is_package_mirror()).chain(told) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
    }
    let more = hosts.len().saturating_sub(NAMES);
    let named = hosts.iter().take(NAMES).map(|host| host.as_str()).collect::<Vec<_>>().join(", ");
    match more {
        _ if hosts.is_empty() => None,
        0 => Some(format!("  network   {named}, and no other host")),
        more => Some(format!("  network   {named} and {more} more, and no other host")),
    }
}

fn sizes(download: Option<u64>, disk: Option<i64>) -> String {
    let download = download.map_or_else(|| "unknown size".to_owned(), bytes);
    match disk {
        None => download,
        Some(disk) if disk < 0 => format!("{download} (frees {})", bytes(disk.unsigned_abs())),
        Some(disk) => format!("{download} ({} on disk)", bytes(disk.unsigned_abs())),
    }
}

/// `4 packages, 2 files, 1 service, 1 group`.
#[must_use]
pub fn tally(changes: &[&Change]) -> Option<String> {
    let of = |fits: fn(&Resource) -> bool| {
        changes.iter().filter(|change| fits(&change.resource)).count()
    };
    let counts = [
        (of(|r| matches!(r, Resource::Package { .. })), "package"),
        (of(|r| matches!(r, Resource::File(_) | Resource::Permissions(_))), "file"),
        (
            of(|r| matches!(r, Resource::ServiceEnabled(_) | Resource::ServiceActive(_))),
            "service setting",
        ),
        (of(|r| matches!(r, Resource::GroupMember { .. })), "group membership"),
    ];
    let told: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(*n, noun)).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn undo(plan: &Plan, previews: &[Preview]) -> Vec<String> {
    let worst = |step: &Step, preview: Option<&Preview>| {
        let told = preview.map(|preview| preview.undo.clone());
        match (&step.undo, told) {
            (Undo::Exact, Some(undo)) => undo,
            (undo, _) => undo.clone(),
        }
    };
    let mut lines = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let preview = previews.get(at);
        let changes_nothing = preview.is_some_and(|preview| preview.presence == Presence::Present);
        // A fresh index changes what is known, not the machine: there is nothing to undo.
        let only_looks =
            step.effect == Effect::Read || matches!(step.action, Action::RefreshIndex(_));
        if only_looks || changes_nothing {
            continue;
        }
        match worst(step, preview) {
            Undo::Exact => {}
            Undo::Partial(why) => lines.push(format!("step {}, in part: {}", at + 1, inert(&why))),
            Undo::None(why) => lines.push(format!("step {}, not at all: {}", at + 1, inert(&why))),
        }
    }
    if matches!(plan.intent, Intent::Undo(_)) {
        // An undo is the way back already.
        return Vec::new();
    }
    if lines.is_empty() {
        return vec!["  undo      everything can be undone".to_owned()];
    }
    lines.iter_mut().enumerate().for_each(|(at, line)| {
        let label = if at == 0 { "undo" } else { "" };
        *line = format!("  {label:<8}  {line}");
    });
    lines
}
