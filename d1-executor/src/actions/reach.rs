//! What a failed program reached for that its step does not name: read from its last words, and
//! told only where the walls really were in the way.

use crate::sandbox::{Access, Given, Grant, SandboxBackend};
use std::path::{Path, PathBuf};

/// By these words programs tell that something was not there, or not theirs.
const REFUSALS: [&str; 4] = [
    "Permission denied",
    "Read-only file system",
    "No such file or directory",
    "Operation not permitted",
];
/// How many different paths are looked into; a program that fails on more has failed on these.
const MOST_PATHS: usize = 32;

/// The first path of `words` that the walls of `grant` were in the way of, and what the step
/// would have had to name it for.
pub(super) fn undeclared(
    sandbox: &dyn SandboxBackend,
    grant: &Grant,
    words: &str,
) -> Option<(PathBuf, Access)> {
    let lines = words.lines().rev().filter(|line| REFUSALS.iter().any(|said| line.contains(said)));
    let mut looked_into = 0;
    for line in lines {
        let changes = line.contains(REFUSALS[1]);
        for path in paths(line, &grant.cwd) {
            looked_into += 1;
            if looked_into > MOST_PATHS {
                return None;
            }
            // On the machine it is there, or could be made: whatever it is, it is not missing.
            let is_there = path.symlink_metadata().is_ok();
            let could_be = path.parent().is_some_and(Path::is_dir);
            match sandbox.given(grant, &path).ok()? {
                Given::Nothing if is_there => return Some((path, Access::Read)),
                Given::Nothing if could_be => return Some((path, Access::Write)),
                Given::Read if changes || !is_there && could_be => {
                    return Some((path, Access::Write));
                }
                Given::Nothing | Given::Read | Given::Write => {}
            }
        }
    }
    None
}

/// The paths that a line of words names.
fn paths<'a>(line: &'a str, cwd: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
    let ends = |c: char| c.is_whitespace() || "'\"`‘’“”:;,()<>[]=".contains(c);
    let named = line.split(ends).map(|word| word.trim_end_matches(['.', '/']));
    let is_path = |word: &&str| word.len() > 1 && word.contains('/') && !word.contains("//");
    named.filter(is_path).map(move |word| cwd.join(word)).filter(|path| {
        path.components().all(|part| !matches!(part, std::path::Component::ParentDir))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_the_ways_in_which_programs_write_them() {
        let of = |line: &str| paths(line, Path::new("/home/ada")).collect::<Vec<_>>();
        for line in [
            "cat: /srv/x: Permission denied",
            "touch: cannot touch '/srv/x': Read-only file system",
            "sh: 1: cannot create /srv/x: Permission denied",
            "open(\"/srv/x\") = No such file or directory",
            "mkdir: cannot create directory ‘/srv/x’: Permission denied",
        ] {
            assert!(of(line).contains(&PathBuf::from("/srv/x")), "{line}: {:?}", of(line));
        }
        assert_eq!(of("cat: a/b: No such file or directory"), [PathBuf::from("/home/ada/a/b")]);
        assert_eq!(of("fetch https://example.org/x failed"), [] as [PathBuf; 0]);
    }
}
