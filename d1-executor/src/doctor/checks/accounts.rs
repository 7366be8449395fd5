//! Users and groups, as the system's own files name them.

use super::super::sight::Sight;

/// A line of `passwd(5)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) group: u32,
    pub(super) shell: String,
}

/// A line of `group(5)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) members: Vec<String>,
}

/// Whoever asks; `None` when the files do not know them.
pub(super) fn user(sight: &Sight) -> Option<User> {
    let text = sight.text("/etc/passwd").ok().flatten()?;
    let own = sight.uid.to_string();
    text.lines().map(|line| line.split(':').collect::<Vec<_>>()).find_map(|fields| {
        let [name, _, uid, gid, _, _, shell, ..] = fields.as_slice() else { return None };
        let group = gid.parse().ok()?;
        (*uid == own).then(|| User { name: (*name).into(), group, shell: (*shell).into() })
    })
}

/// The group of this number.
pub(super) fn group(sight: &Sight, gid: u32) -> Option<Group> {
    let text = sight.text("/etc/group").ok().flatten()?;
    let gid = gid.to_string();
    text.lines().map(|line| line.split(':').collect::<Vec<_>>()).find_map(|fields| {
        let [name, _, number, members, ..] = fields.as_slice() else { return None };
        let members = members.split(',').map(str::to_owned).collect();
        (*number == gid).then(|| Group { name: (*name).into(), members })
    })
}

/// The groups that this session has, whatever the files say by now.
pub(super) fn session_groups(sight: &Sight) -> Option<Vec<u32>> {
    let status = sight.text("/proc/self/status").ok().flatten()?;
    let numbers = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<u32>>())
    };
    let more = numbers("Groups:")?;
    Some(more.into_iter().chain(numbers("Gid:").unwrap_or_default()).collect())
}
