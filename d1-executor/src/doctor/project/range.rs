//! Ranges of releases as npm writes them: `>=18 <21`, `^20`, `20.x`, `1.2 - 2.3`, `18 || 20`.

use super::release::Release;
use semver::{Comparator, Op};

/// The releases from one to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Release,
    /// The first that is too new; `None` when none is.
    pub(super) before: Option<Release>,
}

impl Span {
    pub(super) const ALL: Self = Self { from: Release::new(0, 0, 0), before: None };

    pub(super) fn holds(&self, release: Release) -> bool {
        self.from <= release && self.before.is_none_or(|before| release < before)
    }

    /// What is in both; `None` when nothing is.
    pub(super) fn both(self, other: Self) -> Option<Self> {
        let from = self.from.max(other.from);
        let before = match (self.before, other.before) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        before.is_none_or(|before| from < before).then_some(Self { from, before })
    }

    /// Those that begin with the first `said` numbers of a release.
    pub(super) const fn beginning(with: Release, said: usize) -> Self {
        Self { from: with, before: Some(with.after(said)) }
    }
}

/// The most parts a range may have.
const MOST_PARTS: usize = 64;

/// The spans of a range; `None` when it is no range. A range that nothing fits has none.
pub(super) fn spans(text: &str) -> Option<Vec<Span>> {
    let parts: Vec<&str> = text.split("||").collect();
    if parts.len() > MOST_PARTS {
        return None;
    }
    let each: Option<Vec<Option<Span>>> = parts.into_iter().map(alternative).collect();
    Some(each?.into_iter().flatten().collect())
}

/// One side of `||`: outside, whether it is a range; inside, whether anything fits.
fn alternative(text: &str) -> Option<Option<Span>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [from, "-", to] = words.as_slice() {
        return Some(one(&format!(">={}", bare(from)))?.both(one(&format!("<={}", bare(to)))?));
    }
    // An operator may stand apart from its version.
    let joined = words.join(" ");
    let mut joined = joined.replace("~>", "~").replace(',', " ");
    for operator in [">=", "<=", ">", "<", "=", "^", "~"] {
        joined = joined.replace(&format!("{operator} "), operator);
    }
    let mut all = Some(Span::ALL);
    for word in joined.split_whitespace().take(MOST_PARTS) {
        let span = one(word)?;
        all = all.and_then(|all| all.both(span));
    }
    Some(all)
}

/// A version without what stands for any number: `v20.x` is `20`.
fn bare(word: &str) -> &str {
    let word = word.strip_prefix(['v', 'V']).unwrap_or(word);
    let end = word.find(".x").or_else(|| word.find(".X")).or_else(|| word.find(".*"));
    &word[..end.unwrap_or(word.len())]
}

/// One comparison.
fn one(word: &str) -> Option<Span> {
    let version_at = word.find(|c: char| !"<>=^~".contains(c))?;
    let (operator, version) = word.split_at(version_at);
    let version = bare(version);
    if ["*", "x", "X"].contains(&version) {
        return Some(Span::ALL);
    }
    // To npm a version by itself is that version; to others it is what is compatible with it.
    let operator = if operator.is_empty() { "=" } else { operator };
    Some(span(&Comparator::parse(&format!("{operator}{version}")).ok()?))
}

fn span(comparator: &Comparator) -> Span {
    let said = 1 + [comparator.minor, comparator.patch].iter().flatten().count();
    let numbers = (comparator.major, comparator.minor, comparator.patch);
    let release = Release::new(numbers.0, numbers.1.unwrap_or(0), numbers.2.unwrap_or(0));
    let until = |before| Span { before: Some(before), ..Span::ALL };
    match comparator.op {
        Op::Greater => Span { from: release.after(said), before: None },
        Op::GreaterEq => Span { from: release, before: None },
        Op::Less => until(release),
        Op::LessEq => until(release.after(said)),
        Op::Tilde => Span::beginning(release, said.min(2)),
        // Up to the first number that is not zero, of those that were said.
        Op::Caret => {
            let numbers = [release.major, release.minor, release.patch];
            let leading = numbers.iter().take(said).position(|number| *number > 0);
            Span { from: release, before: Some(release.after(leading.map_or(said, |at| at + 1))) }
        }
        // `=`, `20.*`, and what is not known of operators yet.
        Op::Exact | Op::Wildcard | _ => Span::beginning(release, said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use semver::{Version, VersionReq};

    fn holds(range: &str, version: &str) -> bool {
        let (release, _) = Release::leading(version).unwrap();
        spans(range).unwrap().iter().any(|span| span.holds(release))
    }

    #[test]
    fn ranges_mean_what_they_mean_to_npm() {
        for (range, fits, does_not) in [
            (">=18 <21", "20.9.9", "21.0.0"),
            (">= 18", "18.0.0", "17.9.0"),
            ("^20", "20.1.0", "21.0.0"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            ("20.x", "20.5.1", "19.0.0"),
            ("v20.11.x", "20.11.7", "20.12.0"),
            ("20", "20.0.0", "21.0.0"),
            ("1.2 - 2.3", "2.3.9", "2.4.0"),
            ("18 || >=20.5", "22.0.0", "19.0.0"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            (">1.2", "1.3.0", "1.2.9"),
            ("=3.11.7", "3.11.7", "3.11.8"),
        ] {
            assert!(holds(range, fits), "{range} takes {fits}");
            assert!(!holds(range, does_not), "{range} does not take {does_not}");
        }
        assert!(holds("*", "0.0.1") && holds("", "9.0.0") && holds("x", "1.0.0"));
        for nonsense in ["please-use-npm", ">", "20..1", "^", "latest", "20.1.1.1.1"] {
            assert_eq!(spans(nonsense), None, "{nonsense}");
        }
        assert_eq!(spans(">5 <3"), Some(vec![]));
    }

    proptest! {
        /// The crate that Cargo uses is the judge of every comparison by itself.
        #[test]
        fn every_comparison_is_that_of_semver(
            operator in prop::sample::select(vec!["=", ">", ">=", "<", "<=", "~", "^"]),
            wanted in prop::collection::vec(0..4_u64, 1..=3),
            there in prop::array::uniform3(0..4_u64),
        ) {
            let wanted: Vec<String> = wanted.iter().map(u64::to_string).collect();
            let text = format!("{operator}{}", wanted.join("."));
            let [major, minor, patch] = there;
            let judge = VersionReq::parse(&text).unwrap().matches(&Version::new(major, minor, patch));
            let ours = spans(&text).unwrap().iter().any(|span| span.holds(Release { major, minor, patch }));
            prop_assert_eq!(ours, judge, "{} {:?}", text, there);
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,100}", like in "[0-9.xv|<>=~^ *-]{0,40}") {
            let _whatever = (spans(&text), spans(&like));
        }
    }
}
