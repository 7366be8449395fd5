//! Whether every tool that a project pins is there, in a version that fits.
//!
//! 1. A tool whose pins contradict each other is left to `proj.pins`.
//! 2. A shim of a version manager is not run: its manager's folders tell what is installed.
//! 3. Anything else is asked for its version, away from the project, so that nothing in it is
//!    run, and told to fetch nothing.

use super::{
    super::{
        check::Found,
        project::{Pin, Project, Release, Requirement, Shim, Tool, tool},
        sight::Sight,
    },
    project::no_project,
};
use d1_core::{Manager, Step};
use futures_util::{StreamExt as _, stream};
use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// How many tools are asked at once.
const AT_ONCE: usize = 8;
/// More folders of the search path than this are not looked at for one tool.
const MOST_FOLDERS: usize = 256;

/// More versions, or tools, than this are not shown in one line.
const SHOWN: usize = 8;

/// Told to every tool: whatever it would fetch by itself, it must not now.
const FETCH_NOTHING: [(&str, &str); 7] = [
    ("RUSTUP_AUTO_INSTALL", "0"),
    ("GOTOOLCHAIN", "local"),
    ("COREPACK_ENABLE_NETWORK", "0"),
    ("CHECKPOINT_DISABLE", "1"),
    ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
    ("npm_config_update_notifier", "false"),
    ("npm_config_manage_package_manager_versions", "false"),
];

/// A tool that a project pins, with all its pins taken together.
struct Wanted<'a> {
    tool: &'a str,
    pins: Vec<&'a Pin>,
    requirement: Requirement,
    known: Option<&'static Tool>,
}

/// How a tool is.
enum Standing {
    Fits,
    /// Not there.
    Absent,
    /// There in these versions only, by this manager.
    Other(String, Option<&'static str>),
    /// It does not tell, or is not asked.
    Untold(String),
    /// It is not known by which program it is called.
    Nameless,
}

pub(super) async fn tools(sight: Sight) -> Found {
    let Some(project) = Project::of(&sight) else { return no_project() };
    let wanted = wanted(&project);
    if wanted.is_empty() {
        return Found::skipped("the project pins no tool that can be judged");
    }
    let asked = ask_all(&sight, &wanted).await;
    let mut nameless = Vec::new();
    let (mut bad, mut untold, mut remedies, mut steps) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (wanted, standing) in &asked {
        let why = match standing {
            Standing::Fits => continue,
            Standing::Untold(why) => {
                untold.push(format!("{}: {why}", wanted.tool));
                continue;
            }
            Standing::Nameless => {
                nameless.push(wanted.tool);
                continue;
            }
            Standing::Absent => "it is not there".to_owned(),
            Standing::Other(there, _) => there.clone(),
        };
        bad.push(format!("{}: {why}; {}", wanted.tool, wanted.said()));
        let mending = wanted.mending(&sight, standing).await;
        remedies.push(mending.0);
        steps.push(mending.1);
    }
    let fitting = asked.len() - bad.len() - untold.len() - nameless.len();
    untold.extend(listed(&nameless));
    if bad.is_empty() {
        let found = match (fitting, asked.len() - fitting) {
            (0, _) => {
                return Found::unknown("of no tool it can be told whether it fits").details(untold);
            }
            (1, 0) => Found::ok("the one that is pinned fits"),
            (several, 0) => Found::ok(format!("all {several} fit")),
            (several, some) => Found::ok(format!("{several} fit; {some} could not be told")),
        };
        return found.details(untold);
    }
    bad.extend(untold);
    remedies.dedup();
    let found = Found::fail("tools that the project needs are missing, or of other versions");
    let found = remedies.into_iter().fold(found.details(bad), Found::remedy);
    // Some of it mended would still be found.
    let all: Option<Vec<Vec<Step>>> =
        steps.into_iter().map(|steps| (!steps.is_empty()).then_some(steps)).collect();
    found.mend(once(all.unwrap_or_default()))
}

/// The tools of which it is not known by which program they are called.
fn listed(nameless: &[&str]) -> Option<String> {
    let shown = nameless.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match nameless.len() {
        0 => None,
        1..=SHOWN => Some(format!("not known by which program it is called: {shown}")),
        more => Some(format!(
            "not known by which program it is called: {shown} and {} more",
            more - SHOWN
        )),
    }
}

/// How every tool is, in their order.
async fn ask_all<'a>(sight: &Sight, wanted: &'a [Wanted<'a>]) -> Vec<(&'a Wanted<'a>, Standing)> {
    let asking: Vec<_> = wanted
        .iter()
        .map(|wanted| async move { (wanted, standing(sight, wanted).await) })
        .collect();
    stream::iter(asking).buffered(AT_ONCE).collect().await
}

/// All steps, and those that several tools need once.
fn once(steps: Vec<Vec<Step>>) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for step in steps.into_iter().flatten() {
        if !all.iter().any(|earlier| earlier.action == step.action) {
            all.push(step);
        }
    }
    all
}

/// What is pinned without a contradiction.
fn wanted(project: &Project) -> Vec<Wanted<'_>> {
    let tools = project.by_tool().into_iter();
    let without_contradiction = tools.filter_map(|(name, pins)| {
        let any = Requirement::any();
        let requirement = pins.iter().try_fold(any, |all, pin| all.and(&pin.requirement))?;
        Some(Wanted { tool: name, pins, requirement, known: tool(name) })
    });
    without_contradiction.collect()
}

impl Wanted<'_> {
    /// Which file asks for what.
    fn said(&self) -> String {
        let said: Vec<String> =
            self.pins.iter().map(|pin| format!("{} asks for {}", pin.file, pin.wanted)).collect();
        said.join(", ")
    }

    /// Its programs that are there, in the order of the search path.
    fn programs(&self, sight: &Sight) -> Vec<PathBuf> {
        let named: &[&str] = self.known.map_or(&[], |known| known.programs);
        let mut names: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        if names.is_empty() {
            names.push(self.tool.to_owned());
        }
        // Several Pythons live beside each other, each under a name of its own.
        if self.tool == "python" {
            names.extend(self.requirement.series().map(|series| format!("python{series}")));
        }
        names.iter().flat_map(|name| all_of(sight, name)).collect()
    }

    /// One version that would do, as its manager is asked for it.
    fn version(&self) -> String {
        let plain = |pin: &&&Pin| pin.wanted.chars().next().is_some_and(|c| c.is_ascii_digit());
        let exact = self.pins.iter().find(plain).and_then(|pin| pin.wanted.split(' ').next());
        let named = self.pins.first().map(|pin| pin.wanted.as_str());
        let named = named.filter(|_| self.requirement.is_any());
        let series = || self.requirement.series().unwrap_or_default();
        exact.or(named).map_or_else(series, str::to_owned)
    }

    /// What a person can do, and the steps that would do it, when we know any.
    async fn mending(&self, sight: &Sight, standing: &Standing) -> (String, Vec<Step>) {
        let version = self.version();
        if let Standing::Other(_, Some(install)) = standing {
            let by_file = ["asdf install", "mise install"].contains(install);
            return (
                if by_file { (*install).to_owned() } else { format!("{install} {version}") },
                vec![],
            );
        }
        let own = self.pins.iter().find_map(|pin| pin.package.as_deref());
        let package = own.or(self.known.map(|known| known.package).filter(|name| !name.is_empty()));
        let names = self.known.filter(|_| own.is_none()).map_or(&[][..], |known| known.names);
        let is_absent = matches!(standing, Standing::Absent);
        if let (true, Some(package)) = (is_absent, package)
            && self.is_packaged(sight, package, names).await
        {
            let steps = sight.install(package, names);
            return (format!("d1-doctor install {package}"), steps);
        }
        let by_manager = MANAGERS.iter().find(|(program, tool, _)| {
            (tool.is_empty() || *tool == self.tool) && sight.has(program)
        });
        let nvm = || self.tool == "node" && sight.at_home(".nvm").is_some_and(|nvm| nvm.is_dir());
        let remedy = match by_manager {
            Some((_, _, command)) if command.ends_with(' ') => format!("{command}{version}"),
            Some((_, _, command)) => (*command).to_owned(),
            None if nvm() => format!("nvm install {version}"),
            None if self.requirement.is_any() => {
                format!("install {}, by hand or with a version manager", self.tool)
            }
            None => format!("install {} {version}, by hand or with a version manager", self.tool),
        };
        (remedy, Vec::new())
    }

    /// Whether the package that the machine's manager would install is one that fits.
    async fn is_packaged(&self, sight: &Sight, package: &str, names: &[(Manager, &str)]) -> bool {
        let Some(manager) = sight.manager() else { return false };
        if manager != Manager::Apt || self.requirement.is_any() {
            return self.requirement.is_any();
        }
        let own = names.iter().find(|(other, _)| *other == manager).map(|(_, name)| *name);
        let name = own.unwrap_or(package);
        // Without these it writes what it worked out into its cache.
        let in_memory = ["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="];
        let words = [&["apt-cache"][..], &in_memory, &["policy", "--", name]].concat();
        let Ok(said) = sight.ask(&words).await else { return false };
        let candidate = said.stdout.lines().find_map(|l| l.trim().strip_prefix("Candidate: "));
        let Some(candidate) = candidate.filter(|candidate| *candidate != "(none)") else {
            return false;
        };
        // What stands before the colon says which way of counting this is.
        let version = candidate.split_once(':').map_or(candidate, |(_, version)| version);
        Release::told(version, "").is_some_and(|release| self.requirement.takes(release))
    }
}

/// Managers of versions: their program, the one tool they are for, and what one asks of them.
const MANAGERS: [(&str, &str, &str); 8] = [
    ("mise", "", "mise install"),
    ("asdf", "", "asdf install"),
    ("rustup", "rust", "rustup toolchain install "),
    ("pyenv", "python", "pyenv install "),
    ("uv", "python", "uv python install "),
    ("nodenv", "node", "nodenv install "),
    ("fnm", "node", "fnm install "),
    ("rbenv", "ruby", "rbenv install "),
];

/// Every program of this name on the search path.
fn all_of(sight: &Sight, name: &str) -> Vec<PathBuf> {
    let folders = std::env::split_paths(&sight.host.path).take(MOST_FOLDERS);
    let find = |folder: PathBuf| {
        let path = folder.to_str()?.to_owned();
        crate::facts::Host { path, ..sight.host.clone() }.find(name)
    };
    folders.filter_map(find).collect()
}

async fn standing(sight: &Sight, wanted: &Wanted<'_>) -> Standing {
    let mut other: Option<Standing> = None;
    for program in wanted.programs(sight) {
        if let Some(shim) = Shim::of(sight, &program, wanted.tool) {
            let Some(versions) = shim.versions else { return Standing::Fits };
            if versions.iter().any(|version| wanted.requirement.takes(*version)) {
                return Standing::Fits;
            }
            let numbered = versions.iter().filter(|version| **version != Release::default());
            let mut has: Vec<String> = numbered.map(ToString::to_string).collect();
            has.sort();
            has.dedup();
            has.truncate(SHOWN);
            let has = if has.is_empty() { "none of a number".to_owned() } else { has.join(", ") };
            let told = format!("{} has {has}", shim.manager);
            other.get_or_insert(Standing::Other(told, Some(shim.install)));
            continue;
        }
        match ask(sight, wanted, &program).await {
            Ok(release) if wanted.requirement.takes(release) => return Standing::Fits,
            Ok(_) if wanted.tool == "go" && fetches_by_itself(sight).await => {
                return Standing::Fits;
            }
            Ok(release) => {
                other.get_or_insert(Standing::Other(format!("{release} is there"), None));
            }
            // A program that says nothing does when any would.
            Err(_) if wanted.requirement.is_any() => return Standing::Fits,
            Err(why) => return other.unwrap_or(Standing::Untold(why)),
        };
        // The first of a name hides the others; a Python under its own name is hidden by none.
        if wanted.tool != "python" {
            break;
        }
    }
    match other {
        Some(other) => other,
        None if wanted.pins.iter().all(|pin| pin.only_if_there) => Standing::Fits,
        // Other tools' names for a tool need not be that of its program.
        None if wanted.known.is_none() && !wanted.is_ours() => Standing::Nameless,
        None => Standing::Absent,
    }
}

impl Wanted<'_> {
    /// Whether `d1-doctor.toml` names it, where names are those of programs.
    fn is_ours(&self) -> bool {
        self.pins.iter().any(|pin| pin.file == super::super::project::Manifest::FILE)
    }
}

/// The release that a program says it is.
async fn ask(sight: &Sight, wanted: &Wanted<'_>, program: &Path) -> Result<Release, String> {
    let (words, after) = match wanted.known {
        Some(known) => (known.ask, known.after),
        None if may_be_asked(program) => (&["--version"][..], ""),
        None => return Err("it is not known how it tells its version".to_owned()),
    };
    let Some(program) = program.to_str() else { return Err("its name is no text".to_owned()) };
    let words: Vec<&str> = std::iter::once(program).chain(words.iter().copied()).collect();
    let said = sight.ask_at(Path::new("/"), &FETCH_NOTHING, &words).await;
    let said = said.map_err(|error| error.to_string())?;
    Release::told(&said.text(), after).ok_or_else(|| "it does not tell its version".to_owned())
}

/// Whether a program that we do not know can be asked without harm. Those that administer the
/// machine, and a user's own scripts, may do their work whatever they are asked.
fn may_be_asked(program: &Path) -> bool {
    let real = fs::canonicalize(program).unwrap_or_default();
    let administers = |path: &Path| path.parent().is_some_and(|folder| folder.ends_with("sbin"));
    let is_roots = fs::metadata(&real).is_ok_and(|found| found.uid() == 0);
    is_roots && !administers(&real) && !administers(program)
}

/// Since 1.21 Go fetches the Go that a project asks for, unless told not to.
async fn fetches_by_itself(sight: &Sight) -> bool {
    let said = sight.ask_at(Path::new("/"), &[], &["go", "env", "GOTOOLCHAIN"]).await;
    let given = sight.var("GOTOOLCHAIN");
    let said = given.unwrap_or_else(|| said.map(|said| said.stdout).unwrap_or_default());
    said.contains("auto") || said.contains("path")
}
