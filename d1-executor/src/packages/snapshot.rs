//! Every package of one manager, as it is at one moment.

use d1_core::{Baseline, Change, Manager, PackageName, Resource, State};
use std::collections::{BTreeMap, BTreeSet};

/// Every package of one manager, as it is at one moment. What is not listed is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    manager: Manager,
    states: BTreeMap<PackageName, State>,
}

impl Snapshot {
    /// A machine with these packages.
    #[must_use]
    pub(crate) fn new(manager: Manager, states: BTreeMap<PackageName, State>) -> Self {
        Self { manager, states }
    }

    /// What a baseline remembers of this manager's packages.
    #[must_use]
    pub(crate) fn of_baseline(manager: Manager, baseline: &Baseline) -> Self {
        let mine = |(resource, state): &(Resource, State)| match resource {
            Resource::Package { manager: whose, name } if *whose == manager => {
                Some((name.clone(), state.clone()))
            }
            Resource::Package { .. }
            | Resource::File(_)
            | Resource::Permissions(_)
            | Resource::ServiceEnabled(_)
            | Resource::ServiceActive(_)
            | Resource::GroupMember { .. } => None,
        };
        Self { manager, states: baseline.states.iter().filter_map(mine).collect() }
    }

    /// The same, to be written down.
    #[must_use]
    pub(crate) fn to_baseline(&self) -> Baseline {
        let pair = |(name, state): (&PackageName, &State)| (self.resource(name), state.clone());
        Baseline {
            states: self.states.iter().map(pair).collect(),
            complete_for: Some(self.manager),
        }
    }

    /// How this package is.
    #[must_use]
    pub(crate) fn state(&self, name: &PackageName) -> State {
        self.states.get(name).cloned().unwrap_or(State::Absent)
    }

    /// Whether this package is wholly installed.
    #[must_use]
    pub(crate) fn has(&self, name: &PackageName) -> bool {
        matches!(self.states.get(name), Some(State::Installed { .. }))
    }

    /// The packages that are half done, with what the manager calls that.
    #[must_use]
    pub(crate) fn broken(&self) -> Vec<String> {
        let told = |(name, state): (&PackageName, &State)| match state {
            State::Broken { status, .. } => Some(format!("{name} ({status})")),
            State::Absent
            | State::Present
            | State::Installed { .. }
            | State::ConfigFiles { .. }
            | State::File { .. }
            | State::Directory { .. }
            | State::Permissions { .. }
            | State::Link { .. } => None,
        };
        self.states.iter().filter_map(told).collect()
    }

    /// What is different from `before`.
    #[must_use]
    pub(crate) fn changes_since(&self, before: &Self) -> Vec<Change> {
        let names: BTreeSet<&PackageName> =
            before.states.keys().chain(self.states.keys()).collect();
        let differs = |name: &&PackageName| before.states.get(*name) != self.states.get(*name);
        let change = |name: &PackageName| Change {
            resource: self.resource(name),
            before: before.state(name),
            after: self.state(name),
        };
        names.into_iter().filter(differs).map(change).collect()
    }

    /// The package as a thing on the machine.
    #[must_use]
    pub(crate) fn resource(&self, name: &PackageName) -> Resource {
        Resource::Package { manager: self.manager, name: name.clone() }
    }
}

/// What happened to the packages, in one sentence for people.
#[must_use]
pub(crate) fn tell(changes: &[Change]) -> String {
    let mut parts = Vec::new();
    for (verb, fits) in VERBS {
        let names: Vec<String> = changes.iter().filter(|c| fits(c)).filter_map(name_of).collect();
        if !names.is_empty() {
            parts.push(format!("{verb}: {}", shorten(&names)));
        }
    }
    if parts.is_empty() {
        "nothing was installed, removed or changed".into()
    } else {
        parts.join("; ")
    }
}

type Fits = fn(&Change) -> bool;

const VERBS: [(&str, Fits); 5] = [
    ("left half done", |c| matches!(c.after, State::Broken { .. })),
    ("installed", |c| {
        matches!(
            (&c.before, &c.after),
            (State::Absent | State::ConfigFiles { .. }, State::Installed { .. })
        )
    }),
    ("changed", |c| {
        matches!(
            (&c.before, &c.after),
            (State::Installed { .. } | State::Broken { .. }, State::Installed { .. })
        )
    }),
    ("removed", |c| matches!(c.after, State::Absent)),
    ("removed but for its configuration", |c| matches!(c.after, State::ConfigFiles { .. })),
];

/// The package a change is about.
pub(crate) fn name_of(change: &Change) -> Option<String> {
    match &change.resource {
        Resource::Package { name, .. } => Some(name.to_string()),
        Resource::File(_)
        | Resource::Permissions(_)
        | Resource::ServiceEnabled(_)
        | Resource::ServiceActive(_)
        | Resource::GroupMember { .. } => None,
    }
}

/// The most names a sentence lists.
const MOST_NAMES: usize = 8;

/// Names for a sentence: all of them, or the first few and how many more.
pub(crate) fn shorten(names: &[String]) -> String {
    let shown = names.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(version: &str, automatic: bool) -> State {
        State::Installed { version: version.into(), automatic }
    }

    fn machine(states: &[(&str, State)]) -> Snapshot {
        let pair = |(name, state): &(&str, State)| (name.parse().unwrap(), state.clone());
        Snapshot::new(Manager::Apt, states.iter().map(pair).collect())
    }

    #[test]
    fn a_snapshot_survives_being_written_down_as_a_baseline() {
        let machine =
            machine(&[("jq", installed("1.6", false)), ("libjq1", installed("1.6", true))]);
        assert_eq!(Snapshot::of_baseline(Manager::Apt, &machine.to_baseline()), machine);
        assert_eq!(machine.to_baseline().complete_for, Some(Manager::Apt));
    }

    #[test]
    fn changes_are_what_came_what_went_and_what_is_different() {
        let before = machine(&[
            ("a", installed("1", true)),
            ("b", installed("1", false)),
            ("same", installed("3", false)),
        ]);
        let after = machine(&[
            ("a", installed("1", false)),
            ("c", installed("2", false)),
            ("same", installed("3", false)),
        ]);
        let changes = after.changes_since(&before);
        let told: Vec<_> = changes.iter().filter_map(name_of).collect();
        assert_eq!(told, ["a", "b", "c"]);
        assert_eq!(changes[1].before, installed("1", false));
        assert_eq!(changes[1].after, State::Absent);
        assert_eq!(tell(&changes), "installed: c; changed: a; removed: b");
        assert_eq!(tell(&after.changes_since(&after)), "nothing was installed, removed or changed");
    }

    #[test]
    fn a_long_list_of_names_is_cut_with_its_number() {
        let names: Vec<String> = (0..10).map(|i| format!("p{i}")).collect();
        assert_eq!(shorten(&names), "p0, p1, p2, p3, p4, p5, p6, p7 and 2 more");
    }
}
