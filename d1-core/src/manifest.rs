//! What an installation brought that gives rights to others, or that runs by itself: what a
//! person would want to know of packages beside their names.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of thing was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Notable {
    /// A program that runs as the user it belongs to, whoever starts it.
    Setuid,
    /// A program that runs as the group it belongs to.
    Setgid,
    /// A program with rights of the administrator of its own (`capabilities(7)`).
    Capable,
    /// A unit of systemd.
    Unit,
    /// A script that starts with the machine (`/etc/init.d`).
    InitScript,
    /// A job that runs by the clock.
    Cron,
    /// A user.
    User,
    /// A group.
    Group,
    /// A rule of `sudo`, new or changed.
    Sudo,
    /// A rule of how people sign in (`pam.d(5)`), new or changed.
    Pam,
    /// The list of libraries that every program loads, new or changed (`ld.so.preload`).
    Preload,
}

impl Notable {
    /// Every kind, in the order in which people are told.
    pub const ALL: [Self; 11] = [
        Self::Setuid,
        Self::Setgid,
        Self::Capable,
        Self::Preload,
        Self::Sudo,
        Self::Pam,
        Self::Unit,
        Self::InitScript,
        Self::Cron,
        Self::User,
        Self::Group,
    ];

    /// What people call one of them, and several.
    #[must_use]
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Setuid => ("program that runs as its owner", "programs that run as their owners"),
            Self::Setgid => ("program that runs as its group", "programs that run as their groups"),
            Self::Capable => {
                ("program with rights of its own", "programs with rights of their own")
            }
            Self::Unit => ("unit", "units"),
            Self::InitScript => ("start script", "start scripts"),
            Self::Cron => ("job by the clock", "jobs by the clock"),
            Self::User => ("user", "users"),
            Self::Group => ("group", "groups"),
            Self::Sudo => ("rule of sudo", "rules of sudo"),
            Self::Pam => ("rule of signing in", "rules of signing in"),
            Self::Preload => ("library that all programs load", "libraries that all programs load"),
        }
    }
}

/// One thing that was brought.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    /// Of which kind it is.
    pub kind: Notable,
    /// Its path, or its name.
    pub what: String,
}

/// What an installation brought that gives rights to others, or that runs by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Manifest {
    /// The first [`Manifest::MAX`] of them, in order.
    pub items: Vec<Item>,
    /// How many more there were.
    pub dropped: u64,
}

impl Manifest {
    /// The most things that are told one by one.
    pub const MAX: usize = 256;

    /// Of all of these, in order, each once.
    #[must_use]
    pub fn of(mut all: Vec<Item>) -> Self {
        all.sort();
        all.dedup();
        let dropped = all.len().saturating_sub(Self::MAX);
        all.truncate(Self::MAX);
        Self { items: all, dropped: u64::try_from(dropped).unwrap_or(u64::MAX) }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.dropped == 0
    }
}

/// One sentence: `1 user (uuidd), 2 units (a.service, b.socket)`.
impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for kind in Notable::ALL {
            let of_kind = self.items.iter().filter(|item| item.kind == kind);
            let named: Vec<&str> = of_kind.map(|item| item.what.as_str()).collect();
            if named.is_empty() {
                continue;
            }
            let (one, several) = kind.names();
            let name = if named.len() == 1 { one } else { several };
            parts.push(format!("{} {name} ({})", named.len(), named.join(", ")));
        }
        if self.dropped > 0 {
            parts.push(format!("and {} more", self.dropped));
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: Notable, what: &str) -> Item {
        Item { kind, what: what.into() }
    }

    #[test]
    fn what_gives_rights_is_told_first_and_each_thing_once() {
        let all = vec![
            item(Notable::User, "uuidd"),
            item(Notable::Setuid, "/usr/bin/at"),
            item(Notable::Unit, "b.socket"),
            item(Notable::Unit, "a.service"),
            item(Notable::Unit, "a.service"),
        ];
        assert_eq!(
            Manifest::of(all).to_string(),
            "1 program that runs as its owner (/usr/bin/at), 2 units (a.service, b.socket), \
             1 user (uuidd)"
        );
        assert!(Manifest::of(Vec::new()).is_empty());
    }

    #[test]
    fn what_is_not_told_one_by_one_is_counted_exactly() {
        let all = (0..300).map(|n| item(Notable::Cron, &format!("/etc/cron.d/{n}"))).collect();
        let manifest = Manifest::of(all);
        assert_eq!((manifest.items.len(), manifest.dropped), (256, 44));
        assert!(manifest.to_string().ends_with("and 44 more"));
    }

    #[test]
    fn no_kind_is_left_out_of_what_people_are_told() {
        let mut all = Notable::ALL.to_vec();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), Notable::ALL.len());
        let manifest = Manifest::of(all.iter().map(|kind| item(*kind, "x")).collect());
        assert_eq!(manifest.to_string().matches("(x)").count(), all.len());
    }
}
