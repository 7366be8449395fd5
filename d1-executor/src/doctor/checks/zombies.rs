//! Processes that have ended and that nobody has asked about.

use super::super::{check::Found, sight::Sight};
use std::collections::BTreeMap;

/// A few come and go; this many do not.
const MANY: usize = 50;
/// More processes than this are not looked at.
const MOST: usize = 32_768;

/// proc_pid_stat(5): the name in brackets may hold anything.
fn ended(stat: &str) -> Option<u32> {
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    (words.next()? == "Z").then(|| words.next()?.parse().ok()).flatten()
}

pub(super) async fn zombies(sight: Sight) -> Found {
    let entries = match std::fs::read_dir(sight.host.file("/proc")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Found::skipped("this system does not tell");
        }
        Err(error) => return Found::unreadable("/proc", &error),
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let numbers = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let mut parents: BTreeMap<u32, usize> = BTreeMap::new();
    for number in numbers.take(MOST) {
        let stat = sight.text(&format!("/proc/{number}/stat")).ok().flatten();
        if let Some(parent) = stat.as_deref().and_then(ended) {
            *parents.entry(parent).or_default() += 1;
        }
    }
    let all: usize = parents.values().sum();
    if all < MANY {
        return Found::ok(format!("{all} of them"));
    }
    let details = parents.iter().map(|(parent, count)| {
        let name = sight.text(&format!("/proc/{parent}/comm")).ok().flatten().unwrap_or_default();
        format!("{count} of process {parent} ({})", name.trim())
    });
    Found::warn(format!("{all} ended processes take places that others need"))
        .details(details)
        .remedy("restart the program that does not look after them; it is named above")
}
