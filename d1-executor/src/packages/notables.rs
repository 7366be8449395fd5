//! What of the machine gives rights to others, or runs by itself: looked at before an
//! installation and after it, in the folders where such things are.

use crate::facts::Host;
use d1_core::{Item, Manifest, Notable};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Where programs are that may have more rights than whoever starts them.
const PROGRAMS: [&str; 7] = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/games",
    "/usr/lib",
    "/usr/libexec",
];
/// How deep below these: programs of a package lie in a folder of its own.
const DEPTH: usize = 3;
/// The most entries that one look takes in; what is beyond is found by the lists of dpkg.
const MOST: usize = 60_000;
/// What runs by itself, by the folder that it is in.
const FOLDERS: [(&str, Notable); 12] = [
    ("/etc/systemd/system", Notable::Unit),
    ("/usr/lib/systemd/system", Notable::Unit),
    ("/lib/systemd/system", Notable::Unit),
    ("/etc/init.d", Notable::InitScript),
    ("/etc/cron.d", Notable::Cron),
    ("/etc/cron.hourly", Notable::Cron),
    ("/etc/cron.daily", Notable::Cron),
    ("/etc/cron.weekly", Notable::Cron),
    ("/etc/cron.monthly", Notable::Cron),
    ("/var/spool/cron/crontabs", Notable::Cron),
    ("/etc/sudoers.d", Notable::Sudo),
    ("/etc/pam.d", Notable::Pam),
];
/// Single files of the same kind.
const FILES: [(&str, Notable); 3] = [
    ("/etc/sudoers", Notable::Sudo),
    ("/etc/crontab", Notable::Cron),
    ("/etc/ld.so.preload", Notable::Preload),
];
/// Of these a change counts, too, and not only that they are there.
const CHANGES_COUNT: [Notable; 3] = [Notable::Sudo, Notable::Pam, Notable::Preload];
/// Bits of the mode by which a program runs as its owner, or its group.
const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;
/// Where a program's own rights are.
const CAPABILITIES: &str = "security.capability";

/// What there is, each with what would be different if it were changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Notables(BTreeMap<Item, (u64, i64, i64)>);

impl Notables {
    /// What there is on `host` now.
    pub(super) fn look(host: &Host) -> Self {
        let mut found = Self::default();
        let mut left = MOST;
        for folder in PROGRAMS {
            found.programs(host, Path::new(folder), DEPTH, &mut left);
        }
        for (folder, kind) in FOLDERS {
            for name in names(&host.file(folder)) {
                found.file(host, &format!("{folder}/{name}"), kind);
            }
        }
        for (file, kind) in FILES {
            found.file(host, file, kind);
        }
        for (list, kind) in [("/etc/passwd", Notable::User), ("/etc/group", Notable::Group)] {
            for line in host.read(list).unwrap_or_default().lines() {
                let what = line.split(':').next().unwrap_or_default().to_owned();
                found.0.insert(Item { kind, what }, (0, 0, 0));
            }
        }
        found
    }

    /// What is new since `before`, or changed where that counts; `lists` are files of packages
    /// that came, wherever they are.
    pub(super) fn since(mut self, before: &Self, host: &Host, lists: &[PathBuf]) -> Manifest {
        let brought: BTreeSet<String> = lists.iter().flat_map(|list| lines(list)).collect();
        for path in brought {
            self.program(host, Path::new(&path));
        }
        let is_new = |(item, state): &(Item, (u64, i64, i64))| match before.0.get(item) {
            None => true,
            Some(earlier) => CHANGES_COUNT.contains(&item.kind) && earlier != state,
        };
        Manifest::of(self.0.into_iter().filter(is_new).map(|(item, _)| item).collect())
    }

    fn programs(&mut self, host: &Host, folder: &Path, depth: usize, left: &mut usize) {
        let Ok(entries) = fs::read_dir(host.file(&folder.to_string_lossy())) else { return };
        for entry in entries.flatten() {
            if *left == 0 {
                return;
            }
            *left -= 1;
            let Ok(kind) = entry.file_type() else { continue };
            let path = folder.join(entry.file_name());
            if kind.is_dir() && depth > 1 {
                self.programs(host, &path, depth - 1, left);
            } else if kind.is_file() {
                self.program(host, &path);
            }
        }
    }

    fn program(&mut self, host: &Host, path: &Path) {
        let shown = path.to_string_lossy().into_owned();
        let file = host.file(&shown);
        let Ok(it) = file.symlink_metadata() else { return };
        if !it.is_file() || it.mode() & 0o111 == 0 {
            return;
        }
        let mut note = |kind| self.0.insert(Item { kind, what: shown.clone() }, (0, 0, 0));
        if it.mode() & SETUID != 0 {
            note(Notable::Setuid);
        }
        if it.mode() & SETGID != 0 {
            note(Notable::Setgid);
        }
        if rustix::fs::lgetxattr(&file, CAPABILITIES, &mut [0_u8; 64][..]).is_ok() {
            note(Notable::Capable);
        }
    }

    fn file(&mut self, host: &Host, path: &str, kind: Notable) {
        let Ok(it) = host.file(path).symlink_metadata() else { return };
        if it.is_dir() {
            return;
        }
        // A unit is known by its name; everything else by where it is.
        let name = path.rsplit('/').next().unwrap_or(path);
        let what = if kind == Notable::Unit { name } else { path }.to_owned();
        self.0.insert(Item { kind, what }, state(&it));
    }
}

fn state(it: &Metadata) -> (u64, i64, i64) {
    (it.size(), it.mtime(), it.mtime_nsec())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn lines(list: &Path) -> Vec<String> {
    fs::read_to_string(list).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::SystemClock;
    use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

    fn machine() -> (tempfile::TempDir, Host) {
        let folder = tempfile::tempdir().unwrap();
        let host =
            Host { root: folder.path().to_path_buf(), ..Host::this(Arc::new(SystemClock::new())) };
        for (path, text) in [
            ("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"),
            ("/etc/group", "root:x:0:\n"),
            ("/etc/sudoers", "root ALL=(ALL) ALL\n"),
            ("/usr/bin/plain", ""),
            ("/usr/bin/old", ""),
        ] {
            write(&host, path, text, 0o755);
        }
        mode(&host, "/usr/bin/old", 0o4755);
        (folder, host)
    }

    fn write(host: &Host, path: &str, text: &str, bits: u32) {
        let file = host.file(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        mode(host, path, bits);
    }

    fn mode(host: &Host, path: &str, bits: u32) {
        fs::set_permissions(host.file(path), fs::Permissions::from_mode(bits)).unwrap();
    }

    #[test]
    fn what_came_is_told_and_what_was_there_is_not() {
        let (_folder, host) = machine();
        let before = Notables::look(&host);
        assert!(Notables::look(&host).since(&before, &host, &[]).is_empty());
        write(&host, "/usr/bin/at", "", 0o6755);
        write(&host, "/usr/lib/tool/deep/helper", "", 0o4755);
        write(&host, "/opt/tool/far/too/deep/helper", "", 0o4755);
        write(&host, "/usr/lib/systemd/system/at.service", "", 0o644);
        write(&host, "/etc/cron.d/at", "", 0o644);
        write(&host, "/etc/ld.so.preload", "/x.so", 0o644);
        write(&host, "/etc/sudoers", "all of you", 0o440);
        write(&host, "/etc/passwd", "root:x:0:0::/root:/bin/sh\nat:x:9:9::/:/bin/sh\n", 0o644);
        write(&host, "/list", "/opt/tool/far/too/deep/helper\n/usr/bin/plain\n", 0o644);
        let told = Notables::look(&host).since(&before, &host, &[host.file("/list")]);
        let item = |kind, what: &str| Item { kind, what: what.into() };
        let mut expected = vec![
            item(Notable::Setuid, "/opt/tool/far/too/deep/helper"),
            item(Notable::Setuid, "/usr/bin/at"),
            item(Notable::Setuid, "/usr/lib/tool/deep/helper"),
            item(Notable::Setgid, "/usr/bin/at"),
            item(Notable::Unit, "at.service"),
            item(Notable::Cron, "/etc/cron.d/at"),
            item(Notable::User, "at"),
            item(Notable::Sudo, "/etc/sudoers"),
            item(Notable::Preload, "/etc/ld.so.preload"),
        ];
        expected.sort();
        assert_eq!(told.items, expected);
    }

    #[test]
    fn a_program_with_rights_of_its_own_is_told() {
        let (_folder, host) = machine();
        let before = Notables::look(&host);
        write(&host, "/usr/bin/ping", "", 0o755);
        // Version 2, `cap_net_raw` permitted and effective.
        let rights = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let flags = rustix::fs::XattrFlags::empty();
        rustix::fs::setxattr(host.file("/usr/bin/ping"), CAPABILITIES, &rights, flags)
            .expect("the test has to run as root");
        let told = Notables::look(&host).since(&before, &host, &[]);
        let expected = Item { kind: Notable::Capable, what: "/usr/bin/ping".into() };
        assert_eq!(told.items, [expected]);
    }
}
