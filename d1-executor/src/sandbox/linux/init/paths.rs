//! Landlock: the second look at every path, after the mounts.
//!
//! Its rules give rights and take none, so what is protected inside a writable place is left
//! out: a folder that leads to something protected is only read, and everything else in it is
//! named by itself. So nothing can be made beside it either, such as a start-up file that was
//! not there before.

use crate::sandbox::{
    egress::DNS,
    linux::order::{Mode, Order},
    places::{MERGED, SCRATCH},
};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, NetPort,
    PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _,
    RulesetStatus, Scope, path_beneath_rules,
};
use std::path::{Path, PathBuf};

/// The rules we know. A kernel that knows fewer enforces those it knows.
const KNOWN: ABI = ABI::V6;
/// Without files that cannot be truncated behind our back (version 3) it is no wall.
const LEAST: ABI = ABI::V3;
/// What is read everywhere.
const READ: [&str; 1] = ["/proc"];
/// What is read and written, and makes nothing.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom", "/dev/tty"];
/// What is only read: by it the wall is tried, for nothing else would keep it from being written.
pub(super) const READ_ONLY_DEVICE: &str = "/dev/full";
/// Restricts this process and all it starts.
pub(super) fn restrict(order: &Order) -> Result<(), String> {
    let text = |error: landlock::RulesetError| error.to_string();
    let all = AccessFs::from_all(KNOWN);
    let read = AccessFs::from_read(KNOWN);
    let read_write = AccessFs::ReadFile | AccessFs::WriteFile;
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(LEAST))
        .map_err(text)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .map_err(text)?
        .scope(Scope::from_all(KNOWN))
        .map_err(text)?;
    let rules = match order.packages {
        true => rules,
        false => rules.handle_access(AccessNet::from_all(KNOWN)).map_err(text)?,
    };
    let rules = rules.create().map_err(text)?;
    let shown = order.view.read.iter().map(PathBuf::as_path).chain(READ.map(Path::new));
    let links = MERGED.map(|name| Path::new("/").join(name));
    let mut rules = rules
        .add_rules(path_beneath_rules(shown, read))
        .and_then(|rules| rules.add_rules(path_beneath_rules(links, read)))
        .and_then(|rules| rules.add_rules(path_beneath_rules([READ_ONLY_DEVICE], read)))
        .and_then(|rules| rules.add_rules(path_beneath_rules(DEVICES, read_write)))
        .map_err(text)?;
    // Without mounts of our own these are the machine's.
    if order.mode != Mode::Bare {
        // A rule holds for all that is mounted below: a home in there would be given whole.
        let above = |folder: &&str| order.view.write.iter().any(|place| place.starts_with(folder));
        let (above, free): (Vec<&str>, Vec<&str>) = SCRATCH.into_iter().partition(above);
        let list: BitFlags<AccessFs> = AccessFs::ReadDir.into();
        rules = rules
            .add_rules(path_beneath_rules(free, all))
            .and_then(|rules| rules.add_rules(path_beneath_rules(above, read)))
            // What can be seen may be listed: there is nothing that was not given.
            .and_then(|rules| rules.add_rules(path_beneath_rules(["/"], list)))
            .map_err(text)?;
    }
    // Scripts of packages may serve themselves: the namespace alone keeps them to the gate.
    let doors = order.network.iter().filter(|_| !order.packages);
    let ports = doors.flat_map(|doors| doors.ports.iter().chain([&DNS]));
    let ports = ports.map(|port| Ok(NetPort::new(*port, AccessNet::ConnectTcp)));
    rules = rules.add_rules(ports).map_err(text)?;
    for place in order.view.write.iter().chain(&order.view.empty) {
        rules = writable(rules, place, order).map_err(text)?;
    }
    let status = rules.restrict_self().map_err(text)?;
    match status.ruleset {
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        RulesetStatus::NotEnforced => Err("this kernel has no Landlock".into()),
    }
}

fn writable(
    rules: RulesetCreated,
    place: &Path,
    order: &Order,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let guards = order.view.guards.iter().map(|(path, _guard)| path.as_path());
    if order.packages {
        // Beside what is protected packages bring files; the mounts alone protect it.
        return allow(rules, place, AccessFs::from_all(KNOWN));
    }
    let mut inside = guards.filter(|guard| guard.starts_with(place)).peekable();
    if inside.clone().any(|guard| guard == place) {
        return Ok(rules);
    }
    if inside.peek().is_none() {
        return allow(rules, place, AccessFs::from_all(KNOWN));
    }
    let mut rules = allow(rules, place, AccessFs::from_read(KNOWN))?;
    let Ok(entries) = std::fs::read_dir(place) else { return Ok(rules) };
    for entry in entries.flatten() {
        // A link gives no right to what it leads to.
        if entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
            rules = writable(rules, &entry.path(), order)?;
        }
    }
    Ok(rules)
}

fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    // What has gone meanwhile needs no right.
    let Ok(handle) = PathFd::new(path) else { return Ok(rules) };
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(KNOWN) };
    rules.add_rule(PathBeneath::new(handle, access))
}
