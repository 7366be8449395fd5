//! What the machine answers when it is asked.

use super::{super::near, world::World};
use crate::{Answer, CommandName, Facts, IndexEntry, Manager, PackageName, Query};

/// How many packages one answer names.
const MOST: usize = 20;

/// The machine, with an answer to every query.
pub(super) fn facts(world: &World, queries: &[Query]) -> Facts {
    let mut facts = world.facts.clone();
    facts.managers.retain(|known| world.has(known.manager));
    for query in queries {
        facts.answers.insert(query.clone(), answer(world, query));
    }
    facts
}

fn answer(world: &World, query: &Query) -> Answer {
    match query {
        Query::Command(command) => Answer::Command(place_of(world, command)),
        // What is simulated needs no network.
        Query::Registry(source) => match source.as_str().parse() {
            Ok(tool) if place_of(world, &tool).is_some() => {
                Answer::Registry { hosts: Vec::new(), folders: Vec::new() }
            }
            Ok(_) | Err(_) => Answer::Unknown(format!("{} is not here", source.as_str())),
        },
        Query::Package { manager, .. }
        | Query::Provides { manager, .. }
        | Query::Similar { manager, .. }
            if !world.has(*manager) =>
        {
            Answer::Unknown(format!("{manager} is not on this machine"))
        }
        Query::Package { manager, name } => {
            Answer::Packages(entry(world, *manager, name).into_iter().collect())
        }
        Query::Provides { manager, command } => {
            let mine = world.offers.values().filter(|offer| offer.manager == *manager);
            let brings = mine.filter(|offer| offer.commands.contains(command));
            let entries = brings.filter_map(|offer| entry(world, *manager, &offer.name));
            Answer::Packages(entries.take(MOST).collect())
        }
        Query::Similar { manager, name } => {
            let mine = world.offers.keys().filter(|(of, _)| of == manager);
            let names = mine.map(|(_, name)| name.as_str());
            let close = near::closest(name.as_str(), names, MOST);
            let parsed = close.into_iter().filter_map(|close| close.parse().ok());
            Answer::Packages(parsed.filter_map(|close| entry(world, *manager, &close)).collect())
        }
    }
}

fn entry(world: &World, manager: Manager, name: &PackageName) -> Option<IndexEntry> {
    let offer = world.offers.get(&(manager, name.clone()))?;
    Some(offer.entry(world.version_of(manager, name)))
}

fn place_of(world: &World, command: &CommandName) -> Option<String> {
    let program = world.program(command.as_str(), command.as_str());
    program.map(|_there| format!("/usr/bin/{command}"))
}
