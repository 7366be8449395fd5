//! `.nvmrc`, `.node-version` and `.python-version`: a version by itself.

use super::super::{pin::Pin, requirement::Requirement};

/// The names under which Node's long-lived releases go.
const LONG_LIVED: [(&str, &str); 11] = [
    ("argon", "4"),
    ("boron", "6"),
    ("carbon", "8"),
    ("dubnium", "10"),
    ("erbium", "12"),
    ("fermium", "14"),
    ("gallium", "16"),
    ("hydrogen", "18"),
    ("iron", "20"),
    ("jod", "22"),
    ("krypton", "24"),
];

/// What `.nvmrc` says: `18`, `v18.19.1`, `lts/hydrogen`, `lts/*`, `node`.
pub(super) fn node(text: &str) -> Vec<Pin> {
    // A setting of nvm, as `name=value`, is no version.
    let Some(said) = lines(text).find(|line| !line.contains('=')) else { return Vec::new() };
    let numbers = match said.strip_prefix("lts/") {
        Some(name) => {
            let known = LONG_LIVED.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
            known.map_or("", |(_, numbers)| *numbers)
        }
        None => said.trim_start_matches(['v', 'V']),
    };
    let requirement = Requirement::beginning(numbers).unwrap_or_else(Requirement::any);
    Pin::new("node", said, requirement).into_iter().collect()
}

/// What `.python-version` says: the first line with a number. `system`, other Pythons and
/// virtual environments by name are left to pyenv.
pub(super) fn python(text: &str) -> Vec<Pin> {
    let said = lines(text).find_map(|line| {
        let numbers = line.strip_prefix("cpython-").unwrap_or(line);
        Some((line, Requirement::beginning(numbers)?))
    });
    said.and_then(|(line, requirement)| Pin::new("python", line, requirement)).into_iter().collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let plain = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    plain.filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(text: &str) -> Requirement {
        Requirement::range(text).unwrap()
    }

    #[test]
    fn every_way_to_name_a_node_is_read() {
        for (said, requirement) in [
            ("18\n", range("18")),
            ("v18.19.1", range("18.19.1")),
            ("# ours\n\nlts/Hydrogen\n", range("18")),
            ("lts/*", Requirement::any()),
            ("lts/of-tomorrow", Requirement::any()),
            ("node", Requirement::any()),
        ] {
            assert_eq!(node(said)[0].requirement, requirement, "{said}");
        }
        assert_eq!(node(" \n# nothing\n"), []);
    }

    #[test]
    fn of_several_pythons_the_first_with_a_number_counts() {
        assert_eq!(python("myenv\n3.11.7\n3.10\n")[0].requirement, range("3.11.7"));
        assert_eq!(python("cpython-3.12")[0].requirement, range("3.12"));
        assert_eq!(python("3.13-dev")[0].requirement, range("3.13"));
        assert_eq!(python("system\npypy3.9-7.3\n"), []);
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(x in 0..99_u64, y in 0..99_u64, z in 0..99_u64) {
            let text = format!("{x}.{y}.{z}");
            prop_assert_eq!(&node(&text)[0].requirement, &range(&text));
            prop_assert_eq!(&python(&text)[0].wanted, &text);
        }
    }
}
