//! Whom commands reached on the network, and whom they were refused, for people.

use super::text::inert;
use d1_core::{Intent, NetworkUse, Problem, Setup};

/// How many hosts of each kind one line names; `--json` has them all.
const NAMED: usize = 4;

/// `reached a.example and b.example; refused c.example`; none where nobody was called.
#[must_use]
pub fn summary<'a>(uses: impl Iterator<Item = &'a NetworkUse> + Clone) -> Option<String> {
    let reached = listed(uses.clone().flat_map(NetworkUse::reached));
    let refused = listed(uses.flat_map(NetworkUse::turned_away));
    match (reached, refused) {
        (None, None) => None,
        (Some(reached), None) => Some(format!("reached {reached}")),
        (None, Some(refused)) => Some(format!("reached nobody; refused {refused}")),
        (Some(reached), Some(refused)) => Some(format!("reached {reached}; refused {refused}")),
    }
}

/// Each once; those that are too many are counted, and none are none.
pub fn listed<'a>(hosts: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut all: Vec<&str> = Vec::new();
    for host in hosts {
        if !all.contains(&host) {
            all.push(host);
        }
    }
    let more = all.len().saturating_sub(NAMED);
    let named = inert(&all.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "));
    match more {
        _ if all.is_empty() => None,
        0 => Some(named),
        more => Some(format!("{named} and {more} more")),
    }
}

/// The same problem, with the command that allows whom a step was refused.
#[must_use]
pub fn allowing(problem: Problem, setup: &Setup, unallowed: &[String]) -> Problem {
    let (Intent::Install(_), false) = (&setup.plan.intent, unallowed.is_empty()) else {
        return problem;
    };
    let mut allowed = unallowed.iter().take(NAMED).map(|host| format!(" --allow-host {host}"));
    let allowed: String = allowed.by_ref().collect();
    problem.next(format!("d1-doctor {}{}", setup.plan.intent, inert(&allowed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::{NetworkAsk, NetworkDecision, NetworkReason};

    fn decided(host: &str, reason: Option<NetworkReason>) -> NetworkDecision {
        NetworkDecision {
            ask: NetworkAsk::Connection,
            host: host.into(),
            address: String::new(),
            port: 443,
            allowed: reason.is_none(),
            reason,
            times: 1,
            sent: 0,
            received: 0,
        }
    }

    fn of(decisions: &[NetworkDecision]) -> NetworkUse {
        NetworkUse { decisions: decisions.to_vec(), ..NetworkUse::default() }
    }

    #[test]
    fn hosts_are_named_once_and_those_that_are_too_many_are_counted() {
        let no = Some(NetworkReason::NameNotAllowed);
        let one = of(&[decided("a.test", None), decided("evil\u{1b}[2J.test", no)]);
        let two = of(&[decided("a.test", None), decided("b.test", None)]);
        assert_eq!(
            summary([&one, &two].into_iter()).unwrap(),
            "reached a.test, b.test; refused evil.test"
        );
        let many: Vec<_> = (0..9).map(|n| decided(&format!("h{n}.test"), no)).collect();
        assert_eq!(
            summary([&of(&many)].into_iter()).unwrap(),
            "reached nobody; refused h0.test, h1.test, h2.test, h3.test and 5 more"
        );
        assert_eq!(summary([&NetworkUse::default()].into_iter()), None);
    }
}
