//! Whether the files that packages brought are as they were brought, by `dpkg --verify`.

use super::{
    super::{check::Found, sight::Sight},
    apt::{STATUS, no_apt},
};
use std::{collections::BTreeMap, path::Path};

/// What a small installation leaves out on purpose, and nobody runs.
const DOCUMENTS: [&str; 8] = [
    "/usr/share/doc/",
    "/usr/share/groff/",
    "/usr/share/gnome/help/",
    "/usr/share/help/",
    "/usr/share/info/",
    "/usr/share/lintian/",
    "/usr/share/locale/",
    "/usr/share/man/",
];

/// As many folders of a path are told as say which program it belongs to.
const FOLDERS: usize = 3;

pub(super) async fn files(sight: Sight) -> Found {
    if !sight.host.file(STATUS).exists() || !sight.has("dpkg") {
        return no_apt();
    }
    let said = match sight.ask_patiently(Path::new("/"), &["dpkg", "--verify"]).await {
        Ok(said) => said,
        Err(error) => return Found::unknown(format!("dpkg does not tell: {error}")),
    };
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for path in said.stdout.lines().filter_map(changed) {
        *places.entry(place(path)).or_default() += 1;
    }
    if places.is_empty() {
        // With an error and not one file it came to nothing.
        let why = || Found::unknown("dpkg cannot look through the files of packages");
        return if said.ok() { Found::ok("they are") } else { why() };
    }
    Found::warn("files of packages were changed or removed, and the next update brings them back")
        .details(places.iter().map(|(place, count)| format!("{place}: {count} of its files")))
        .remedy("tell whose they are: dpkg --search <path>")
        .remedy("bring them back: sudo apt-get install --reinstall <package>")
}

/// The path of a line of `dpkg --verify` that tells of a change that matters. Settings are made
/// to be changed, and what may not be read is not known to have changed.
fn changed(line: &str) -> Option<&str> {
    let (status, rest) = line.split_once(' ')?;
    let is_missing = status == "missing";
    let is_other = status.len() == 9 && status.as_bytes().get(2) == Some(&b'5');
    let path = rest.trim_start();
    let matters = path.starts_with('/')
        && !path.ends_with(')')
        && !DOCUMENTS.iter().any(|folder| path.starts_with(folder));
    ((is_missing || is_other) && matters).then_some(path)
}

/// The folder that tells what a path belongs to.
fn place(path: &str) -> String {
    let mut ends = path.match_indices('/').map(|(at, _)| at).skip(1);
    ends.nth(FOLDERS - 1).and_then(|end| path.get(..end)).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_documents_and_what_may_not_be_read_are_left_out() {
        for (line, path) in [
            ("??5??????   /usr/bin/tool", Some("/usr/bin/tool")),
            ("missing     /usr/lib/x/y", Some("/usr/lib/x/y")),
            ("??5?????? c /etc/tool.conf", None),
            ("missing   c /etc/tool.conf", None),
            ("missing     /usr/share/doc/tool/README", None),
            ("missing     /var/lib/polkit (Permission denied)", None),
            ("?????????   /usr/bin/tool", None),
            ("dpkg: error: what", None),
            ("", None),
        ] {
            assert_eq!(changed(line), path, "{line}");
        }
    }

    #[test]
    fn a_place_is_three_folders_deep() {
        assert_eq!(place("/usr/lib/node_modules/npm/x.js"), "/usr/lib/node_modules");
        assert_eq!(place("/usr/bin/tool"), "/usr/bin/tool");
    }
}
