//! What `apt-get -s` says it would do.

use super::names::canonical;
use d1_core::PackageName;

/// One package that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Move {
    /// Which.
    pub(super) name: PackageName,
    /// How.
    pub(super) kind: MoveKind,
}

/// How a package would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MoveKind {
    /// Comes, or goes to another version.
    Install {
        /// The version that is there.
        from: Option<String>,
        /// The version that comes.
        to: String,
    },
    /// Goes, its configuration stays.
    Remove,
    /// Goes with its configuration.
    Purge,
}

impl Move {
    /// Whether the package goes away.
    pub(super) fn is_removal(&self) -> bool {
        match self.kind {
            MoveKind::Remove | MoveKind::Purge => true,
            MoveKind::Install { .. } => false,
        }
    }
}

/// Every move in the output of `apt-get -s`, in its order.
pub(super) fn parse(text: &str, native: &str) -> Vec<Move> {
    text.lines().filter_map(|line| parse_line(line, native)).collect()
}

/// `Inst name [old] (new origin [arch]) [more]`, `Remv name [old]`, `Purg name [old]`.
fn parse_line(line: &str, native: &str) -> Option<Move> {
    let (verb, rest) = line.split_once(' ')?;
    let (raw, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let kind = match verb {
        "Inst" => {
            let from = between(rest.trim_start(), '[', ']').map(str::to_owned);
            let bracket = rest.find('(')?;
            let to = rest[bracket + 1..].split([' ', ')']).next()?.to_owned();
            MoveKind::Install { from: from.filter(|_| rest.trim_start().starts_with('[')), to }
        }
        "Remv" => MoveKind::Remove,
        "Purg" => MoveKind::Purge,
        _ => return None,
    };
    let name = canonical(raw, None, native).parse().ok()?;
    Some(Move { name, kind })
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    let start = text.find(open)? + 1;
    let length = text[start..].find(close)?;
    Some(&text[start..start + length])
}

/// How many bytes the addresses printed by `--print-uris` add up to.
pub(super) fn parse_uris(text: &str) -> u64 {
    let size = |line: &str| {
        let rest = line.strip_prefix('\'')?;
        let (_address, rest) = rest.split_once("' ")?;
        rest.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    text.lines().filter_map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = include_str!("../../../tests/fixtures/apt/simulate-upgrade.txt");
    const PURGE: &str = include_str!("../../../tests/fixtures/apt/simulate-purge.txt");
    const URIS: &str = include_str!("../../../tests/fixtures/apt/print-uris.txt");

    fn told(moves: &[Move]) -> Vec<String> {
        moves.iter().map(|m| format!("{} {:?}", m.name, m.kind)).collect()
    }

    #[test]
    fn new_packages_upgrades_and_foreign_ones_are_told_apart() {
        assert_eq!(
            told(&parse(RECORDED, "amd64")),
            [
                "libssl-dev Install { from: Some(\"3.0.19-1~deb12u2\"), to: \"3.0.20-1~deb12u1\" }",
                "libssl3 Install { from: Some(\"3.0.19-1~deb12u2\"), to: \"3.0.20-1~deb12u1\" }",
                "fortune-mod Install { from: None, to: \"1:1.99.1-7.3\" }",
                "libc6:i386 Install { from: None, to: \"2.36-9+deb12u14\" }",
                "exim4-base Remove",
            ]
        );
    }

    #[test]
    fn a_purge_is_told_from_a_removal() {
        let moves = parse(PURGE, "amd64");
        assert!(moves.iter().all(|m| m.kind == MoveKind::Purge && m.is_removal()));
        assert_eq!(moves.len(), 3);
    }

    #[test]
    fn the_bytes_to_fetch_are_added_up() {
        assert_eq!(parse_uris(URIS), 9496 + 21372);
        assert_eq!(parse_uris("Reading package lists...\n'x' y\n"), 0);
    }
}
