//! Language registries: used only when a person names one with `--from`.
//!
//! A bare name is never looked up there: the same name often belongs to another,
//! unrelated package. Which hosts a registry has the machine says, as the registry's own tool is
//! set up there: none is known here.

use super::step;
use d1_core::{
    AbsolutePath, Answer, Argv, CommandName, Facts, HostName, Install, Intent, Plan, PlanError,
    Planned, Query, Source, Step, ThingName,
};

/// Where programs of the system are.
const SYSTEM: [&str; 4] = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/// Plans every thing from `source`.
pub(super) fn plan(install: &Install, source: Source, facts: &Facts) -> Result<Planned, PlanError> {
    let Ok(program) = program(source).parse::<CommandName>() else {
        return Err(unavailable(source, install));
    };
    let (there, registry) = (Query::Command(program), Query::Registry(source));
    let (place, registry) = match (facts.answers.get(&there), facts.answers.get(&registry)) {
        (Some(place), Some(registry)) => (place, registry),
        (None, _) | (_, None) => return Ok(Planned::Ask(vec![there, registry])),
    };
    if !matches!(place, Answer::Command(Some(_))) {
        return Err(unavailable(source, install));
    }
    let (hosts, folders) = reach(install, source, registry)?;
    let mut steps = Vec::new();
    for thing in &install.things {
        let (argv, remove) = commands(source, thing);
        let argv = Argv::new(argv)
            .map_err(|why| PlanError::Unsupported { thing: thing.clone(), why: why.to_string() })?;
        let step = step::from_source(thing.as_str(), argv, &remove, places(source));
        steps.extend(step.map(|mut step| {
            step.touches.extend(folders.iter().cloned());
            Step { network: hosts.clone(), warning: warning(&folders), ..step }
        }));
    }
    Ok(Planned::Plan(Plan {
        intent: Intent::Install(install.clone()),
        steps,
        sources: vec![format!("{} registry, because you asked for it", source.as_str())],
        follow_up: Vec::new(),
    }))
}

/// The hosts that its registry has on this machine, with those that somebody allowed, and the
/// folders that it installs to.
fn reach(
    install: &Install,
    source: Source,
    answer: &Answer,
) -> Result<(Vec<HostName>, Vec<AbsolutePath>), PlanError> {
    let (known, folders) = match answer {
        Answer::Registry { hosts, folders } => (hosts.clone(), folders.clone()),
        // Whoever names them knows better.
        Answer::Unknown(_) if !install.hosts.is_empty() => (Vec::new(), Vec::new()),
        Answer::Unknown(why) => return Err(nowhere(source, install, why)),
        Answer::Command(_) | Answer::Packages(_) => {
            return Err(nowhere(source, install, "the machine does not say"));
        }
    };
    let mut hosts = install.hosts.clone();
    hosts.extend(known);
    hosts.sort();
    hosts.dedup();
    Ok((hosts, folders))
}

/// Packages of a registry bring scripts of their own, and these run, too.
fn warning(folders: &[AbsolutePath]) -> String {
    let of_system = |folder: &&AbsolutePath| SYSTEM.contains(&folder.as_str());
    match folders.iter().find(of_system) {
        Some(folder) => format!("scripts of what it brings can change any program in {folder}"),
        None => String::new(),
    }
}

/// Nobody knows where the registry is.
fn nowhere(source: Source, install: &Install, why: &str) -> PlanError {
    let source = source.as_str();
    unsupported(
        install,
        format!(
            "the hosts of the registry of {source} are not known ({why}); name them with --allow-host"
        ),
    )
}

const fn program(source: Source) -> &'static str {
    match source {
        Source::Npm => "npm",
        Source::Cargo => "cargo",
        Source::Pipx => "pipx",
        Source::Go => "go",
    }
}

/// The folders that its installer writes to, beside those that it says.
const fn places(source: Source) -> &'static [&'static str] {
    match source {
        Source::Npm => &["~/.npm"],
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
    unsupported(install, format!("`{program}` is not on this machine; install it first"))
}

fn unsupported(install: &Install, why: String) -> PlanError {
    match install.things.first().cloned() {
        Some(thing) => PlanError::Unsupported { thing, why },
        None => PlanError::Unavailable("nothing was asked for".into()),
    }
}
