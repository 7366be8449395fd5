//! What is mounted where, and what was meant to be (`proc_pid_mounts(5)`, `fstab(5)`).

use super::super::sight::Sight;
use std::io;

/// A mounted file system.
pub(super) struct Mount {
    /// What is mounted.
    pub(super) device: String,
    /// Where.
    pub(super) place: String,
    /// The kind of file system.
    pub(super) kind: String,
    options: Vec<String>,
}

impl Mount {
    /// Whether it has this option.
    pub(super) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|own| own == option)
    }

    fn holds(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.place.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The mounts that a table lists; both files are of the same form.
pub(super) fn read(table: &str) -> Vec<Mount> {
    let lines = table.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mounts = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        let (device, place) = (unescape(words.next()?), unescape(words.next()?));
        let kind = words.next()?.to_owned();
        let options = words.next()?.split(',').map(str::to_owned).collect();
        Some(Mount { device, place, kind, options })
    });
    mounts.collect()
}

/// Everything that is mounted; `None` where the system does not tell.
pub(super) fn mounted(sight: &Sight) -> io::Result<Option<Vec<Mount>>> {
    Ok(sight.text("/proc/mounts")?.map(|table| read(&table)))
}

/// The file system that holds a path: of the deepest, the last one that was mounted.
pub(super) fn holding<'a>(mounts: &'a [Mount], path: &str) -> Option<&'a Mount> {
    mounts.iter().filter(|mount| mount.holds(path)).max_by_key(|mount| mount.place.len())
}

/// Blanks are written as `\040`.
fn unescape(word: &str) -> String {
    word.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_held_by_the_deepest_mount_above_it_and_of_two_by_the_last() {
        let table = "/dev/a / ext4 rw 0 0\n# no\n/dev/b /home ext4 rw 0 0\n\
                     /dev/c /home ext4 ro 0 0\n/dev/d /a\\040b ext4 rw 0 0\nbroken\n";
        let mounts = read(table);
        let device = |path| holding(&mounts, path).map(|mount| mount.device.as_str());
        assert_eq!(device("/home/maya"), Some("/dev/c"));
        assert_eq!(device("/home"), Some("/dev/c"));
        assert_eq!(device("/homes"), Some("/dev/a"));
        assert_eq!(device("/a b/c"), Some("/dev/d"));
    }
}
