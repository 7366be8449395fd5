//! Which programs do only what their words say, and which run what they are given. Data.
//!
//! The first list is short on purpose: a program that is on neither list is not understood, and
//! needs a yes, until the owner names it in an `[[allow]]`.

/// Programs that open no file by themselves: their words are only words.
const WORDS: [&str; 17] = [
    "echo", "printf", "true", "false", "basename", "dirname", "seq", "expr", "sleep", "uname",
    "arch", "nproc", "whoami", "id", "groups", "tty", "uptime",
];

/// Programs that look at the files they are given, and at nothing below them.
const LOOKS: [&str; 29] = [
    "cat",
    "head",
    "tail",
    "wc",
    "cut",
    "tr",
    "nl",
    "tac",
    "rev",
    "od",
    "cmp",
    "comm",
    "join",
    "fold",
    "cksum",
    "md5sum",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "stat",
    "test",
    "[",
    "pwd",
    "realpath",
    "readlink",
    "df",
    "ps",
    "free",
    "date",
];

/// Programs that look, and may look at everything below.
const DESCENDS: [&str; 7] = ["ls", "du", "grep", "egrep", "fgrep", "diff", "find"];

/// Programs that change the files they are given. `ln` is not among them: what its first word
/// means depends on where the second is.
const CHANGES: [&str; 16] = [
    "cp", "mv", "rm", "rmdir", "mkdir", "touch", "chmod", "chown", "chgrp", "tee", "dd",
    "truncate", "shred", "uniq", "sort", "mktemp",
];

/// Options with which a program of the lists above runs another, or changes what it looks at.
const EXCEPT: [(&str, &str); 17] = [
    ("printf", "-v"),
    ("sort", "--compress-program"),
    ("sort", "--files0-from"),
    ("find", "-exec"),
    ("find", "-execdir"),
    ("find", "-ok"),
    ("find", "-okdir"),
    ("find", "-delete"),
    ("find", "-fprint"),
    ("find", "-fprint0"),
    ("find", "-fprintf"),
    ("find", "-fls"),
    ("find", "-files0-from"),
    ("wc", "--files0-from"),
    ("du", "--files0-from"),
    ("date", "--set"),
    ("date", "-s"),
];

/// Shells: the word after `-c` is a program of its own.
pub(super) const SHELLS: [&str; 12] =
    ["sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh", "rbash", "pwsh"];

/// Programs that run what they are given, by words, by text or by a file.
const CARRIERS: [&str; 96] = [
    // by words
    "env",
    "nice",
    "nohup",
    "timeout",
    "stdbuf",
    "setsid",
    "ionice",
    "chrt",
    "taskset",
    "time",
    "sudo",
    "doas",
    "su",
    "runuser",
    "pkexec",
    "run0",
    "chroot",
    "unshare",
    "nsenter",
    "xargs",
    "parallel",
    "watch",
    "flock",
    "script",
    "strace",
    "ltrace",
    "gdb",
    "busybox",
    "toybox",
    "command",
    "exec",
    "builtin",
    "eval",
    "source",
    ".",
    "trap",
    "systemd-run",
    "at",
    "batch",
    "crontab",
    "setpriv",
    "capsh",
    "prlimit",
    "catchsegv",
    "valgrind",
    "perf",
    "entr",
    "expect",
    "start-stop-daemon",
    "dbus-run-session",
    "proot",
    "fakeroot",
    "bwrap",
    "firejail",
    "unbuffer",
    // by text
    "python",
    "python2",
    "python3",
    "perl",
    "ruby",
    "node",
    "nodejs",
    "deno",
    "bun",
    "php",
    "lua",
    "luajit",
    "tclsh",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "ed",
    "ex",
    "vi",
    "vim",
    "nvim",
    "emacs",
    "m4",
    "osascript",
    "powershell",
    "R",
    "Rscript",
    "jshell",
    "groovy",
    "scala",
    "ghc",
    // by what they open
    "ssh",
    "scp",
    "rsync",
    "less",
    "more",
    "man",
    "pager",
    "tmux",
];

/// Variables that let other code run in a program's place. A `*` at the end is any ending.
const DANGEROUS: [&str; 34] = [
    "LD_*",
    "DYLD_*",
    "BASH_*",
    "ENV",
    "IFS",
    "PATH",
    "SHELLOPTS",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHON*",
    "PERL*",
    "RUBY*",
    "NODE_*",
    "GIT_*",
    "SSH_*",
    "PAGER",
    "MANPAGER",
    "EDITOR",
    "VISUAL",
    "BROWSER",
    "LESSOPEN",
    "LESSCLOSE",
    "GCONV_PATH",
    "LOCPATH",
    "NLSPATH",
    "TMPDIR",
    "HOME",
    "SHELL",
    "CARGO_*",
    "RUSTC*",
    "GOFLAGS",
    "JAVA_*",
    "npm_config_*",
    "MAKEFLAGS",
];

/// What a program is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its words are only words.
    Words,
    /// It looks at what it is given.
    Looks,
    /// It looks at what it is given, and at everything below.
    Descends,
    /// It changes what it is given.
    Changes,
    /// It runs what it is given.
    Carries,
    /// Nobody has looked at it.
    Unknown,
}

/// What the program called `name` is like when it is given `arguments`.
pub(super) fn kind(name: &str, arguments: &[String]) -> Kind {
    let is = |list: &[&str]| list.contains(&name);
    if is(&SHELLS) || is(&CARRIERS) || is_versioned(name) || has_exception(name, arguments) {
        return Kind::Carries;
    }
    match () {
        () if is(&WORDS) => Kind::Words,
        () if is(&LOOKS) => Kind::Looks,
        () if is(&DESCENDS) => Kind::Descends,
        () if is(&CHANGES) => Kind::Changes,
        () => Kind::Unknown,
    }
}

/// `python3.11`, `perl5.36.0`: a carrier with its version.
fn is_versioned(name: &str) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    bare != name && (CARRIERS.contains(&bare) || SHELLS.contains(&bare))
}

fn has_exception(name: &str, arguments: &[String]) -> bool {
    let meant = |option: &str, argument: &String| {
        let given = argument.split_once('=').map_or(argument.as_str(), |(given, _)| given);
        // Long options may be abbreviated.
        given == option || given.len() > 2 && given.starts_with("--") && option.starts_with(given)
    };
    EXCEPT
        .iter()
        .filter(|(program, _)| *program == name)
        .any(|(_, option)| arguments.iter().any(|argument| meant(option, argument)))
}

/// Whether the variable lets other code run in a program's place.
pub(super) fn is_dangerous(variable: &str) -> bool {
    DANGEROUS.iter().any(|known| match known.strip_suffix('*') {
        Some(beginning) => variable.starts_with(beginning),
        None => variable == *known,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_on_one_list_only() {
        let lists = [&WORDS[..], &LOOKS, &DESCENDS, &CHANGES, &SHELLS, &CARRIERS];
        let mut all: Vec<&str> = lists.concat();
        all.sort_unstable();
        let twice: Vec<_> = all.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert_eq!(twice, Vec::<&[&str]>::new());
    }

    #[test]
    fn a_harmless_program_that_is_told_to_run_another_is_a_carrier() {
        let kind = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            super::kind(&words[0], &words[1..])
        };
        assert_eq!(kind("sort --reverse x"), Kind::Changes);
        assert_eq!(kind("sort --compress-prog=sh x"), Kind::Carries);
        assert_eq!(kind("find . -name x"), Kind::Descends);
        assert_eq!(kind("find . -exec rm {} ;"), Kind::Carries);
        assert_eq!(kind("python3.11 x"), Kind::Carries);
        assert_eq!(kind("cargo build"), Kind::Unknown);
    }
}
