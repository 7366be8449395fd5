//! From the name of a thing to packages of this machine's manager.
//!
//! 1. A recipe or alias of that name: its candidates, each resolved against the index.
//! 2. Exactly such a package in the machine's own index.
//! 3. The one package that brings a command of that name; several are a list to choose from.
//! 4. Otherwise nothing: what is close is named, and nothing is guessed.

use super::{
    catalogue::Catalogue,
    file::{Candidate, Recipe},
};
use d1_core::{
    Answer, CommandName, Distro, Facts, IndexEntry, Manager, PackageName, PlanError, Query,
    ThingName,
};
use std::collections::BTreeSet;

/// The most names that are suggested.
const SUGGESTIONS: usize = 5;
/// How alike a name must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.8;

/// What a name stands for on this machine.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Resolved<'a> {
    /// It is there already, though not by a package of the manager.
    Already { at: String },
    /// These packages, with the recipe that says so.
    Packages { recipe: Option<&'a Recipe>, names: Vec<PackageName> },
    /// It depends on this.
    Ask(Vec<Query>),
}

/// What `thing` stands for on this machine.
pub(super) fn resolve<'a>(
    catalogue: &'a Catalogue,
    thing: &ThingName,
    manager: Manager,
    facts: &Facts,
) -> Result<Resolved<'a>, PlanError> {
    match catalogue.recipe(thing) {
        Some(recipe) => by_recipe(recipe, thing, manager, facts),
        None => by_index(catalogue, thing, manager, facts),
    }
}

fn by_recipe<'a>(
    recipe: &'a Recipe,
    thing: &ThingName,
    manager: Manager,
    facts: &Facts,
) -> Result<Resolved<'a>, PlanError> {
    let candidate = candidate(recipe, manager, facts.distro.as_ref());
    let candidate = candidate.ok_or_else(|| unsupported(thing, no_candidate(recipe, manager)))?;
    let package = |name: &PackageName| Query::Package { manager, name: name.clone() };
    let commands = || recipe.check.commands.iter().cloned().map(Query::Command);
    let packages = || candidate.packages.iter().flatten().chain(&recipe.conflicts).map(package);
    let open: Vec<Query> =
        commands().chain(packages()).filter(|query| facts.answers.get(query).is_none()).collect();
    if !open.is_empty() {
        return Ok(Resolved::Ask(open));
    }
    let installed = |name: &PackageName| {
        entries(facts, &package(name)).iter().any(|entry| entry.installed.is_some())
    };
    if let Some(with) = recipe.conflicts.iter().find(|name| installed(name)) {
        return Err(PlanError::Conflict { thing: thing.clone(), with: with.to_string() });
    }
    let places: Vec<_> = commands().filter_map(|query| place(facts, &query)).collect();
    let ours = candidate.packages.iter().filter(|names| names.iter().any(installed)).count();
    // Some came from elsewhere, and every one of them has a command that shows it is there: as
    // with a Node that brings its own npm.
    let shown = recipe.check.commands.len() >= candidate.packages.len();
    let from_elsewhere = ours == 0 || (shown && ours < candidate.packages.len());
    if from_elsewhere && places.len() == recipe.check.commands.len() {
        return Ok(Resolved::Already { at: places.join(", ") });
    }
    let names = candidate.packages.iter().map(|names| {
        let known = names.iter().find(|name| !entries(facts, &package(name)).is_empty());
        // An index that is empty knows nothing; it is refreshed before it is used.
        let first = || names.first().filter(|_| index_is_empty(manager, facts));
        known.or_else(first).cloned().ok_or_else(|| unsupported(thing, not_in_index(names)))
    });
    let names = names.collect::<Result<_, _>>()?;
    Ok(Resolved::Packages { recipe: Some(recipe), names })
}

fn by_index<'a>(
    catalogue: &'a Catalogue,
    thing: &ThingName,
    manager: Manager,
    facts: &Facts,
) -> Result<Resolved<'a>, PlanError> {
    let Ok(name) = thing.as_str().parse::<PackageName>() else {
        return Err(PlanError::Unknown { thing: thing.clone(), near: near(catalogue, thing, &[]) });
    };
    if index_is_empty(manager, facts) {
        // An index that is empty knows nothing; it is refreshed before it is used.
        return Ok(Resolved::Packages { recipe: None, names: vec![name] });
    }
    let exact = Query::Package { manager, name: name.clone() };
    if facts.answers.get(&exact).is_none() {
        return Ok(Resolved::Ask(vec![exact]));
    }
    if let Some(entry) = entries(facts, &exact).first() {
        return Ok(Resolved::Packages { recipe: None, names: vec![entry.name.clone()] });
    }
    let similar = Query::Similar { manager, name };
    let command = thing.as_str().parse::<CommandName>().ok();
    let provides = command.map(|command| Query::Provides { manager, command });
    let open: Vec<Query> = provides
        .iter()
        .chain([&similar])
        .filter(|query| facts.answers.get(query).is_none())
        .cloned()
        .collect();
    if !open.is_empty() {
        return Ok(Resolved::Ask(open));
    }
    match provides.map(|query| entries(facts, &query)).unwrap_or_default() {
        [] => {
            let near = near(catalogue, thing, entries(facts, &similar));
            Err(PlanError::Unknown { thing: thing.clone(), near })
        }
        [only] => Ok(Resolved::Packages { recipe: None, names: vec![only.name.clone()] }),
        several => Err(PlanError::Ambiguous { thing: thing.clone(), candidates: several.to_vec() }),
    }
}

/// Whether the manager's index has nothing in it.
pub(super) fn index_is_empty(manager: Manager, facts: &Facts) -> bool {
    let of_manager = facts.managers.iter().find(|facts| facts.manager == manager);
    of_manager.is_some_and(|facts| facts.index_age_seconds.is_none())
}

fn candidate<'a>(
    recipe: &'a Recipe,
    manager: Manager,
    distro: Option<&Distro>,
) -> Option<&'a Candidate> {
    let fits = |candidate: &&Candidate| {
        let named = |distro: &Distro| {
            candidate.distros.iter().any(|id| *id == distro.id || distro.like.contains(id))
        };
        candidate.manager == manager && (candidate.distros.is_empty() || distro.is_some_and(named))
    };
    recipe.candidates.iter().find(fits)
}

fn entries<'a>(facts: &'a Facts, query: &Query) -> &'a [IndexEntry] {
    match facts.answers.get(query) {
        Some(Answer::Packages(entries)) => entries,
        Some(Answer::Command(_) | Answer::Registry { .. } | Answer::Unknown(_)) | None => &[],
    }
}

fn place(facts: &Facts, query: &Query) -> Option<String> {
    match facts.answers.get(query) {
        Some(Answer::Command(place)) => place.clone(),
        Some(Answer::Packages(_) | Answer::Registry { .. } | Answer::Unknown(_)) | None => None,
    }
}

/// The names most like it, of recipes and of the packages the machine finds similar.
fn near(catalogue: &Catalogue, thing: &ThingName, similar: &[IndexEntry]) -> Vec<String> {
    let likeness = |name: &str| strsim::jaro_winkler(name, thing.as_str());
    let packages = similar.iter().map(|entry| entry.name.as_str());
    let names: BTreeSet<&str> = catalogue.names().map(ThingName::as_str).chain(packages).collect();
    let mut alike: Vec<_> = names
        .into_iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    alike.into_iter().take(SUGGESTIONS).map(|(_, name)| name.to_owned()).collect()
}

fn unsupported(thing: &ThingName, why: String) -> PlanError {
    PlanError::Unsupported { thing: thing.clone(), why }
}

fn no_candidate(recipe: &Recipe, manager: Manager) -> String {
    let known: Vec<_> = recipe.candidates.iter().map(|c| c.manager.as_str()).collect();
    format!("its recipe knows {}, and this machine has {manager}", known.join(", "))
}

fn not_in_index(names: &[PackageName]) -> String {
    let names: Vec<_> = names.iter().map(PackageName::as_str).collect();
    format!("this machine's package index has none of: {}", names.join(", "))
}
