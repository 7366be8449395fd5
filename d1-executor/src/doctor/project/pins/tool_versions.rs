//! `.tool-versions` of asdf: a tool, a version, and those that would do instead.
//!
//! ```text
//! nodejs 20.11.1        # a comment
//! python 3.12.1 3.11.7 system
//! java temurin-17.0.9+9
//! ```

use super::super::{pin::Pin, requirement::Requirement};

pub(super) fn pins(text: &str) -> Vec<Pin> {
    text.lines().filter_map(pin).collect()
}

fn pin(line: &str) -> Option<Pin> {
    let mut words = line.split('#').next()?.split_whitespace();
    let tool = words.next()?;
    let versions: Vec<&str> = words.collect();
    if versions.is_empty() {
        return None;
    }
    let requirement = Requirement::either(versions.iter().map(|version| wanted(tool, version)));
    Pin::new(tool, &versions.join(" "), requirement)
}

/// What one word asks for. Of `latest`, `system`, `ref:…`, `path:…` no number is known.
pub(super) fn wanted(tool: &str, version: &str) -> Requirement {
    let version = version.strip_prefix("prefix:").unwrap_or(version);
    // Who built a Java stands before its version, as in `temurin-17.0.9+9`; of what is a build of
    // something else, as `graalvm-22.3.0+java17`, the number is not that of the language.
    let numbers = match version.rsplit_once('-') {
        Some((who, numbers)) if tool == "java" && BUILDERS.contains(&who) => numbers,
        _ => version.strip_prefix('v').unwrap_or(version),
    };
    Requirement::beginning(numbers).unwrap_or_else(Requirement::any)
}

/// Who builds Java and counts as Java does.
const BUILDERS: [&str; 10] = [
    "openjdk",
    "temurin",
    "zulu",
    "corretto",
    "liberica",
    "adoptopenjdk",
    "microsoft",
    "oracle",
    "sapmachine",
    "dragonwell",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tools_versions_and_what_would_do_instead_are_read() {
        let text = "# all\nnodejs 20.11.1 # now\npython 3.12.1 3.11.7\n\nruby latest\nlonely\n";
        let read = pins(text);
        let told: Vec<(&str, &str)> =
            read.iter().map(|pin| (pin.tool.as_str(), pin.wanted.as_str())).collect();
        assert_eq!(told, [("node", "20.11.1"), ("python", "3.12.1 3.11.7"), ("ruby", "latest")]);
        assert_eq!(read[0].requirement, Requirement::range("20.11.1").unwrap());
        let either = Requirement::range("3.12.1 || 3.11.7").unwrap();
        assert_eq!(read[1].requirement, either);
        assert!(read[2].requirement.is_any());
    }

    #[test]
    fn who_built_a_java_is_no_version() {
        assert_eq!(wanted("java", "temurin-17.0.9+9"), Requirement::range("17.0.9").unwrap());
        assert_eq!(wanted("java", "17"), Requirement::range("17").unwrap());
        assert!(wanted("java", "graalvm-22.3.0+java17").is_any());
        assert!(wanted("node", "ref:abc").is_any());
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(all in prop::collection::vec(("t[a-z]{1,8}", 0..99_u64, 0..99_u64), 0..20)) {
            let text: String = all.iter().map(|(tool, x, y)| format!("{tool} {x}.{y}\n")).collect();
            let read: Vec<(String, String)> = pins(&text).into_iter().map(|p| (p.tool, p.wanted)).collect();
            let written: Vec<_> = all.into_iter().map(|(tool, x, y)| (tool, format!("{x}.{y}"))).collect();
            prop_assert_eq!(read, written);
        }
    }
}
