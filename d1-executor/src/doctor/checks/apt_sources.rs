//! What apt makes of the places that packages come from.

use super::{
    super::{check::Found, sight::Sight},
    apt::no_apt,
    sources::{Source, sheets},
};
use d1_core::Step;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt as _,
};

/// The distributions whose releases do not mix, as they call themselves in `os-release` and in
/// their index. Others are made of these, under names of their own.
const DISTRIBUTIONS: [(&str, &str); 2] = [("debian", "Debian"), ("ubuntu", "Ubuntu")];
/// What a distribution puts behind the name of a release.
const POCKETS: [&str; 6] =
    ["-security", "-updates", "-backports", "-proposed", "-proposed-updates", "/updates"];
/// How gpg is made to look at a key without its own files, which it would make. Only so fast
/// does it need none of them, and leaves it to us to compare the times.
const SHOW_KEYS: [&str; 12] = [
    "gpg",
    "--homedir=/",
    "--no-options",
    "--no-default-keyring",
    "--no-keyring",
    "--trust-model=always",
    "--lock-never",
    "--no-autostart",
    "--batch",
    "--with-colons",
    "--fast-list-mode",
    "--show-keys",
];
/// The most keyrings that gpg is asked about.
const MOST_KEYRINGS: usize = 16;

fn sources(sight: &Sight) -> Result<Vec<Source>, Found> {
    let all: Vec<Source> = sheets(sight)?.iter().flat_map(|sheet| sheet.sources()).collect();
    if all.is_empty() { Err(no_apt()) } else { Ok(all) }
}

pub(super) async fn duplicates(sight: Sight) -> Found {
    let mut sheets = match sheets(&sight) {
        Ok(sheets) => sheets,
        Err(found) => return found,
    };
    // A line can be taken out by itself, so it goes rather than what stands in a paragraph.
    sheets.sort_by_key(super::sources::Sheet::is_of_lines);
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut steps: Vec<Step> = Vec::new();
    for sheet in &sheets {
        let mut kept = String::new();
        if !sheet.is_of_lines() {
            for source in sheet.sources() {
                places.entry(source.identity()).or_default().push(source.place);
            }
            continue;
        }
        for (number, line) in sheet.text.lines().enumerate() {
            let sources = sheet.of_line(number, line);
            // A line that says nothing new can go; one that says some of it is left to people.
            let is_known = |source: &Source| places.contains_key(&source.identity());
            let superfluous = !sources.is_empty() && sources.iter().all(is_known);
            kept += &format!("{}{line}\n", if superfluous { "# " } else { "" });
            for source in sources {
                places.entry(source.identity()).or_default().push(source.place);
            }
        }
        // What is no text would not survive being written anew.
        if kept.lines().ne(sheet.text.lines()) && !sheet.text.contains('\u{fffd}') {
            let file = &sheet.file;
            let title = format!("put a # before what is listed elsewhere in {file}");
            steps.extend(sight.rewrite(&sight.host.file(file), &title, kept));
        }
    }
    let twice: Vec<String> = places
        .iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(source, places)| format!("{source} in {}", places.join(", ")))
        .collect();
    if twice.is_empty() {
        return Found::ok(format!("{} sources", places.len()));
    }
    Found::warn("apt warns of these at every update")
        .details(twice)
        .remedy("put a # in front of one of the lines")
        .mend(steps)
}

/// Every file of keys, with the first place that names it.
fn keyrings(sources: &[Source]) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    for source in sources {
        for key in &source.keys {
            found.entry(key.as_str()).or_insert(source.place.as_str());
        }
    }
    found
}

/// apt reads keys as a user of its own, and ignores what it cannot read.
pub(super) async fn keys(sight: Sight) -> Found {
    let sources = match sources(&sight) {
        Ok(sources) => sources,
        Err(found) => return found,
    };
    let keyrings = keyrings(&sources);
    let (mut wrong, mut steps) = (Vec::new(), Vec::new());
    for (key, place) in &keyrings {
        let path = sight.host.file(key);
        let Some(flaw) = flaw(&path) else { continue };
        wrong.push(format!("{key}: {flaw} ({place})"));
        if let KeyFlaw::Private(mode) = flaw {
            steps.extend(sight.set_mode(&path, mode | 0o444));
        }
    }
    if wrong.is_empty() {
        return Found::ok(match keyrings.len() {
            0 => "no source names a key of its own".to_owned(),
            several => format!("{several} files of keys"),
        });
    }
    Found::fail("apt refuses sources whose key it cannot read")
        .details(wrong)
        .remedy("fetch the key anew, as its maker tells; then: sudo chmod 644 <file>")
        .mend(steps)
}

#[derive(Clone, Copy)]
enum KeyFlaw {
    Absent,
    Empty,
    Private(u32),
    Armoured,
}

impl std::fmt::Display for KeyFlaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => write!(f, "it is not there"),
            Self::Empty => write!(f, "it is empty"),
            Self::Private(mode) => write!(f, "its mode is {mode:04o}, and apt cannot read it"),
            Self::Armoured => write!(f, "it is text, which apt wants to be called .asc"),
        }
    }
}

/// What is wrong with a file of keys; what cannot be told is nothing.
fn flaw(path: &std::path::Path) -> Option<KeyFlaw> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(KeyFlaw::Absent),
        Err(_) => return None,
    };
    let mode = found.permissions().mode() & 0o7777;
    if !found.is_file() {
        None
    } else if found.len() == 0 {
        Some(KeyFlaw::Empty)
    } else if mode & 0o004 == 0 {
        Some(KeyFlaw::Private(mode))
    } else {
        let text = super::super::sight::read(path).ok().flatten()?;
        let is_binary_name = path.extension().is_some_and(|end| end == "gpg");
        (is_binary_name && text.starts_with("-----BEGIN")).then_some(KeyFlaw::Armoured)
    }
}

pub(super) async fn expired_keys(sight: Sight) -> Found {
    if !sight.has("gpg") {
        return Found::skipped("there is no gpg to ask");
    }
    let sources = match sources(&sight) {
        Ok(sources) => sources,
        Err(found) => return found,
    };
    let now = sight.host.clock.now().0 / 1000;
    let (mut wrong, mut good, mut silent) = (Vec::new(), 0, false);
    for (key, place) in keyrings(&sources).into_iter().take(MOST_KEYRINGS) {
        let path = sight.host.file(key);
        let Some(path) = path.to_str().filter(|_| path.is_file()) else { continue };
        let words: Vec<&str> = SHOW_KEYS.into_iter().chain([path]).collect();
        match sight.ask(&words).await {
            Ok(said) if said.ok() => match all_over(&said.stdout, now) {
                true => wrong.push(format!("{key} ({place})")),
                false => good += 1,
            },
            Ok(_) => silent = true,
            Err(error) => return Found::unknown(format!("gpg does not tell: {error}")),
        }
    }
    if wrong.is_empty() && silent {
        return Found::unknown("gpg cannot read a file of keys");
    }
    if wrong.is_empty() {
        return Found::ok(format!("{good} files of keys"));
    }
    Found::fail("apt refuses sources whose keys are over")
        .details(wrong)
        .remedy("fetch the key anew, as its maker tells, into the file that is named")
}

/// Whether there are keys, and all of them have expired or were revoked (gpg, `DETAILS`).
fn all_over(listing: &str, now: u64) -> bool {
    let records = listing.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut keys = records.filter(|fields| fields.first() == Some(&"pub")).peekable();
    let is_over = |fields: Vec<&str>| {
        let end = fields.get(6).and_then(|end| end.parse::<u64>().ok());
        matches!(fields.get(1), Some(&"e" | &"r")) || end.is_some_and(|end| end < now)
    };
    keys.peek().is_some() && keys.all(is_over)
}

/// Packages of two releases do not fit together; what the index says of itself decides.
pub(super) async fn suite(sight: Sight) -> Found {
    let sources = match sources(&sight) {
        Ok(sources) => sources,
        Err(found) => return found,
    };
    let release = sight.text("/etc/os-release").ok().flatten().unwrap_or_default();
    let value = |name: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    let id = value("ID").unwrap_or_default();
    let Some((_, origin)) = DISTRIBUTIONS.iter().find(|(name, _)| *name == id) else {
        return Found::skipped("this distribution is made of others");
    };
    let Some(own) = value("VERSION_CODENAME") else {
        return Found::skipped("this release has no name");
    };
    // The unstable one calls itself by the name of the next.
    if value("PRETTY_NAME").is_some_and(|name| name.contains("/sid")) {
        return Found::skipped("this system is of no release yet");
    }
    if has_preferences(&sight) {
        return Found::skipped("preferences say which release wins");
    }
    let seen: BTreeSet<(&str, &str)> =
        sources.iter().map(|source| (source.uri.as_str(), source.suite.as_str())).collect();
    let other = |(uri, suite): &(&str, &str)| {
        let codename = codename(&sight, origin, uri, suite)?;
        (codename != own).then(|| format!("{uri} {suite} is of {codename}"))
    };
    let others: Vec<String> = seen.iter().filter_map(other).collect();
    if others.is_empty() {
        return Found::ok(format!("all are of {own}"));
    }
    Found::warn(format!("this is {own}, and packages of another release do not fit into it"))
        .details(others)
        .remedy(format!("write {own} in the files of /etc/apt, then: sudo apt-get update"))
        .remedy("to change to another release, follow its release notes")
}

/// Whether somebody said which release wins: then they mix them on purpose.
fn has_preferences(sight: &Sight) -> bool {
    let folder = "/etc/apt/preferences.d";
    let names = fs::read_dir(sight.host.file(folder)).into_iter().flatten().flatten();
    let files = names.map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy()));
    files.chain(["/etc/apt/preferences".to_owned()]).any(|file| {
        let text = sight.text(&file).ok().flatten().unwrap_or_default();
        text.lines().any(|line| line.starts_with("Pin: release"))
    })
}

/// Which release of a distribution the index of a source is of; `None` when it is of none.
fn codename(sight: &Sight, origin: &str, uri: &str, suite: &str) -> Option<String> {
    let (_, place) = uri.split_once("://")?;
    let name = format!("{place}/dists/{suite}").replace('/', "_");
    let texts = ["InRelease", "Release"]
        .into_iter()
        .filter_map(|kind| sight.text(&format!("/var/lib/apt/lists/{name}_{kind}")).ok().flatten());
    let text = texts.into_iter().next()?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::trim)
    };
    // Of what is never taken by itself (experimental, backports) nothing gets mixed in.
    if field("Origin")? != origin || field("NotAutomatic") == Some("yes") {
        return None;
    }
    let name = field("Codename")?;
    let pocket = POCKETS.iter().find_map(|pocket| name.strip_suffix(pocket));
    Some(pocket.unwrap_or(name).to_owned())
}
