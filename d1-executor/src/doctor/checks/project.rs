//! The project one stands in: whether its files can be read and agree, and its surroundings.

use super::super::{
    check::Found,
    project::{Manifest, Project, believed, keys, line_of},
    sight::Sight,
};
use d1_core::Step;

pub(super) fn no_project() -> Found {
    Found::skipped("you stand in no project")
}

pub(super) async fn file(sight: Sight) -> Found {
    let Some(project) = Project::of(&sight) else { return no_project() };
    if project.troubles.is_empty() {
        return match project.read {
            0 => Found::skipped("the project says nothing about what it needs"),
            1 => Found::ok("the one file that does can"),
            several => Found::ok(format!("{several} files can")),
        };
    }
    let is_ours = project.troubles.iter().any(|trouble| trouble.file == Manifest::FILE);
    let summary = "a file that says what the project needs is not used";
    let found = if is_ours { Found::fail(summary) } else { Found::warn(summary) };
    found
        .details(
            project.troubles.iter().map(|trouble| format!("{}: {}", trouble.file, trouble.why)),
        )
        .remedy(format!("mend what is named, in {}", sight.shown(&project.folder)))
}

pub(super) async fn pins(sight: Sight) -> Found {
    let Some(project) = Project::of(&sight) else { return no_project() };
    let (mut contradicting, mut agreeing) = (Vec::new(), 0);
    for (tool, pins) in project.by_tool() {
        let mut all = pins.first().map(|pin| pin.requirement.clone());
        for pin in pins.iter().skip(1) {
            all = all.and_then(|all| all.and(&pin.requirement));
        }
        if all.is_none() {
            let said: Vec<String> =
                pins.iter().map(|pin| format!("{} says {}", pin.file, pin.wanted)).collect();
            contradicting.push(format!("{tool}: {}", said.join(", ")));
        }
        agreeing += usize::from(pins.len() > 1);
    }
    if !contradicting.is_empty() {
        return Found::fail("no version can be what every file of the project asks for")
            .details(contradicting)
            .remedy("make the files say the same, or remove one of them");
    }
    match (project.pins.len(), agreeing) {
        (0, _) => Found::skipped("the project pins no version"),
        (several, 0) => Found::ok(format!("{several} pins, each of another tool")),
        (_, 1) => Found::ok("one tool is pinned by several files, and they agree"),
        (_, tools) => {
            Found::ok(format!("{tools} tools are pinned by several files, and they agree"))
        }
    }
}

pub(super) async fn variables(sight: Sight) -> Found {
    let Some(project) = Project::of(&sight) else { return no_project() };
    let Manifest { required, env_file, .. } = &project.manifest;
    if required.is_empty() {
        return Found::skipped("the project asks for none");
    }
    let path = project.folder.join(env_file);
    let text = match believed(&sight, &path) {
        Ok(text) => text,
        Err(why) => return Found::unknown(format!("{env_file}: {why}")),
    };
    let set = text.as_deref().map(keys).unwrap_or_default();
    let is_missing = |key: &&String| {
        !set.contains(key.as_str()) && !sight.env.contains_key(std::ffi::OsStr::new(key.as_str()))
    };
    let missing: Vec<&String> = required.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Found::ok(match required.len() {
            1 => "the one that is needed is".to_owned(),
            several => format!("all {several} are"),
        });
    }
    Found::fail("variables that the project needs are not set")
        .details(missing.iter().copied())
        .remedy(format!("set them in {}, or in the environment", sight.shown(&path)))
        .mend(from_example(&sight, &project, &missing, text.is_none()))
}

/// The steps that take the missing lines over from `.env.example`; none, unless it has them all.
fn from_example(sight: &Sight, project: &Project, missing: &[&String], is_new: bool) -> Vec<Step> {
    let path = project.folder.join(&project.manifest.env_file);
    let Ok(Some(example)) = believed(sight, &project.folder.join(".env.example")) else {
        return Vec::new();
    };
    let lines: Option<Vec<(&String, &str)>> =
        missing.iter().map(|key| Some((*key, line_of(&example, key)?))).collect();
    let lines = lines.unwrap_or_default();
    let file = sight.shown(&path);
    let warning = "the values are those of .env.example; put in your own".to_owned();
    if is_new && !lines.is_empty() {
        // Secrets will stand in it, so nobody else gets to read it.
        let content = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        let title = format!("make {file} from .env.example");
        let step = sight.make_private(&path, &title, content);
        return step.map(|step| Step { warning, ..step }).into_iter().collect();
    }
    let add = |(key, line): &(&String, &str)| {
        let step = sight.add_line(&path, line)?;
        let title = format!("add {key} to {file}, as in .env.example");
        Some(Step { title, warning: warning.clone(), ..step })
    };
    lines.iter().filter_map(add).collect()
}

/// Files that rivals keep for the same purpose: what they are for, whose each is.
const LOCKS: [(&str, &[(&str, &str)]); 2] = [
    (
        "JavaScript",
        &[
            ("package-lock.json", "npm"),
            ("npm-shrinkwrap.json", "npm"),
            ("yarn.lock", "yarn"),
            ("pnpm-lock.yaml", "pnpm"),
            ("bun.lock", "bun"),
            ("bun.lockb", "bun"),
        ],
    ),
    (
        "Python",
        &[
            ("Pipfile.lock", "pipenv"),
            ("poetry.lock", "poetry"),
            ("uv.lock", "uv"),
            ("pdm.lock", "pdm"),
        ],
    ),
];

pub(super) async fn lock_files(sight: Sight) -> Found {
    let Some(project) = Project::of(&sight) else { return no_project() };
    let (mut rivals, mut there) = (Vec::new(), 0);
    for (language, files) in LOCKS {
        let found: Vec<(&str, &str)> =
            files.iter().copied().filter(|(file, _)| project.has(file)).collect();
        there += found.len();
        if found.iter().any(|(_, owner)| found.first().is_some_and(|(_, first)| first != owner)) {
            let names: Vec<String> =
                found.iter().map(|(file, owner)| format!("{file} of {owner}")).collect();
            rivals.push(format!("{language}: {}", names.join(", ")));
        }
    }
    if !rivals.is_empty() {
        return Found::warn(
            "rival package managers each lock other versions, and people get either",
        )
        .details(rivals)
        .remedy("keep the file of the manager that the project uses, and remove the others");
    }
    match there {
        0 => Found::skipped("nothing is locked"),
        _ => Found::ok("one does"),
    }
}
