//! `rust-toolchain.toml`, and its older form of one line.

use super::super::{manifest::located, pin::Pin, requirement::Requirement};
use serde::Deserialize;

#[derive(Deserialize)]
struct Sheet {
    toolchain: Option<Toolchain>,
}

#[derive(Deserialize)]
struct Toolchain {
    /// Absent where a path names a toolchain of one's own.
    channel: Option<String>,
}

pub(super) fn pins(text: &str) -> Result<Vec<Pin>, String> {
    let sheet: Sheet = toml::from_str(text).map_err(|error| located(text, &error))?;
    Ok(sheet.toolchain.and_then(|toolchain| pin(&toolchain.channel?)).into_iter().collect())
}

/// The older form has a channel by itself, or the same as the newer one.
pub(super) fn old_pins(text: &str) -> Result<Vec<Pin>, String> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next()) {
        (None, _) => Ok(Vec::new()),
        (Some(channel), None) if !channel.starts_with('[') => {
            Ok(pin(channel).into_iter().collect())
        }
        (Some(_), _) => pins(text),
    }
}

/// `stable`, `beta` and `nightly-…` are whatever they are today.
fn pin(channel: &str) -> Option<Pin> {
    let requirement = Requirement::beginning(channel).unwrap_or_else(Requirement::any);
    Pin::new("rust", channel, requirement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_read_in_both_forms() {
        let new = pins("[toolchain]\nchannel = \"1.90.0\"\ncomponents = [\"clippy\"]\n").unwrap();
        assert_eq!(new[0].requirement, Requirement::range("1.90.0").unwrap());
        assert_eq!(old_pins("1.90.0\n").unwrap(), new);
        assert_eq!(old_pins("[toolchain]\nchannel = \"1.90.0\"\n").unwrap(), new);
        assert!(pins("[toolchain]\nchannel = \"stable\"\n").unwrap()[0].requirement.is_any());
        assert_eq!(pins("[toolchain]\npath = \"../mine\"\n").unwrap(), []);
        assert!(pins("[toolchain\n").unwrap_err().starts_with("line 1: "));
    }
}
