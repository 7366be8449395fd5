//! What taking changes back means for each package: decided from its state before,
//! its state after, and its state now. Pure.

use crate::packages::snapshot::Snapshot;
use d1_core::{Change, Manager, PackageName, Resource, State};
use std::collections::BTreeSet;

/// What is to be done to take changes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RevertPlan {
    /// To go, with their configuration.
    pub(crate) purge: Vec<PackageName>,
    /// To go, leaving their configuration as it was left before.
    pub(crate) remove: Vec<PackageName>,
    /// To come back in this version.
    pub(crate) restore: Vec<(PackageName, String)>,
    /// To be marked as automatic again.
    pub(crate) auto: Vec<PackageName>,
    /// To be marked as wanted again.
    pub(crate) manual: Vec<PackageName>,
    /// What stays as it is, with the reason.
    pub(crate) kept: Vec<String>,
}

impl RevertPlan {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.purge.is_empty()
            && self.remove.is_empty()
            && self.restore.is_empty()
            && self.auto.is_empty()
            && self.manual.is_empty()
    }

    /// Everything that is to go.
    pub(crate) fn leaving(&self) -> BTreeSet<&PackageName> {
        self.purge.iter().chain(&self.remove).collect()
    }

    /// Leaves this package alone after all.
    pub(crate) fn keep(&mut self, name: &PackageName, why: &str) {
        self.purge.retain(|other| other != name);
        self.remove.retain(|other| other != name);
        self.kept.push(format!("{name} stays: {why}"));
    }

    /// What is to be done to take `changes` back on a machine that is `now` like this.
    pub(crate) fn new(
        manager: Manager,
        changes: &[Change],
        needed_elsewhere: &[Resource],
        now: &Snapshot,
    ) -> Self {
        let mut plan = Self::default();
        for change in changes {
            let Some(name) = package_of(manager, change) else { continue };
            let needed = needed_elsewhere.contains(&change.resource);
            plan.decide(name, change, &now.state(name), needed);
        }
        plan
    }

    fn decide(&mut self, name: &PackageName, change: &Change, now: &State, needed: bool) {
        let was_there = matches!(change.before, State::Installed { .. } | State::Present);
        let is_there = matches!(now, State::Installed { .. } | State::Broken { .. });
        match (was_there, is_there) {
            _ if change.before == *now => {}
            (true, true) => self.go_back(name, change, now, needed),
            (true, false) => self.bring_back(name, &change.before),
            (false, true) if needed => {
                self.kept.push(format!("{name} stays: another setup needs it"))
            }
            (false, true) if adopted(change, now) => {
                self.kept.push(format!("{name} stays: somebody has marked it as wanted since"));
            }
            (false, true) => match change.before {
                State::ConfigFiles { .. } => self.remove.push(name.clone()),
                State::Absent
                | State::Present
                | State::Installed { .. }
                | State::Broken { .. }
                | State::File { .. }
                | State::Directory { .. }
                | State::Permissions { .. }
                | State::Link { .. } => self.purge.push(name.clone()),
            },
            (false, false) => self.tidy(name, change, now),
        }
    }

    /// Installed before and now, but not the same.
    fn go_back(&mut self, name: &PackageName, change: &Change, now: &State, needed: bool) {
        let (Some((old, old_auto)), Some((version, auto))) = (parts(&change.before), parts(now))
        else {
            self.kept.push(format!("{name} stays: it is {} now", told(now)));
            return;
        };
        let made = parts(&change.after);
        if version == old {
            // Only the mark differs. One that somebody else set is not ours to change.
            let ours = made.is_some_and(|(_, made_auto)| made_auto == auto);
            match (ours, old_auto) {
                (false, _) => {}
                (true, true) if needed => {
                    self.kept
                        .push(format!("{name} stays marked as wanted: another setup needs it"));
                }
                (true, true) => self.auto.push(name.clone()),
                (true, false) => self.manual.push(name.clone()),
            }
            return;
        }
        if made.is_none_or(|(made, _)| made != version) {
            self.kept.push(format!("{name} stays at {version}: it was changed again since"));
        } else if needed {
            self.kept.push(format!("{name} stays at {version}: another setup needs it"));
        } else {
            self.bring_back(name, &change.before);
        }
    }

    fn bring_back(&mut self, name: &PackageName, before: &State) {
        if let Some((version, automatic)) = parts(before) {
            self.restore.push((name.clone(), version.to_owned()));
            let marks = if automatic { &mut self.auto } else { &mut self.manual };
            marks.push(name.clone());
        }
    }

    /// Installed neither before nor now; only left-over configuration may differ.
    fn tidy(&mut self, name: &PackageName, change: &Change, now: &State) {
        match (&change.before, now) {
            (State::Absent, State::ConfigFiles { .. }) => self.purge.push(name.clone()),
            (State::ConfigFiles { version }, State::ConfigFiles { .. }) => self.kept.push(format!(
                "the configuration of {name} stays as it is now: that of version {version} was replaced"
            )),
            (State::ConfigFiles { .. }, _) => self.kept.push(format!(
                "the configuration that {name} had left behind cannot be brought back"
            )),
            _ => {}
        }
    }
}

/// Came in for others, and is wanted for itself by now.
fn adopted(change: &Change, now: &State) -> bool {
    matches!(
        (&change.after, now),
        (State::Installed { automatic: true, .. }, State::Installed { automatic: false, .. })
    )
}

fn parts(state: &State) -> Option<(&str, bool)> {
    match state {
        State::Installed { version, automatic } => Some((version, *automatic)),
        State::Absent
        | State::Present
        | State::ConfigFiles { .. }
        | State::Broken { .. }
        | State::File { .. }
        | State::Directory { .. }
        | State::Permissions { .. }
        | State::Link { .. } => None,
    }
}

fn told(state: &State) -> String {
    match state {
        State::Broken { status, .. } => status.clone(),
        other @ (State::Absent
        | State::Present
        | State::Installed { .. }
        | State::ConfigFiles { .. }
        | State::File { .. }
        | State::Directory { .. }
        | State::Permissions { .. }
        | State::Link { .. }) => format!("{other:?}").to_lowercase(),
    }
}

fn package_of(manager: Manager, change: &Change) -> Option<&PackageName> {
    match &change.resource {
        Resource::Package { manager: whose, name } if *whose == manager => Some(name),
        Resource::Package { .. }
        | Resource::File(_)
        | Resource::Permissions(_)
        | Resource::ServiceEnabled(_)
        | Resource::ServiceActive(_)
        | Resource::GroupMember { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn installed(version: &str, automatic: bool) -> State {
        State::Installed { version: version.into(), automatic }
    }

    fn rc(version: &str) -> State {
        State::ConfigFiles { version: version.into() }
    }

    fn resource(name: &str) -> Resource {
        Resource::Package { manager: Manager::Apt, name: name.parse().unwrap() }
    }

    fn plan(before: State, after: State, now: State, needed: bool) -> RevertPlan {
        let change = Change { resource: resource("jq"), before, after };
        let states = if now == State::Absent { vec![] } else { vec![("jq".parse().unwrap(), now)] };
        let now = Snapshot::new(Manager::Apt, states.into_iter().collect());
        let needed = if needed { vec![resource("jq")] } else { vec![] };
        RevertPlan::new(Manager::Apt, &[change], &needed, &now)
    }

    fn jq() -> Vec<PackageName> {
        vec!["jq".parse().unwrap()]
    }

    #[test]
    fn what_came_goes_and_what_left_its_configuration_before_leaves_it_again() {
        let new = || installed("2", false);
        assert_eq!(
            plan(State::Absent, new(), new(), false),
            RevertPlan { purge: jq(), ..Default::default() }
        );
        assert_eq!(
            plan(rc("2"), new(), new(), false),
            RevertPlan { remove: jq(), ..Default::default() }
        );
        // Somebody removed it already, and left its configuration.
        assert_eq!(
            plan(State::Absent, new(), rc("2"), false),
            RevertPlan { purge: jq(), ..Default::default() }
        );
        assert_eq!(plan(State::Absent, new(), State::Absent, false), RevertPlan::default());
        // Upgraded by somebody since: still ours to take away.
        assert_eq!(plan(State::Absent, new(), installed("3", false), false).purge, jq());
    }

    #[test]
    fn what_another_setup_needs_or_somebody_adopted_stays_and_is_told() {
        let kept = plan(State::Absent, installed("1", true), installed("1", true), true);
        assert_eq!(
            kept,
            RevertPlan {
                kept: vec!["jq stays: another setup needs it".into()],
                ..Default::default()
            }
        );
        let adopted = plan(State::Absent, installed("1", true), installed("1", false), false);
        assert_eq!(
            adopted,
            RevertPlan {
                kept: vec!["jq stays: somebody has marked it as wanted since".into()],
                ..Default::default()
            }
        );
    }

    #[test]
    fn a_mark_goes_back_unless_somebody_set_it_since() {
        let marked =
            plan(installed("1", true), installed("1", false), installed("1", false), false);
        assert_eq!(marked, RevertPlan { auto: jq(), ..Default::default() });
        let back = plan(installed("1", true), installed("1", false), installed("1", true), false);
        assert_eq!(back, RevertPlan::default());
        let needed = plan(installed("1", true), installed("1", false), installed("1", false), true);
        assert!(needed.is_empty() && needed.kept.len() == 1);
    }

    #[test]
    fn an_upgrade_goes_back_only_if_nobody_upgraded_again() {
        let restored =
            plan(installed("1", true), installed("2", true), installed("2", true), false);
        assert_eq!(restored.restore, [("jq".parse().unwrap(), "1".to_owned())]);
        assert_eq!(restored.auto, jq());
        let again = plan(installed("1", true), installed("2", true), installed("3", true), false);
        assert_eq!(again.kept, ["jq stays at 3: it was changed again since"]);
        assert!(again.is_empty());
    }

    #[test]
    fn what_was_removed_comes_back_with_its_mark() {
        let plan = plan(installed("1", false), State::Absent, State::Absent, false);
        assert_eq!(plan.restore, [("jq".parse().unwrap(), "1".to_owned())]);
        assert_eq!(plan.manual, jq());
    }

    fn any_state() -> impl Strategy<Value = State> {
        prop_oneof![
            Just(State::Absent),
            ("[12]", any::<bool>()).prop_map(|(v, a)| installed(&v, a)),
            "[12]".prop_map(|v| rc(&v)),
            Just(State::Broken { version: "1".into(), status: "half configured".into() }),
        ]
    }

    proptest! {
        #[test]
        fn what_was_installed_before_is_never_removed(before in any_state(), after in any_state(), now in any_state(), needed: bool) {
            let plan = plan(before.clone(), after, now, needed);
            if matches!(before, State::Installed { .. }) {
                prop_assert!(plan.leaving().is_empty());
            }
        }

        #[test]
        fn what_is_as_before_is_left_alone(state in any_state(), after in any_state(), needed: bool) {
            prop_assert_eq!(plan(state.clone(), after, state, needed), RevertPlan::default());
        }

        #[test]
        fn what_others_need_is_never_removed(before in any_state(), after in any_state(), now in any_state()) {
            let plan = plan(before, after, now.clone(), true);
            if matches!(now, State::Installed { .. } | State::Broken { .. }) {
                prop_assert!(plan.leaving().is_empty());
            }
        }
    }
}
