//! Everything that the connections of one command share: what it may, whom it asks, what is
//! written down.

use super::{
    address::Inside,
    audit::{EgressRecord, Ticket, decision},
    dns::{Answer, answer},
    grant::Egress,
    meter::{Line, Meter},
    name::DomainName,
    names::Names,
    outside::Outside,
    rule::Places,
    via::Via,
};
use crate::doctor::Proxy;
use d1_core::{NetworkAsk, NetworkDecision, NetworkReason};
use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What the connections of one command share.
#[derive(Debug)]
pub(super) struct World {
    pub(super) places: Places,
    pub(super) inside: Vec<Inside>,
    via: Vec<Via>,
    pub(super) outside: Outside,
    pub(super) meter: Arc<Meter>,
    pub(super) record: Arc<EgressRecord>,
    names: Mutex<Names>,
}

/// Whom a connection is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// This name.
    Named(DomainName),
    /// This address, which is allowed as such.
    Address(IpAddr),
}

impl World {
    pub(super) fn new(network: &Egress, outside: Outside, record: Arc<EgressRecord>) -> Arc<Self> {
        Arc::new(Self {
            places: Places::new(&network.hosts),
            inside: network.inside.clone(),
            via: network.via.clone(),
            outside,
            meter: Meter::new(network.budget),
            record,
            names: Mutex::new(Names::new(network.budget.names)),
        })
    }

    /// Whom a connection to `called` is for, and whether it may be.
    pub(super) fn target(&self, called: SocketAddr) -> Result<Target, (String, NetworkReason)> {
        let (address, port) = (called.ip().to_canonical(), called.port());
        if self.places.allow_address(address, port) {
            return Ok(Target::Address(address));
        }
        let host = match address {
            // Many programs know this name, and ask nobody for it.
            it if it.is_loopback() => "localhost".parse().ok().filter(|it| self.places.knows(it)),
            IpAddr::V4(address) => self.names().host(address).cloned(),
            IpAddr::V6(_) => None,
        };
        let host = host.ok_or((String::new(), NetworkReason::NoName))?;
        match self.places.allow(&host, port) {
            Ok(()) => Ok(Target::Named(host)),
            Err(reason) => Err((host.to_string(), reason)),
        }
    }

    /// The proxy that stands before `host`.
    pub(super) fn proxy(&self, host: &DomainName, is_plain: bool) -> Option<Proxy> {
        let named = self.via.iter().find(|via| via.host == *host && via.is_plain == is_plain);
        named.map_or_else(|| self.outside.proxy(host, is_plain), Via::proxy)
    }

    /// Writes down that something is let through; it happens only when that could be done.
    pub(super) fn decide(&self, decision: &NetworkDecision) -> Result<Ticket, NetworkReason> {
        if let Err(error) = self.outside.audit.decided(decision) {
            tracing::error!(%error, "the network stays closed");
            let refused = NetworkReason::NotRecorded;
            let reason = Some(refused);
            self.record.add(&NetworkDecision { allowed: false, reason, ..decision.clone() });
            return Err(refused);
        }
        Ok(self.record.add(decision))
    }

    /// Writes down that something is refused.
    pub(super) fn refuse(
        &self,
        ask: NetworkAsk,
        host: &str,
        (address, port): (&str, u16),
        reason: NetworkReason,
    ) {
        let decision = decision(ask, host, (address, port), Some(reason));
        // Refused it is, whether or not anybody else can be told.
        if let Err(error) = self.outside.audit.decided(&decision) {
            tracing::error!(%error, "a refusal");
        }
        self.record.add(&decision);
    }

    /// The answer to a question for a name, written down.
    pub(super) fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let answer = answer(question, &self.places, &mut self.names())?;
        let answer = match answer.asked.clone() {
            None => answer,
            Some(asked) => match asked.refused {
                Some(reason) => {
                    self.refuse(asked.ask, &asked.host, ("", 0), reason);
                    answer
                }
                None => match self.decide(&decision(asked.ask, &asked.host, ("", 0), None)) {
                    Ok(_written) => answer,
                    Err(_not_recorded) => Answer::withheld(answer),
                },
            },
        };
        answer.bytes()
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that was let through. When it is over, what went over it is written down.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) world: Arc<World>,
    pub(super) ticket: Ticket,
    pub(super) line: Arc<Line>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.world.record.end(self.ticket, self.line.bytes(), self.line.cut());
    }
}
