//! A release: the three numbers by which versions are told apart.

use regex::Regex;
use std::{fmt, sync::LazyLock};

/// Three numbers. What follows them, as in `3.13.0rc1` or `17.0.9+9-Debian`, says nothing about
/// what fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::doctor) struct Release {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
}

/// Numbers with dots between them that are not the end of a longer word.
static DOTTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^0-9.])(\d{1,9}(?:\.\d{1,9})+)").ok());
/// A number by itself, for those who do not write `.0`.
static PLAIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^0-9.])(\d{1,9})").ok());

impl Release {
    pub(super) const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self { major, minor, patch }
    }

    /// The first release that a text tells of, after the word `after`.
    pub(in crate::doctor) fn told(text: &str, after: &str) -> Option<Self> {
        let text = &text[text.find(after)? + after.len()..];
        let first = |pattern: &LazyLock<Option<Regex>>| {
            let pattern = LazyLock::force(pattern).as_ref()?;
            Some(pattern.captures(text)?.get(1)?.as_str().to_owned())
        };
        let numbers = first(&DOTTED).or_else(|| first(&PLAIN))?;
        Self::leading(&numbers).map(|(release, _)| release)
    }

    /// The release that a text begins with, and how many of its numbers were said.
    pub(super) fn leading(text: &str) -> Option<(Self, usize)> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut numbers = [0; 3];
        let mut said = 0;
        for part in text[..end].split('.').take(3) {
            let Ok(number) = part.parse() else { break };
            numbers[said] = number;
            said += 1;
        }
        let [major, minor, patch] = numbers;
        (said > 0).then_some((Self { major, minor, patch }, said))
    }

    /// The first release after all that begin with the first `said` numbers of this one.
    pub(super) const fn after(self, said: usize) -> Self {
        match said {
            0 | 1 => Self::new(self.major.saturating_add(1), 0, 0),
            2 => Self::new(self.major, self.minor.saturating_add(1), 0),
            _ => Self::new(self.major, self.minor, self.patch.saturating_add(1)),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_tools_say_is_understood() {
        for (said, after, release) in [
            ("v20.11.1\n", "", "20.11.1"),
            ("Python 3.11.2", "", "3.11.2"),
            ("go version go1.22 linux/amd64", "", "1.22.0"),
            ("rustc 1.90.0-nightly (abc 2026-01-01)", "", "1.90.0"),
            ("openjdk version \"17.0.9\" 2023-10-17", "", "17.0.9"),
            ("openjdk version \"21\" 2023-09-19", "", "21.0.0"),
            ("Erlang/OTP 25 [erts-13.1.5]\n\nElixir 1.14.0", "Elixir ", "1.14.0"),
            ("psql (PostgreSQL) 15.5 (Debian 15.5-0+deb12u1)", "", "15.5.0"),
            ("jq-1.6", "", "1.6.0"),
            ("aws-cli/2.13.0 Python/3.11.4", "", "2.13.0"),
            ("This is perl 5, version 36, subversion 0 (v5.36.0)", "", "5.36.0"),
        ] {
            let told = Release::told(said, after).unwrap();
            assert_eq!(told.to_string(), release, "{said}");
        }
        assert_eq!(Release::told("nothing to see", ""), None);
        assert_eq!(Release::told("1.2.3", "Elixir "), None);
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(major in 0..10_000_u64, minor in 0..10_000_u64, patch in 0..10_000_u64) {
            let release = Release { major, minor, patch };
            prop_assert_eq!(Release::told(&format!("x version {release}-rc1"), ""), Some(release));
            prop_assert_eq!(Release::leading(&release.to_string()), Some((release, 3)));
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,200}", digits in "[0-9.]{0,60}") {
            let _whatever = (Release::told(&text, ""), Release::told(&digits, ""), Release::leading(&digits));
        }
    }
}
