//! `os-release(5)`: which distribution this is.

use super::Host;
use d1_core::Distro;
use std::collections::BTreeMap;

/// Which distribution this machine has; `None` when no file says so.
pub(crate) fn distro(host: &Host) -> Option<Distro> {
    let places = ["/etc/os-release", "/usr/lib/os-release"];
    places.iter().find_map(|file| parse(&host.read(file)?))
}

/// The distribution that this file describes; `None` when it names none.
pub(super) fn parse(text: &str) -> Option<Distro> {
    let fields: BTreeMap<&str, String> = text.lines().filter_map(assignment).collect();
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let id = field("ID");
    let name =
        [field("PRETTY_NAME"), field("NAME"), id.clone()].into_iter().find(|n| !n.is_empty())?;
    Some(Distro {
        // The specification's own default.
        id: if id.is_empty() { "linux".to_owned() } else { id },
        like: field("ID_LIKE").split_whitespace().map(str::to_owned).collect(),
        version: field("VERSION_ID"),
        codename: field("VERSION_CODENAME"),
        name,
    })
}

fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.trim();
    let (name, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
    Some((name.trim(), unquote(value.trim())))
}

/// The value as a shell would read it: in quotes of either kind, with backslashes
/// before what they protect.
fn unquote(value: &str) -> String {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(literal) = inside('\'') {
        return literal.to_owned();
    }
    let mut text = String::new();
    let mut letters = inside('"').unwrap_or(value).chars().peekable();
    while let Some(letter) = letters.next() {
        let protects = letters.peek().is_some_and(|next| "$\"\\`'".contains(*next));
        match letter {
            '\\' if protects => text.extend(letters.next()),
            other => text.push(other),
        }
    }
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_comments_and_lists_are_read_as_the_specification_says() {
        let text = "# a comment\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE='debian other'\nVERSION_CODENAME=noble\nPRETTY_NAME=\"The \\\"best\\\" \\$OS\"\n";
        assert_eq!(
            parse(text),
            Some(Distro {
                id: "ubuntu".into(),
                like: vec!["debian".into(), "other".into()],
                version: "24.04".into(),
                codename: "noble".into(),
                name: "The \"best\" $OS".into(),
            })
        );
    }

    #[test]
    fn a_rolling_distribution_has_no_version_and_an_empty_file_is_none() {
        let arch = parse("ID=arch\nPRETTY_NAME=\"Arch Linux\"\nBUILD_ID=rolling\n").unwrap();
        assert_eq!((arch.version.as_str(), arch.codename.as_str()), ("", ""));
        assert_eq!(parse(""), None);
        assert_eq!(parse("garbage\n=\n"), None);
    }
}
