//! Which names are close to one that nobody knows.

/// A name that begins with what was wanted is further away than any slip of the fingers.
const BEGINS: usize = 100;

/// The names closest to `wanted`, best first, at most `most`: those that a slip of the
/// fingers makes of it, then those that begin with it.
pub(super) fn closest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let mut ranked: Vec<_> =
        names.into_iter().filter_map(|name| Some((distance(wanted, name)?, name))).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(most).map(|(_, name)| name).collect()
}

/// How far apart they are; `None` is too far. A third of the letters may be wrong.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    let slips = (wanted.chars().count() / 3).max(1);
    let apart = strsim::damerau_levenshtein(wanted, name);
    let begins = wanted.len() > 2 && name.starts_with(wanted);
    if apart <= slips { Some(apart) } else { begins.then_some(BEGINS) }
}
