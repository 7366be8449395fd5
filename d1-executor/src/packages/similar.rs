//! Which names are close to one that nobody knows.

/// The names closest to `wanted`, best first: those that differ by a slip of the
/// fingers, then those that begin with it, then those that contain it as a word.
pub(crate) fn closest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut ranked: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| Some((rank(&wanted, name.trim())?, name.trim())))
        .collect();
    ranked.sort_unstable_by_key(|(rank, name)| (*rank, name.len(), *name));
    ranked.dedup();
    ranked.into_iter().take(most).map(|(_, name)| name.to_owned()).collect()
}

/// How far a name is from what was wanted; `None` is too far.
fn rank(wanted: &str, name: &str) -> Option<usize> {
    if name.is_empty() || wanted.is_empty() {
        return None;
    }
    let lower = name.to_lowercase();
    // A third of the letters may be wrong: `postgers` is close to `postgres`, `jq` to nothing.
    let slips = (wanted.chars().count() / 3).max(1);
    let lengths = wanted.len().abs_diff(lower.len());
    let distance =
        if lengths <= slips { strsim::damerau_levenshtein(wanted, &lower) } else { usize::MAX };
    if distance <= slips {
        return Some(distance);
    }
    const BEGINS: usize = 10;
    const CONTAINS: usize = 20;
    if wanted.len() < 3 {
        return None;
    }
    if lower.starts_with(wanted) {
        return Some(BEGINS);
    }
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| word == wanted).then_some(CONTAINS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_comes_before_a_longer_name() {
        let names = ["ripgrep", "ripgrep-all", "pgrep", "zebra", "rust-ripgrep"];
        assert_eq!(closest("ripgerp", names, 5), ["ripgrep"]);
        assert_eq!(
            closest("ripgrep", names, 5),
            ["ripgrep", "pgrep", "ripgrep-all", "rust-ripgrep"]
        );
    }

    #[test]
    fn what_is_far_away_is_not_a_guess() {
        assert_eq!(closest("qqqqqqqq", ["ripgrep", "jq"], 5), Vec::<String>::new());
        assert_eq!(closest("", ["ripgrep"], 5), Vec::<String>::new());
    }

    #[test]
    fn no_more_than_asked_for_are_given() {
        let names = ["vim-a", "vim-b", "vim-c"];
        assert_eq!(closest("vim", names, 2), ["vim-a", "vim-b"]);
    }
}
