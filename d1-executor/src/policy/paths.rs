//! Which paths a word may name.

use std::path::{Component, Path, PathBuf};

/// The most pieces of one word that are looked at; of a word with more nobody can tell.
const MOST_PIECES: usize = 32;

/// Signs between which a word may hold a path: `--out=/x`, `host:/x`, `@/x`, `/a,/b`.
const BETWEEN: &str = "=:@,; ";

/// Every path that `word` may name, seen from `cwd`; as written, with `..` in it. `None` when it
/// may name more than are looked at.
pub(super) fn named(word: &str, cwd: &Path, home: &Path) -> Option<Vec<PathBuf>> {
    let mut pieces: Vec<&str> = vec![word];
    pieces.extend(word.split(|c| BETWEEN.contains(c)));
    pieces.extend(word.find('/').map(|at| &word[at..]));
    pieces.extend(word.find("~/").map(|at| &word[at..]));
    // `-f/x` and `-fx`.
    let mut letters = word.chars();
    if letters.next() == Some('-') && letters.next().is_some_and(|second| second != '-') {
        pieces.push(letters.as_str());
    }
    pieces.retain(|piece| !piece.is_empty());
    if pieces.len() > MOST_PIECES {
        return None;
    }
    let mut paths: Vec<PathBuf> = pieces.iter().map(|piece| absolute(piece, cwd, home)).collect();
    paths.sort();
    paths.dedup();
    Some(paths)
}

/// The path that a piece is, whole, seen from `cwd`.
pub(super) fn absolute(piece: &str, cwd: &Path, home: &Path) -> PathBuf {
    match piece.strip_prefix('~') {
        Some("") => home.to_path_buf(),
        Some(rest) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        Some(_) | None => cwd.join(piece),
    }
}

/// `path` without `.` and `..`, as if there were no links.
pub(super) fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_however_it_is_attached() {
        let (cwd, home) = (Path::new("/papers"), Path::new("/home/ada"));
        for (word, path) in [
            ("/etc/shadow", "/etc/shadow"),
            ("../etc/./shadow", "/etc/shadow"),
            ("--file=/etc/shadow", "/etc/shadow"),
            ("-f/etc/shadow", "/etc/shadow"),
            ("-fnotes", "/papers/notes"),
            ("if=../etc/shadow", "/etc/shadow"),
            ("@/etc/shadow", "/etc/shadow"),
            ("data@~/.ssh/id", "/home/ada/.ssh/id"),
            ("file:///etc/shadow", "/etc/shadow"),
            ("/a:/etc/shadow:ro", "/etc/shadow"),
            ("~", "/home/ada"),
            ("//etc///shadow", "/etc/shadow"),
        ] {
            let named = named(word, cwd, home).unwrap();
            let found: Vec<PathBuf> = named.iter().map(|path| plain(path)).collect();
            assert!(found.contains(&PathBuf::from(path)), "{word}: {found:?}");
        }
    }

    #[test]
    fn a_word_with_more_paths_than_are_looked_at_is_not_taken_for_one_with_none() {
        let word = format!("{}/etc/shadow", "/x:".repeat(40));
        assert_eq!(named(&word, Path::new("/"), Path::new("/")), None);
    }
}
