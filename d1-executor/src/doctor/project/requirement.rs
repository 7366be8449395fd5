//! Which releases of a tool would do.

use super::{
    range::{Span, spans},
    release::Release,
};

/// Which releases would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Requirement(Vec<Span>);

impl Requirement {
    /// Any.
    pub(in crate::doctor) fn any() -> Self {
        Self(vec![Span::ALL])
    }

    /// Those in a range as npm writes it; `None` when it is no range.
    pub(in crate::doctor) fn range(text: &str) -> Option<Self> {
        spans(text).map(Self)
    }

    /// Those that begin so: `3.11` is any 3.11, whatever stands after the numbers. `None` when
    /// the text does not begin with a number.
    pub(in crate::doctor) fn beginning(text: &str) -> Option<Self> {
        let (release, said) = Release::leading(text)?;
        Some(Self(vec![Span::beginning(release, said)]))
    }

    /// This one, and whatever is newer.
    pub(in crate::doctor) fn at_least(text: &str) -> Option<Self> {
        let (from, _) = Release::leading(text)?;
        Some(Self(vec![Span { from, before: None }]))
    }

    /// Those of any of them.
    pub(in crate::doctor) fn either(all: impl IntoIterator<Item = Self>) -> Self {
        Self(all.into_iter().flat_map(|one| one.0).collect())
    }

    /// Whether any release would do.
    pub(in crate::doctor) fn is_any(&self) -> bool {
        self.0.contains(&Span::ALL)
    }

    /// Whether this one would.
    pub(in crate::doctor) fn takes(&self, release: Release) -> bool {
        self.0.iter().any(|span| span.holds(release))
    }

    /// Those that would do for both; nothing, when they contradict each other.
    pub(in crate::doctor) fn and(&self, other: &Self) -> Option<Self> {
        let pairs = self.0.iter().flat_map(|one| other.0.iter().map(|two| one.both(*two)));
        let both: Vec<Span> = pairs.flatten().take(MOST_SPANS).collect();
        (!both.is_empty()).then_some(Self(both))
    }

    /// The oldest that would do, as `3.11`.
    pub(in crate::doctor) fn series(&self) -> Option<String> {
        let from = self.0.iter().map(|span| span.from).min()?;
        Some(format!("{}.{}", from.major, from.minor))
    }
}

/// More spans than this are not told apart any more.
const MOST_SPANS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Requirement {
        Requirement::range(text).unwrap()
    }

    #[test]
    fn two_that_nothing_fits_contradict_each_other() {
        let pinned = Requirement::beginning("18").unwrap();
        assert!(pinned.and(&range(">=20")).is_none());
        assert!(pinned.and(&range("^18.2 || ^20")).is_some());
        assert!(Requirement::any().and(&pinned).is_some());
        assert!(range(">5 <3").and(&Requirement::any()).is_none());
    }

    #[test]
    fn a_pin_is_a_beginning() {
        let pinned = Requirement::beginning("3.11").unwrap();
        let release = |text| Release::told(text, "").unwrap();
        assert!(pinned.takes(release("3.11.7")) && !pinned.takes(release("3.12.0")));
        assert!(Requirement::beginning("17.0.8.7.1").unwrap().takes(release("17.0.8")));
        assert_eq!(Requirement::beginning("latest"), None);
        assert_eq!(pinned.series().as_deref(), Some("3.11"));
        let either = Requirement::either([pinned, Requirement::beginning("2.7").unwrap()]);
        assert!(either.takes(release("2.7.18")));
    }
}
