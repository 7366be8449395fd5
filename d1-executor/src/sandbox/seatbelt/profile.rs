//! What a command sees, as a profile of Seatbelt: everything is denied, then a few things are
//! allowed, and of several rules about one thing the last counts.

use crate::sandbox::places::{Guard, View};
use std::path::Path;

/// What every program of the system reads before it does anything. Real names: Seatbelt looks
/// at where a path leads, and `/etc` leads to `/private/etc`.
const SYSTEM: [&str; 9] = [
    "/bin",
    "/sbin",
    "/usr",
    "/opt",
    "/System",
    "/Library",
    "/private/etc",
    "/private/var/db/dyld",
    "/private/var/db/timezone",
];
/// Devices that give nothing away.
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];
/// The one service without which programs do not know who they are.
const USERS: &str = "com.apple.system.opendirectoryd.libinfo";

/// The profile of a command with this view, and a temporary folder of its own.
///
/// # Errors
/// The first path that the language cannot say: one that is no text, or with a control
/// character in it.
pub(super) fn profile<'a>(view: &'a View, scratch: &'a Path) -> Result<String, &'a Path> {
    let mut text = String::from(
        "(version 1)\n(deny default)\n(allow process-exec)\n(allow process-fork)\n\
        (allow signal (target same-sandbox))\n(allow sysctl-read)\n",
    );
    text += &format!("(allow mach-lookup (global-name \"{USERS}\"))\n");
    // To find anything, the way to it has to be looked at.
    text += "(allow file-read-metadata)\n(allow file-read* (literal \"/\"))\n";
    for device in DEVICES {
        text += &format!("(allow file-read* file-write-data (literal \"{device}\"))\n");
    }
    for path in SYSTEM.iter().map(Path::new).chain(view.read.iter().map(|path| path.as_path())) {
        text += &format!("(allow file-read* (subpath {}))\n", quoted(path)?);
    }
    for path in view.write.iter().map(|path| path.as_path()).chain([scratch]) {
        text += &format!("(allow file-read* file-write* (subpath {}))\n", quoted(path)?);
    }
    for (path, guard) in &view.guards {
        let denied = match guard {
            Guard::ReadOnly => "file-write*",
            // Not even that it is there.
            Guard::Hidden => "file-read* file-read-metadata file-write*",
        };
        text += &format!("(deny {denied} (subpath {}))\n", quoted(path)?);
    }
    for path in &view.reopened {
        text += &format!("(allow file-read* file-write* (subpath {}))\n", quoted(path)?);
    }
    // There is no way to show another folder in its place, so it is not shown at all.
    for path in &view.empty {
        let denied = "file-read* file-read-metadata file-write*";
        text += &format!("(deny {denied} (subpath {}))\n", quoted(path)?);
    }
    // Nothing that is written may be run by somebody else's rights.
    text += "(deny file-write-setugid)\n";
    Ok(text)
}

/// A path as the language writes it.
fn quoted(path: &Path) -> Result<String, &Path> {
    let text = path.to_str().filter(|text| !text.chars().any(char::is_control)).ok_or(path)?;
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    fn view() -> View {
        View {
            read: vec!["/usr".into()],
            write: vec!["/Users/ada".into()],
            guards: vec![
                ("/Users/ada/.zshrc".into(), Guard::ReadOnly),
                ("/Users/ada/.ssh".into(), Guard::Hidden),
            ],
            ..View::default()
        }
    }

    #[test]
    fn everything_is_denied_first_and_what_is_kept_is_denied_last() {
        let text = profile(&view(), Path::new("/private/tmp/d1-1")).unwrap();
        let at = |line: &str| {
            text.lines().position(|have| have == line).unwrap_or_else(|| panic!("{line}\n{text}"))
        };
        assert_eq!(at("(deny default)"), 1);
        let home = at("(allow file-read* file-write* (subpath \"/Users/ada\"))");
        let own = at("(allow file-read* file-write* (subpath \"/private/tmp/d1-1\"))");
        let ssh = "(deny file-read* file-read-metadata file-write* (subpath \"/Users/ada/.ssh\"))";
        assert!(home < at("(deny file-write* (subpath \"/Users/ada/.zshrc\"))"));
        assert!(own < at(ssh));
        let allowed = text.lines().enumerate().filter(|(_, line)| line.starts_with("(allow"));
        let last = allowed.map(|(at, _)| at).last().unwrap();
        assert!(last < at("(deny file-write* (subpath \"/Users/ada/.zshrc\"))"));
    }

    #[test]
    fn nothing_lets_it_onto_the_network_or_to_other_programs() {
        let text = profile(&view(), Path::new("/private/tmp/d1-1")).unwrap();
        for word in ["network", "appleevent", "iokit", "ipc-posix", "mach-register", "job-creation"]
        {
            assert!(!text.contains(word), "{word} is allowed");
        }
        assert_eq!(text.matches("mach-lookup").count(), 1);
        assert_eq!(text.matches("file-write* (subpath").count(), 4, "two places, two guards");
    }

    #[test]
    fn a_path_cannot_say_more_than_its_name() {
        let odd =
            View { write: vec!["/Users/a\") (allow network*) (\"\\".into()], ..View::default() };
        let text = profile(&odd, Path::new("/private/tmp/d1-1")).unwrap();
        assert!(
            text.contains("(subpath \"/Users/a\\\") (allow network*) (\\\"\\\\\"))\n"),
            "{text}"
        );
        for bad in ["/a\nb", "/a\0b", "/a\u{1b}"] {
            let odd = View { read: vec![bad.into()], ..View::default() };
            assert_eq!(profile(&odd, Path::new("/t")), Err(Path::new(bad)));
        }
        let bytes = Path::new(OsStr::from_bytes(b"/\xff"));
        assert_eq!(quoted(bytes), Err(bytes));
    }
}
