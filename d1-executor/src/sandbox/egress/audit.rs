//! Every decision about the network, written down before it happens.

use d1_core::{NetworkAsk, NetworkDecision, NetworkReason, NetworkUse};
use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A decision could not be written down, so it is "no".
#[derive(Debug, thiserror::Error)]
#[error("a decision about the network cannot be written down: {0}")]
pub struct EgressAuditError(pub String);

/// Where decisions about the network of a command are written down.
///
/// It is told of each decision before anything of it happens, and with an error nothing of it
/// does. It is called by one thread, and must not wait for long.
pub trait EgressAudit: fmt::Debug + Send + Sync {
    /// Writes down one decision: `times` is 1, and no bytes have gone yet.
    fn decided(&self, decision: &NetworkDecision) -> Result<(), EgressAuditError>;
}

/// Keeps nothing beside the record that every command has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NoFurtherAudit;

impl EgressAudit for NoFurtherAudit {
    fn decided(&self, _decision: &NetworkDecision) -> Result<(), EgressAuditError> {
        Ok(())
    }
}

/// The record of one command: equal decisions are counted, different ones listed up to
/// [`NetworkUse::MAX`], and how many are not listed is exact.
#[derive(Debug, Default)]
pub struct EgressRecord(Mutex<NetworkUse>);

/// A decision in the record, for what is added to it later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket(Option<usize>);

impl EgressRecord {
    /// What is in it.
    #[must_use]
    pub fn so_far(&self) -> NetworkUse {
        self.lock().clone()
    }

    pub(super) fn add(&self, decision: &NetworkDecision) -> Ticket {
        let mut all = self.lock();
        let same = |one: &NetworkDecision| {
            one.ask == decision.ask
                && one.host == decision.host
                && one.address == decision.address
                && one.port == decision.port
                && one.allowed == decision.allowed
                && one.reason == decision.reason
        };
        if let Some(at) = all.decisions.iter().position(same) {
            let one = &mut all.decisions[at];
            one.times = one.times.saturating_add(1);
            return Ticket(Some(at));
        }
        if all.decisions.len() >= NetworkUse::MAX {
            all.dropped = all.dropped.saturating_add(1);
            return Ticket(None);
        }
        all.decisions.push(decision.clone());
        Ticket(Some(all.decisions.len() - 1))
    }

    /// Adds what went over a connection, and notes why it was cut.
    pub(super) fn end(
        &self,
        ticket: Ticket,
        (sent, received): (u64, u64),
        cut: Option<NetworkReason>,
    ) {
        let mut all = self.lock();
        let Some(one) = ticket.0.and_then(|at| all.decisions.get_mut(at)) else { return };
        one.sent = one.sent.saturating_add(sent);
        one.received = one.received.saturating_add(received);
        // The first reason stays: what follows is often its consequence.
        one.reason = one.reason.or(cut);
    }

    /// Notes that the network was closed altogether.
    pub(super) fn close(&self, why: &str) {
        let mut all = self.lock();
        if all.closed.is_empty() {
            why.clone_into(&mut all.closed);
        }
    }

    pub(super) fn goes_through(&self, proxy: &str) {
        proxy.clone_into(&mut self.lock().proxy);
    }

    fn lock(&self) -> MutexGuard<'_, NetworkUse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A decision about `host`.
pub(super) fn decision(
    ask: NetworkAsk,
    host: &str,
    (address, port): (&str, u16),
    refused: Option<NetworkReason>,
) -> NetworkDecision {
    NetworkDecision {
        ask,
        host: host.to_owned(),
        address: address.to_owned(),
        port,
        allowed: refused.is_none(),
        reason: refused,
        times: 1,
        sent: 0,
        received: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(host: &str) -> NetworkDecision {
        decision(NetworkAsk::Name, host, ("", 0), None)
    }

    #[test]
    fn equal_decisions_are_counted_and_what_is_not_listed_is_counted_exactly() {
        let record = EgressRecord::default();
        let ticket = record.add(&named("a.com"));
        record.end(ticket, (5, 7), None);
        let ticket = record.add(&named("a.com"));
        record.end(ticket, (1, 1), Some(NetworkReason::Idle));
        for number in 0..NetworkUse::MAX + 9 {
            let ticket = record.add(&named(&format!("n{number}.com")));
            record.end(ticket, (1, 1), None);
        }
        let all = record.so_far();
        assert_eq!((all.decisions.len(), all.dropped), (NetworkUse::MAX, 10));
        let first = NetworkDecision {
            times: 2,
            sent: 6,
            received: 8,
            reason: Some(NetworkReason::Idle),
            ..named("a.com")
        };
        assert_eq!(all.decisions[0], first);
        assert_eq!(all.decisions[1].times, 1);
    }

    #[test]
    fn the_first_word_about_a_closed_network_stays() {
        let record = EgressRecord::default();
        record.close("the socket is gone");
        record.close("then everything else");
        assert_eq!(record.so_far().closed, "the socket is gone");
    }
}
