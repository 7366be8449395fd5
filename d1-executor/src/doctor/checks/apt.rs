//! apt and dpkg: what they have noted, and who is at it.

use super::super::{
    check::Found,
    sight::{MOST_READ, Sight},
};
use crate::packages::{Holder, holder_of};
use d1_core::Manager;
use std::io;

/// An older index does not know this month's security updates.
const OLD_INDEX: u64 = 30 * 24 * 3600;
/// No installation that goes well takes longer, in seconds.
const LONG_WORK: u64 = 3600;
/// What the kernel counts the time of processes in, per second (`proc_pid_stat(5)`).
const TICKS: u64 = 100;

pub(super) const STATUS: &str = "/var/lib/dpkg/status";
/// What whoever installs, removes or fetches packages locks.
const LOCKS: [&str; 4] = [
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/lock",
    "/var/cache/apt/archives/lock",
    "/var/lib/apt/lists/lock",
];

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

pub(super) fn no_apt() -> Found {
    Found::skipped("packages are not kept by dpkg here")
}

/// Whoever is at the packages right now: what is half done is then being done.
fn holder(sight: &Sight) -> Option<Holder> {
    let locks = LOCKS.map(|lock| sight.host.file(lock));
    holder_of(&sight.host, &locks)
}

fn at_work(holder: &Holder) -> Found {
    Found::skipped(format!("{holder} is at work; ask again when it is done"))
}

pub(super) async fn lock(sight: Sight) -> Found {
    if !sight.host.file(STATUS).exists() {
        return no_apt();
    }
    let Some(holder) = holder(&sight) else { return Found::ok("nobody is") };
    let pid = holder.pid;
    let stat = sight.host.read(&format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may have anything in it; the rest comes after the last of them.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    if fields.first() == Some(&"T") {
        return Found::warn(format!(
            "{holder} was stopped in the middle of its work, and blocks it"
        ))
        .remedy(format!("let it go on: sudo kill -CONT {pid}"));
    }
    let age = age(&sight, &fields);
    let since = age.map_or_else(String::new, |age| format!(", for {} min", age / 60));
    let found = Found::warn(format!("{holder} is at work{since}; nothing else can be installed"));
    if age.is_some_and(|age| age > LONG_WORK) {
        return found
            .remedy(format!("see what it waits for: ps -o pid,stat,etime,args -p {pid}"))
            .remedy("do not remove the lock: it is what keeps the packages whole");
    }
    found.remedy("wait for it; d1-doctor install does so by itself")
}

/// For how many seconds a process has run.
fn age(sight: &Sight, fields: &[&str]) -> Option<u64> {
    let started: u64 = fields.get(19)?.parse().ok()?;
    let uptime = sight.host.read("/proc/uptime")?;
    let uptime: u64 = uptime.split('.').next()?.parse().ok()?;
    uptime.checked_sub(started / TICKS)
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
    if let Some(holder) = holder(&sight) {
        return at_work(&holder);
    }
    // What dpkg itself says must be installed again is not put right by finishing it.
    let can_finish = packages.iter().all(|package| package.flag != "reinstreq");
    Found::fail("an installation was cut off; apt refuses to work until it is finished")
        .details(broken)
        .remedy("sudo dpkg --configure -a")
        .remedy("sudo apt-get --fix-broken install")
        .mend(sight.finish_packages().filter(|_| can_finish))
}

/// dpkg writes down in numbered files what it is about to note, as apt looks for them.
pub(super) async fn interrupted(sight: Sight) -> Found {
    let entries = match std::fs::read_dir(sight.host.file("/var/lib/dpkg/updates")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return no_apt(),
        Err(error) => return Found::unreadable("dpkg's journal", &error),
    };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_entry = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
    let left = names.filter(is_entry).count();
    if left == 0 {
        return Found::ok("none was");
    }
    if let Some(holder) = holder(&sight) {
        return at_work(&holder);
    }
    Found::fail("dpkg was cut off; apt refuses to work until it has put its notes in order")
        .details([format!("{left} notes in /var/lib/dpkg/updates")])
        .remedy("sudo dpkg --configure -a")
        .mend(sight.finish_packages())
}

/// dpkg refuses a database that does not end with a line, as after a full disk.
pub(super) async fn status(sight: Sight) -> Found {
    let text = match sight.text(STATUS) {
        Ok(Some(text)) => text,
        Ok(None) if sight.host.file("/var/lib/dpkg/status-old").exists() => String::new(),
        Ok(None) => return no_apt(),
        Err(error) => return Found::unreadable("dpkg's database", &error),
    };
    let old = sight.text("/var/lib/dpkg/status-old").ok().flatten().unwrap_or_default();
    let wrong = if text.trim().is_empty() && !old.trim().is_empty() {
        "it is empty, and the copy of before is not"
    } else if text.contains('\0') {
        "there are zeros in it, as after a power cut"
    } else if !text.is_empty() && !text.ends_with('\n') && (text.len() as u64) < MOST_READ {
        "its last line is cut off, as after a full disk"
    } else {
        return Found::ok("it is");
    };
    Found::fail("dpkg's database of packages is damaged, and nothing can be installed")
        .details([format!("{STATUS}: {wrong}")])
        .remedy("see that the copy of before is whole: tail /var/lib/dpkg/status-old")
        .remedy("sudo cp /var/lib/dpkg/status-old /var/lib/dpkg/status")
        .remedy("older copies are in /var/backups/dpkg.status.*")
}

pub(super) async fn config(sight: Sight) -> Found {
    if !sight.has("apt-config") {
        return no_apt();
    }
    match sight.ask(&["apt-config", "dump"]).await {
        Ok(said) if said.ok() => Found::ok("it can"),
        Ok(said) if said.code == Some(100) => {
            Found::fail("apt cannot read its own settings, and does nothing")
                .details(said.stderr.lines().filter(|line| line.starts_with("E:")))
                .remedy("mend the line that is named, in /etc/apt/apt.conf.d")
        }
        Ok(_) => Found::unknown("apt-config does not tell"),
        Err(error) => Found::unknown(format!("apt-config does not tell: {error}")),
    }
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
    // A list that is as it was keeps its age when apt looks for a newer one; its folders do not.
    let stamps = ["lists", "lists/partial", "periodic/update-success-stamp"];
    let stamps = stamps.iter().map(|name| sight.host.file(&format!("/var/lib/apt/{name}")));
    let age = sight.host.age_of_newest(&lists.iter().cloned().chain(stamps).collect::<Vec<_>>());
    match age.filter(|_| !lists.is_empty()) {
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
