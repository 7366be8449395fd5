//! apt and dpkg.

use super::super::{check::Found, sight::Sight};
use d1_core::Manager;
use std::{collections::BTreeMap, io};

/// An older index does not know this month's security updates.
const OLD_INDEX: u64 = 30 * 24 * 3600;

const STATUS: &str = "/var/lib/dpkg/status";

/// A package of dpkg's database with its three-word status.
struct Listed {
    name: String,
    want: String,
    flag: String,
    is: String,
}

/// The packages of dpkg's database; `None` when there is none.
fn packages(sight: &Sight) -> io::Result<Option<Vec<Listed>>> {
    let Some(text) = sight.text(STATUS)? else { return Ok(None) };
    let mut found = Vec::new();
    for paragraph in text.split("\n\n") {
        let field = |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name));
        let (Some(name), Some(status)) = (field("Package: "), field("Status: ")) else { continue };
        let mut words = status.split_whitespace().map(str::to_owned);
        if let (Some(want), Some(flag), Some(is)) = (words.next(), words.next(), words.next()) {
            found.push(Listed { name: name.trim().to_owned(), want, flag, is });
        }
    }
    Ok(Some(found))
}

fn no_apt() -> Found {
    Found::skipped("packages are not kept by dpkg here")
}

pub(super) async fn broken(sight: Sight) -> Found {
    let packages = match packages(&sight) {
        Ok(Some(packages)) => packages,
        Ok(None) => return no_apt(),
        Err(error) => return Found::unreadable("dpkg's database", &error),
    };
    let whole = ["installed", "not-installed", "config-files"];
    let broken: Vec<String> = packages
        .iter()
        .filter(|package| package.flag == "reinstreq" || !whole.contains(&package.is.as_str()))
        .map(|package| format!("{}: {}", package.name, package.is))
        .collect();
    if broken.is_empty() {
        return Found::ok(format!("{} packages are whole", packages.len()));
    }
    Found::fail("an installation was cut off; apt refuses to work until it is finished")
        .details(broken)
        .remedy("sudo dpkg --configure -a")
        .remedy("sudo apt-get --fix-broken install")
        .mend(sight.finish_packages())
}

pub(super) async fn held(sight: Sight) -> Found {
    let packages = match packages(&sight) {
        Ok(Some(packages)) => packages,
        Ok(None) => return no_apt(),
        Err(error) => return Found::unreadable("dpkg's database", &error),
    };
    let held: Vec<&str> = packages
        .iter()
        .filter(|package| package.want == "hold")
        .map(|package| package.name.as_str())
        .collect();
    if held.is_empty() {
        return Found::ok("none is");
    }
    Found::warn("packages that are held back get no updates, security ones neither")
        .details(held)
        .remedy("let one go: sudo apt-mark unhold <package>")
}

pub(super) async fn index_age(sight: Sight) -> Found {
    if !sight.host.file(STATUS).exists() {
        return no_apt();
    }
    let folder = sight.host.file("/var/lib/apt/lists");
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return Found::unreadable("the package index", &error),
    };
    let lists: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with("Release"))
        .collect();
    match sight.host.age_of_newest(&lists) {
        None => Found::warn("there is no package index, so nothing can be installed")
            .remedy("sudo apt-get update")
            .mend(sight.refresh_index(Manager::Apt)),
        Some(age) if age.as_secs() > OLD_INDEX => {
            let days = age.as_secs() / 86_400;
            Found::warn(format!("the package index is {days} days old"))
                .remedy("sudo apt-get update")
                .mend(sight.refresh_index(Manager::Apt))
        }
        Some(age) => Found::ok(format!("{} h old", age.as_secs() / 3600)),
    }
}

/// `sources.list(5)`, in its one-line form.
pub(super) async fn duplicate_sources(sight: Sight) -> Found {
    let mut files = vec!["/etc/apt/sources.list".to_owned()];
    if let Ok(entries) = std::fs::read_dir(sight.host.file("/etc/apt/sources.list.d")) {
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let lists = names.filter(|name| name.ends_with(".list"));
        files.extend(lists.map(|name| format!("/etc/apt/sources.list.d/{name}")));
    }
    files.sort();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut steps = Vec::new();
    for file in &files {
        let text = match sight.text(file) {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => return Found::unreadable(file, &error),
        };
        let mut kept = String::new();
        for (number, line) in text.lines().enumerate() {
            let sources = sources(line);
            // A line that says nothing new can go; one that says some of it is left to people.
            let is_known = |source: &String| places.contains_key(source);
            let superfluous = !sources.is_empty() && sources.iter().all(is_known);
            kept += &format!("{}{line}\n", if superfluous { "# " } else { "" });
            for source in sources {
                places.entry(source).or_default().push(format!("{file}:{}", number + 1));
            }
        }
        // What is no text would not survive being written anew.
        if kept.lines().ne(text.lines()) && !text.contains('\u{fffd}') {
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

/// Each component of a source on its own: `deb http://x y main`.
fn sources(line: &str) -> Vec<String> {
    let line = line.split('#').next().unwrap_or_default();
    // `deb [arch=amd64 signed-by=…] place suite components…`
    let plain = match (line.find('['), line.find(']')) {
        (Some(from), Some(to)) if from < to => format!("{} {}", &line[..from], &line[to + 1..]),
        _ => line.to_owned(),
    };
    let words: Vec<&str> = plain.split_whitespace().collect();
    let [kind @ ("deb" | "deb-src"), place, suite, components @ ..] = words.as_slice() else {
        return Vec::new();
    };
    let place = place.trim_end_matches('/');
    components.iter().map(|component| format!("{kind} {place} {suite} {component}")).collect()
}
