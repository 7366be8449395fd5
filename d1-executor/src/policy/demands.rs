//! What the owner wants besides the word of a cloud, before a step of it begins.

use super::core::Policy;
use d1_core::Risk;
use serde::{Deserialize, Serialize};

/// From which risk on something is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum From {
    Looks,
    Own,
    System,
    Grave,
    Never,
}

/// `[orders]`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOrders {
    pub(super) yes: Option<From>,
    pub(super) signature: Option<From>,
    pub(super) refuse: Option<From>,
}

/// What the owner wants, and from which risk on; nothing where it is never wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Demands {
    /// A yes at the machine itself.
    pub yes: Option<Risk>,
    /// The signature of a person whose key is trusted here, under the whole plan.
    pub signature: Option<Risk>,
    /// That it is not done at all.
    pub refuse: Option<Risk>,
}

impl From {
    const fn risk(self) -> Option<Risk> {
        match self {
            Self::Looks => Some(Risk::Looks),
            Self::Own => Some(Risk::Own),
            Self::System => Some(Risk::System),
            Self::Grave => Some(Risk::Grave),
            Self::Never => None,
        }
    }
}

impl Demands {
    /// Whether something is wanted of what is so grave.
    #[must_use]
    pub fn reach(from: Option<Risk>, risk: Risk) -> bool {
        from.is_some_and(|from| risk >= from)
    }
}

impl Policy {
    /// What is wanted of steps that a cloud orders. Where nobody says so, what is grave waits for
    /// a yes at the machine; a user wants more than the administrator, and never less.
    #[must_use]
    pub fn demands(&self) -> Demands {
        let strictest = |of: fn(&RawOrders) -> Option<From>, unsaid: From| {
            let machine = of(&self.machine.orders).unwrap_or(unsaid).risk();
            let user = of(&self.user.orders).and_then(From::risk);
            machine.into_iter().chain(user).min()
        };
        Demands {
            yes: strictest(|orders| orders.yes, From::Grave),
            signature: strictest(|orders| orders.signature, From::Never),
            refuse: strictest(|orders| orders.refuse, From::Never),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_grave_waits_for_a_yes_unless_the_administrator_says_otherwise() {
        let of = |machine: &str, user: &str| Policy::parse(machine, user).unwrap().demands();
        let usual = Demands { yes: Some(Risk::Grave), signature: None, refuse: None };
        assert_eq!(of("", ""), usual);
        assert_eq!(of("", "orders.yes = 'never'"), usual, "a user does not loosen it");
        assert_eq!(of("orders.yes = 'never'", "").yes, None);
        let both = of("orders.signature = 'grave'", "orders.signature = 'system'");
        assert_eq!(both.signature, Some(Risk::System));
        let both = of("orders.signature = 'own'", "orders.signature = 'never'");
        assert_eq!(both.signature, Some(Risk::Own));
        assert_eq!(of("orders.yes = 'never'", "orders.yes = 'own'").yes, Some(Risk::Own));
        assert!(Policy::parse("orders.yess = 'own'", "").is_err());
        assert!(Demands::reach(both.signature, Risk::Grave) && !Demands::reach(None, Risk::Grave));
        assert!(!Demands::reach(both.signature, Risk::Looks));
    }
}
