//! What apt's and dpkg's words mean.

use crate::packages::trouble::{Trouble, tail_of};

/// What went wrong, from everything apt wrote; `None` when its words fit nothing known.
///
/// `room` tells how much space is free, for when there is none.
pub(super) fn classify(text: &str, room: impl FnOnce() -> String) -> Option<Trouble> {
    let has = |needle: &str| text.contains(needle);
    if has("No space left on device") || has("You don't have enough free space in") {
        return Some(Trouble::DiskFull { room: room() });
    }
    if has("dpkg was interrupted, you must manually run") {
        return Some(Trouble::Interrupted { packages: Vec::new() });
    }
    if has("(13: Permission denied)") && has("are you root?") {
        return Some(Trouble::NeedsRoot);
    }
    lock(text)
        .or_else(|| script(text))
        .or_else(|| not_found(text))
        .or_else(|| unmet(text))
        .or_else(|| removals(text))
        .or_else(|| stale(text))
        .or_else(|| unreachable(text))
        .or_else(|| signature(text))
}

fn line_with<'t>(text: &'t str, needles: &[&str]) -> Option<&'t str> {
    text.lines().map(str::trim).find(|line| needles.iter().any(|needle| line.contains(needle)))
}

/// What stands between two pieces of text.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let rest = text.split_once(before)?.1;
    rest.split_once(after).map(|(inside, _)| inside)
}

fn lock(text: &str) -> Option<Trouble> {
    let line = line_with(
        text,
        &[
            "Could not get lock",
            "Unable to acquire the dpkg frontend lock",
            "Unable to lock directory",
            "dpkg frontend lock is locked by another process",
            "dpkg frontend lock was locked by another process",
        ],
    )?;
    let pid = between(line, "held by process ", " ").or_else(|| between(line, "with pid ", " "));
    let name = between(line, "(", ")");
    let holder = match (pid, name) {
        (Some(pid), Some(name)) => format!("{name} (pid {pid})"),
        (Some(pid), None) => format!("process {pid}"),
        (None, _) => String::new(),
    };
    Some(Trouble::LockHeld { holder })
}

fn script(text: &str) -> Option<Trouble> {
    const KINDS: [(&str, &str); 4] = [
        ("post-installation", "post-installation"),
        ("pre-installation", "pre-installation"),
        ("pre-removal", "pre-removal"),
        ("post-removal", "post-removal"),
    ];
    // `new jq package pre-installation script subprocess returned error exit status 1`
    let line = line_with(text, &["script subprocess"])?;
    let package =
        between(line, "installed ", " package").or_else(|| between(line, "new ", " package"));
    let package = package.or_else(|| between(line, "old ", " package")).unwrap_or("unknown");
    let script =
        KINDS.iter().find(|(needle, _)| line.contains(needle)).map_or("maintainer", |k| k.1);
    Some(Trouble::Script {
        package: package.to_owned(),
        script: script.to_owned(),
        tail: said_by(package, text),
    })
}

/// What a package's own script wrote: between apt's word that it begins and dpkg's that it
/// failed; the last lines of all when these are not found.
fn said_by(package: &str, text: &str) -> Vec<String> {
    let until = text.find("dpkg: error processing").unwrap_or(text.len());
    let before = &text[..until];
    let begins = ["Setting up ", "Preparing to unpack ", "Unpacking ", "Removing ", "Purging "];
    let start = begins.iter().filter_map(|word| {
        let at = before.rfind(&format!("\n{word}{package} "))? + 1;
        Some(at + before[at..].find('\n')?)
    });
    let said = start.max().map_or("", |at| &before[at..]);
    if said.trim().is_empty() { tail_of(text) } else { tail_of(said) }
}

fn not_found(text: &str) -> Option<Trouble> {
    let name = |line: &str| {
        let rest = line.trim().strip_prefix("E: ")?;
        let unknown = rest.strip_prefix("Unable to locate package ");
        let quoted = || {
            let lost = rest.contains("has no installation candidate")
                || (rest.starts_with("Version") && rest.ends_with("was not found"));
            lost.then(|| rest.rsplit('\'').nth(1)).flatten()
        };
        unknown.or_else(quoted).map(|name| name.trim().to_owned())
    };
    let names: Vec<String> = text.lines().filter_map(name).collect();
    (!names.is_empty()).then_some(Trouble::NotFound { names, similar: Vec::new() })
}

fn unmet(text: &str) -> Option<Trouble> {
    const START: &str = "The following packages have unmet dependencies:";
    let start = text.find(START).map(|at| &text[at + START.len()..]);
    let plain = || line_with(text, &["E: Unmet dependencies", "you have held broken packages"]);
    let lines: Vec<String> = match start {
        Some(rest) => {
            let told = rest.lines().skip(1).take_while(|line| line.starts_with(' '));
            told.map(|line| line.trim().to_owned())
                .take(crate::packages::trouble::TAIL_LINES)
                .collect()
        }
        None => vec![plain()?.to_owned()],
    };
    Some(Trouble::Unmet { lines })
}

fn removals(text: &str) -> Option<Trouble> {
    if text.contains("Essential packages were removed") || text.contains("allow-remove-essential") {
        return Some(Trouble::Essential);
    }
    line_with(text, &["Packages need to be removed but remove is disabled"])?;
    let start = text.split_once("The following packages will be REMOVED:").map(|(_, rest)| rest);
    let lines = start.unwrap_or_default().lines().skip(1).take_while(|line| line.starts_with(' '));
    let names = lines.flat_map(str::split_whitespace).map(|n| n.trim_end_matches('*').to_owned());
    Some(Trouble::Removals { names: names.collect() })
}

fn stale(text: &str) -> Option<Trouble> {
    let line = line_with(
        text,
        &["404  Not Found", "404 Not Found", "Hash Sum mismatch", "File has unexpected size"],
    )?;
    // A repository without a Release file answers 404 too, and is another trouble.
    let missing_release = text.contains("does not have a Release file");
    (!missing_release).then(|| Trouble::Stale { said: line.to_owned() })
}

fn unreachable(text: &str) -> Option<Trouble> {
    let line = line_with(
        text,
        &[
            "Temporary failure resolving",
            "Could not resolve",
            "Could not connect to",
            "Cannot initiate the connection",
            "Unable to connect to",
            "Connection timed out",
            "Connection failed",
            "Connection refused",
            "Network is unreachable",
            "Some index files failed to download",
            "Unable to fetch some archives",
        ],
    )?;
    let quoted = between(line, "resolving '", "'").or_else(|| between(line, "resolve '", "'"));
    let dialled = || {
        let rest =
            between(line, "onnect to ", " ").or_else(|| between(line, "connection to ", " "))?;
        Some(rest.trim_end_matches(':'))
    };
    let fetched = || between(text, "Failed to fetch ", " ").and_then(host_of);
    let host = quoted.or_else(dialled).or_else(fetched).unwrap_or_default();
    Some(Trouble::Unreachable { host: host.to_owned(), said: line.to_owned() })
}

fn host_of(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split('/').next()
}

fn signature(text: &str) -> Option<Trouble> {
    let line = line_with(
        text,
        &[
            "NO_PUBKEY",
            "EXPKEYSIG",
            "REVKEYSIG",
            "BADSIG",
            "is not signed",
            "does not have a Release file",
            "is not valid yet",
            "is expired",
            "signatures were invalid",
            "There were unauthenticated packages",
        ],
    )?;
    Some(Trouble::Signature { said: line.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Trouble {
        classify(text, || "/var has 3 MB free".into()).expect("these words are known")
    }

    #[test]
    fn the_words_of_apt_are_understood() {
        let lock = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 2180 (unattended-upgr)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?";
        assert_eq!(of(lock), Trouble::LockHeld { holder: "unattended-upgr (pid 2180)".into() });
        let unknown =
            "E: Unable to locate package jqq\nE: Package 'awkk' has no installation candidate";
        assert_eq!(
            of(unknown),
            Trouble::NotFound { names: vec!["jqq".into(), "awkk".into()], similar: vec![] }
        );
        let gone = "E: Version '1.5' for 'jq' was not found";
        assert_eq!(of(gone), Trouble::NotFound { names: vec!["jq".into()], similar: vec![] });
        let full = "dpkg: error: failed to write: No space left on device";
        assert_eq!(of(full), Trouble::DiskFull { room: "/var has 3 MB free".into() });
        let cut = "E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the problem.";
        assert_eq!(of(cut), Trouble::Interrupted { packages: vec![] });
        let denied = "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?";
        assert_eq!(of(denied), Trouble::NeedsRoot);
    }

    #[test]
    fn unmet_dependencies_come_with_their_lines() {
        let text = "Some packages could not be installed.\nThe following packages have unmet dependencies:\n d1-a : Depends: d1-b (>= 2) but 1 is to be installed\n        Depends: d1-c but it is not installable\nE: Unable to correct problems, you have held broken packages.";
        let lines = vec![
            "d1-a : Depends: d1-b (>= 2) but 1 is to be installed".to_owned(),
            "Depends: d1-c but it is not installable".to_owned(),
        ];
        assert_eq!(of(text), Trouble::Unmet { lines });
    }

    #[test]
    fn an_unreachable_mirror_is_named() {
        for (text, host) in [
            (
                "Err:1 http://mirror.example/debian bookworm InRelease\n  Temporary failure resolving 'mirror.example'",
                "mirror.example",
            ),
            (
                "Err:1 http://127.0.0.1:9 x InRelease\n  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)",
                "127.0.0.1:9",
            ),
            ("E: Failed to fetch http://m.example/x.deb  Connection timed out", "m.example"),
        ] {
            let trouble = of(text);
            assert!(
                matches!(&trouble, Trouble::Unreachable { host: found, .. } if found == host),
                "{trouble:?}"
            );
        }
    }

    #[test]
    fn a_failed_script_is_named_with_its_package_and_its_own_words() {
        let text = "Unpacking d1-bad (1.0) ...\nSetting up d1-bad (1.0) ...\nmy own words\ndpkg: error processing package d1-bad (--configure):\n installed d1-bad package post-installation script subprocess returned error exit status 3\nErrors were encountered while processing:\n d1-bad\nE: Sub-process /usr/bin/dpkg returned an error code (1)";
        let Trouble::Script { package, script, tail } = of(text) else {
            panic!("a script failed");
        };
        assert_eq!((package.as_str(), script.as_str()), ("d1-bad", "post-installation"));
        assert_eq!(tail, ["my own words"]);
    }

    #[test]
    fn a_mirror_that_moved_on_is_told_from_one_that_never_signed() {
        assert!(matches!(
            of("E: Failed to fetch http://x/y.deb  404  Not Found [IP: 1.2.3.4 80]"),
            Trouble::Stale { .. }
        ));
        assert!(matches!(
            of(
                "  404  Not Found\nE: The repository 'http://x y Release' does not have a Release file."
            ),
            Trouble::Signature { .. }
        ));
        assert!(matches!(
            of(
                "W: GPG error: http://x y InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 648ACFD622F3D138"
            ),
            Trouble::Signature { .. }
        ));
    }

    #[test]
    fn packages_that_would_go_are_listed() {
        let text = "The following packages will be REMOVED:\n  exim4 exim4-base*\nE: Packages need to be removed but remove is disabled.";
        assert_eq!(
            of(text),
            Trouble::Removals { names: vec!["exim4".into(), "exim4-base".into()] }
        );
    }

    #[test]
    fn words_nobody_knows_are_left_alone() {
        assert_eq!(classify("E: something new", String::new), None);
    }
}
