//! Language registries: used only when a person names one with `--from`.
//!
//! A bare name is never looked up there: the same name often belongs to another,
//! unrelated package.

use super::step;
use d1_core::{
    Answer, Argv, CommandName, Facts, Install, Intent, Plan, PlanError, Planned, Query, Source,
    ThingName,
};

/// Plans every thing from `source`.
pub(super) fn plan(install: &Install, source: Source, facts: &Facts) -> Result<Planned, PlanError> {
    let Ok(program) = program(source).parse::<CommandName>() else {
        return Err(unavailable(source, install));
    };
    let query = Query::Command(program.clone());
    match facts.answers.get(&query) {
        None => return Ok(Planned::Ask(vec![query])),
        Some(Answer::Command(Some(_))) => {}
        Some(Answer::Command(None) | Answer::Packages(_) | Answer::Unknown(_)) => {
            return Err(unavailable(source, install));
        }
    }
    let mut steps = Vec::new();
    for thing in &install.things {
        let (argv, remove) = commands(source, thing);
        let argv = Argv::new(argv)
            .map_err(|why| PlanError::Unsupported { thing: thing.clone(), why: why.to_string() })?;
        steps.extend(step::from_source(thing.as_str(), argv, &remove, places(source)));
    }
    Ok(Planned::Plan(Plan {
        intent: Intent::Install(install.clone()),
        steps,
        sources: vec![format!("{} registry, because you asked for it", source.as_str())],
        follow_up: Vec::new(),
    }))
}

const fn program(source: Source) -> &'static str {
    match source {
        Source::Npm => "npm",
        Source::Cargo => "cargo",
        Source::Pipx => "pipx",
        Source::Go => "go",
    }
}

/// The folders that its installer writes to.
const fn places(source: Source) -> &'static [&'static str] {
    match source {
        Source::Npm => &["~/.npm", "/usr/local"],
        Source::Cargo => &["~/.cargo"],
        Source::Pipx => &["~/.local"],
        Source::Go => &["~/go", "~/.cache"],
    }
}

/// How to install, and how a person takes it back.
fn commands(source: Source, thing: &ThingName) -> (Vec<String>, String) {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let name = thing.as_str();
    match source {
        Source::Npm => {
            let argv = words(&["npm", "install", "--global", "--no-fund", "--no-audit", name]);
            (argv, format!("npm uninstall --global {name}"))
        }
        Source::Cargo => {
            (words(&["cargo", "install", "--locked", name]), format!("cargo uninstall {name}"))
        }
        Source::Pipx => (words(&["pipx", "install", name]), format!("pipx uninstall {name}")),
        Source::Go => {
            let module =
                if name.contains('@') { name.to_owned() } else { format!("{name}@latest") };
            (words(&["go", "install", &module]), format!("rm ~/go/bin/{name}"))
        }
    }
}

fn unavailable(source: Source, install: &Install) -> PlanError {
    let program = program(source);
    let thing = install.things.first().cloned();
    match thing {
        Some(thing) => PlanError::Unsupported {
            thing,
            why: format!("`{program}` is not on this machine; install it first"),
        },
        None => PlanError::Unavailable("nothing was asked for".into()),
    }
}
