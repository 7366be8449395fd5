//! Everything that can go wrong with packages, each with a code, a cause and what to do.
//!
//! The codes are the same for every manager but for their middle: `D1-APT-004` and
//! `D1-DNF-004` both say that a mirror cannot be reached.

use super::snapshot::shorten;
use d1_core::{Category, Change, Manager, Problem};

/// What went wrong with packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 001: somebody else is at the package database.
    LockHeld {
        /// `unattended-upgr (pid 2180)`, or empty.
        holder: String,
    },
    /// 002: the index has no such package.
    NotFound {
        /// Which.
        names: Vec<String>,
        /// Names close to them.
        similar: Vec<String>,
    },
    /// 003: what it needs cannot be had.
    Unmet {
        /// The manager's own lines about it.
        lines: Vec<String>,
    },
    /// 004: a mirror cannot be reached.
    Unreachable {
        /// Which; empty when the manager did not say.
        host: String,
        /// Its own words.
        said: String,
    },
    /// 005: no space left.
    DiskFull {
        /// `/var has 12 MB free`.
        room: String,
    },
    /// 006: it takes administrator rights.
    NeedsRoot,
    /// 007: an earlier installation was cut off.
    Interrupted {
        /// Which packages are half done, where that is known.
        packages: Vec<String>,
    },
    /// 008: a package's own script failed.
    Script {
        /// Whose.
        package: String,
        /// Which script.
        script: String,
        /// The last lines before.
        tail: Vec<String>,
    },
    /// 009: a repository is not signed as it should be.
    Signature {
        /// The manager's own words.
        said: String,
    },
    /// 010: packages that nobody named would go.
    Removals {
        /// Which.
        names: Vec<String>,
    },
    /// 011: there is no index yet.
    NoIndex,
    /// 012: the mirror no longer has what the index promises.
    Stale {
        /// The manager's own words.
        said: String,
    },
    /// 013: time ran out.
    TimedOut,
    /// 014: not a name this manager can have.
    BadName {
        /// Which.
        names: Vec<String>,
    },
    /// 015: essential packages would go.
    Essential,
    /// 016: the index cannot be refreshed by itself.
    NoRefresh,
    /// 020: it failed, and its words fit nothing above.
    Failed {
        /// Its last lines.
        tail: Vec<String>,
    },
    /// 021: it said it was done, and is not.
    NotThere {
        /// Which packages.
        names: Vec<String>,
    },
}

/// The most lines of a manager's own words that a problem carries.
pub(crate) const TAIL_LINES: usize = 20;

/// The last lines of `text` that say anything.
pub(crate) fn tail_of(text: &str) -> Vec<String> {
    let lines: Vec<&str> =
        text.lines().map(str::trim_end).filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].iter().map(|line| (*line).to_owned()).collect()
}

impl Trouble {
    /// As a person reads it. `changes` is what really changed all the same.
    pub(crate) fn problem(self, manager: Manager, changes: &[Change]) -> Problem {
        let code = format!("D1-{}-{:03}", manager.as_str().to_uppercase(), self.number());
        let problem = Problem::new(&code, self.category(), self.title(manager));
        let problem = problem.because(self.cause()).leaving(super::snapshot::tell(changes));
        self.next(manager).into_iter().fold(problem, Problem::next)
    }

    const fn number(&self) -> u16 {
        match self {
            Self::LockHeld { .. } => 1,
            Self::NotFound { .. } => 2,
            Self::Unmet { .. } => 3,
            Self::Unreachable { .. } => 4,
            Self::DiskFull { .. } => 5,
            Self::NeedsRoot => 6,
            Self::Interrupted { .. } => 7,
            Self::Script { .. } => 8,
            Self::Signature { .. } => 9,
            Self::Removals { .. } => 10,
            Self::NoIndex => 11,
            Self::Stale { .. } => 12,
            Self::TimedOut => 13,
            Self::BadName { .. } => 14,
            Self::Essential => 15,
            Self::NoRefresh => 16,
            Self::Failed { .. } => 20,
            Self::NotThere { .. } => 21,
        }
    }

    const fn category(&self) -> Category {
        match self {
            Self::NotFound { .. } | Self::BadName { .. } => Category::Usage,
            Self::Unreachable { .. } | Self::Stale { .. } => Category::Network,
            Self::NeedsRoot | Self::Removals { .. } | Self::Essential => Category::Denied,
            Self::TimedOut => Category::Timeout,
            Self::LockHeld { .. }
            | Self::Unmet { .. }
            | Self::DiskFull { .. }
            | Self::Interrupted { .. }
            | Self::Script { .. }
            | Self::Signature { .. }
            | Self::NoIndex
            | Self::NoRefresh
            | Self::Failed { .. }
            | Self::NotThere { .. } => Category::Task,
        }
    }

    fn title(&self, manager: Manager) -> String {
        match self {
            Self::LockHeld { holder } if holder.is_empty() => {
                "another program is using the package database".into()
            }
            Self::LockHeld { holder } => format!("{holder} is using the package database"),
            Self::NotFound { names, .. } => {
                format!("{manager} knows no package `{}`", names.join("`, `"))
            }
            Self::Unmet { .. } => "what the packages need cannot be installed".into(),
            Self::Unreachable { host, .. } if host.is_empty() => {
                "a package mirror cannot be reached".into()
            }
            Self::Unreachable { host, .. } => {
                format!("the package mirror `{host}` cannot be reached")
            }
            Self::DiskFull { .. } => "the disk is full".into(),
            Self::NeedsRoot => "changing packages takes administrator rights".into(),
            Self::Interrupted { .. } => "an earlier installation was cut off".into(),
            Self::Script { package, script, .. } => {
                format!("the {script} script of package `{package}` failed")
            }
            Self::Signature { .. } => "a package repository is not signed as it should be".into(),
            Self::Removals { names } => {
                format!("this would remove packages that nobody named: {}", shorten(names))
            }
            Self::NoIndex => format!("{manager} has no package index yet"),
            Self::Stale { .. } => "the mirror no longer has what the index promises".into(),
            Self::TimedOut => format!("{manager} did not end in its time and was stopped"),
            Self::BadName { names } => {
                format!("`{}` is not a name that {manager} packages have", names.join("`, `"))
            }
            Self::Essential => "this would remove packages the system cannot run without".into(),
            Self::NoRefresh => {
                format!("{manager} refreshes its index only together with an upgrade of everything")
            }
            Self::Failed { .. } => format!("{manager} failed"),
            Self::NotThere { names } => {
                format!("{manager} ended well, but this is not as it should be: {}", shorten(names))
            }
        }
    }

    fn cause(&self) -> String {
        match self {
            Self::Unmet { lines: said }
            | Self::Script { tail: said, .. }
            | Self::Failed { tail: said } => said.join("\n"),
            Self::Unreachable { said, .. } | Self::Signature { said } | Self::Stale { said } => {
                said.clone()
            }
            Self::DiskFull { room } => room.clone(),
            Self::Interrupted { packages } if !packages.is_empty() => {
                format!("half done: {}", shorten(packages))
            }
            Self::NotFound { similar, .. } if !similar.is_empty() => {
                format!("close to it: {}", similar.join(", "))
            }
            Self::LockHeld { .. }
            | Self::NotFound { .. }
            | Self::NeedsRoot
            | Self::Interrupted { .. }
            | Self::Removals { .. }
            | Self::NoIndex
            | Self::NoRefresh
            | Self::TimedOut
            | Self::BadName { .. }
            | Self::Essential
            | Self::NotThere { .. } => String::new(),
        }
    }

    fn next(&self, manager: Manager) -> Vec<String> {
        let refresh = refresh_command(manager).to_owned();
        match self {
            Self::LockHeld { .. } => vec!["wait until it has ended, then try again".into()],
            Self::NotFound { similar, .. } => {
                let guess = similar.first().map(|name| format!("did you mean `{name}`?"));
                guess.into_iter().chain([refresh]).collect()
            }
            Self::Unmet { .. } if manager == Manager::Apt => {
                vec![
                    "apt-mark showhold".into(),
                    "sudo apt-get --fix-broken install".into(),
                    refresh,
                ]
            }
            Self::Unreachable { .. } => {
                vec!["check the network, the proxy and the list of mirrors, then try again".into()]
            }
            Self::DiskFull { .. } => vec!["free some space, then try again".into(), "df -h".into()],
            Self::NeedsRoot => vec!["run it again with sudo".into()],
            Self::Interrupted { .. } => vec![repair_command(manager).to_owned()],
            Self::Script { .. } if manager == Manager::Apt => vec![
                "mend what the script complains about".into(),
                "sudo dpkg --configure -a".into(),
            ],
            Self::Signature { .. } => {
                vec!["renew the key of that repository, or take it off the list".into(), refresh]
            }
            Self::Removals { names } => {
                vec![format!("name them too if they may go: {}", shorten(names))]
            }
            Self::NoIndex | Self::NoRefresh | Self::Stale { .. } | Self::Unmet { .. } => {
                vec![refresh]
            }
            Self::TimedOut => {
                vec![repair_command(manager).to_owned(), "try again with more time".into()]
            }
            Self::BadName { .. } => vec!["check the spelling".into()],
            Self::Essential => vec!["keep them".into()],
            Self::Script { .. } | Self::Failed { .. } | Self::NotThere { .. } => {
                vec!["read its output above, mend what it complains about, then try again".into()]
            }
        }
    }
}

/// How a person refreshes the index by hand.
const fn refresh_command(manager: Manager) -> &'static str {
    match manager {
        Manager::Apt => "sudo apt-get update",
        Manager::Dnf => "sudo dnf makecache --refresh",
        // Never `-Sy` alone: a partial upgrade breaks the machine.
        Manager::Pacman => "sudo pacman -Syu",
        Manager::Zypper => "sudo zypper refresh",
        Manager::Apk => "sudo apk update",
        Manager::Brew => "brew update",
        Manager::Winget => "winget source update",
    }
}

/// How a person mends what was cut off.
const fn repair_command(manager: Manager) -> &'static str {
    match manager {
        Manager::Apt => "sudo dpkg --configure -a",
        Manager::Dnf => "sudo dnf check",
        Manager::Pacman => "sudo pacman -Dk",
        Manager::Zypper => "sudo zypper verify",
        Manager::Apk => "sudo apk fix",
        Manager::Brew => "brew doctor",
        Manager::Winget => "winget list",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_why_in_which_state_and_what_now() {
        let trouble = Trouble::Unreachable {
            host: "deb.example.org".into(),
            said: "Temporary failure resolving 'deb.example.org'".into(),
        };
        let problem = trouble.problem(Manager::Apt, &[]);
        assert_eq!(problem.code, "D1-APT-004");
        assert_eq!(problem.category, Category::Network);
        assert_eq!(problem.title, "the package mirror `deb.example.org` cannot be reached");
        assert_eq!(problem.cause, "Temporary failure resolving 'deb.example.org'");
        assert_eq!(problem.state, "nothing was installed, removed or changed");
        assert_eq!(problem.next.len(), 1);
    }

    #[test]
    fn the_tail_is_the_last_lines_that_say_something() {
        let text = (0..50).map(|i| format!("line {i}\n\n")).collect::<String>();
        let tail = tail_of(&text);
        assert_eq!(tail.len(), TAIL_LINES);
        assert_eq!(tail.last().map(String::as_str), Some("line 49"));
        assert_eq!(tail_of("\n \n"), Vec::<String>::new());
    }

    #[test]
    fn pacman_is_never_told_to_refresh_without_upgrading() {
        assert_eq!(refresh_command(Manager::Pacman), "sudo pacman -Syu");
    }
}
