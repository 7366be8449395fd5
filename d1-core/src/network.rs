//! What a command did on the network, as far as it was let: every decision, counted.

use serde::{Deserialize, Serialize};

/// What was asked of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NetworkAsk {
    /// The address of a name.
    Name,
    /// Another record of a name (`TXT`, `SRV`, …).
    Record,
    /// A connection.
    Connection,
    /// One request over a plain HTTP connection.
    Request,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident: $code:literal, $text:literal;)*) => {
        /// Why the network was refused, or a connection was cut.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum NetworkReason {
            $($(#[doc = $doc])* $name,)*
        }

        impl NetworkReason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in documents and on the wire.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What a person reads.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The reason of this name.
            #[must_use]
            pub fn of_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.code() == code)
            }
        }
    };
}

reasons! {
    /// The name is not among those that are allowed.
    NameNotAllowed: "name_not_allowed", "its name is not allowed";
    /// The name is allowed, the port is not.
    PortNotAllowed: "port_not_allowed", "its name is allowed, and this port of it is not";
    /// An address was called that no allowed name led to.
    NoName: "no_name", "an address was called that belongs to no allowed name";
    /// It does not speak TLS where only TLS is let through.
    NotTls: "not_tls", "it does not speak TLS on the port for TLS";
    /// It asks for another server than the name it was let through for, or for none.
    OtherServerName: "other_server_name", "inside TLS it asks for another server than it called";
    /// It does not speak HTTP where only HTTP is let through.
    NotHttp: "not_http", "it does not speak HTTP on the port for HTTP";
    /// A request names another host than the one it was let through for, or several, or none.
    OtherHost: "other_host", "a request names another host than it called";
    /// A request wants the connection for something that cannot be looked into.
    Upgrade: "upgrade", "a request asks to turn the connection into something else";
    /// It leads to an address of the machine itself.
    OwnAddress: "own_address", "it leads to this machine itself";
    /// It leads to the loopback address.
    LoopbackAddress: "loopback_address", "it leads to this machine itself (loopback)";
    /// It leads to an address of a private network.
    PrivateAddress: "private_address", "it leads into a private network";
    /// It leads to an address that is only known on one link.
    LinkLocalAddress: "link_local_address", "it leads to an address of the local link";
    /// It leads to where a cloud tells its machines their secrets.
    MetadataAddress: "metadata_address", "it leads to the metadata service of a cloud";
    /// It leads to an address that providers share among customers.
    SharedAddress: "shared_address", "it leads to an address that a provider shares out";
    /// It leads to many at once.
    MulticastAddress: "multicast_address", "it leads to a group of machines";
    /// It leads to an address that nobody has.
    ReservedAddress: "reserved_address", "it leads to an address that is kept for nobody";
    /// The name has no address, or nobody could be asked.
    NotResolved: "not_resolved", "its name has no address";
    /// Nobody answers at its addresses.
    NotConnected: "not_connected", "it cannot be connected to";
    /// The owner's proxy does not let it through.
    ProxyRefused: "proxy_refused", "the proxy on the way refuses it";
    /// It did not say in time whom it wants.
    TooSlow: "too_slow", "it did not say in time whom it wants";
    /// Nothing was said for too long.
    Idle: "idle", "nothing was said for too long";
    /// It has more connections at once than it may.
    TooManyAtOnce: "too_many_at_once", "it has as many connections at once as it may";
    /// It has had more connections than it may.
    TooManyInAll: "too_many_in_all", "it has had as many connections as it may";
    /// It has asked for more names than it may.
    TooManyNames: "too_many_names", "it has asked for as many names as it may";
    /// It has sent more than it may.
    SentTooMuch: "sent_too_much", "it has sent as much as it may";
    /// It has received more than it may.
    ReceivedTooMuch: "received_too_much", "it has received as much as it may";
    /// It was allowed when the command began, and the owner of the machine has changed that since.
    NoLongerAllowed: "no_longer_allowed", "the owner of this machine has changed the policy since";
    /// The decision could not be written down.
    NotRecorded: "not_recorded", "it could not be written down";
}

/// One decision, and how often it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkDecision {
    /// What was asked.
    pub ask: NetworkAsk,
    /// The name; empty when there was none.
    pub host: String,
    /// The address that was called: outside when it was let through, else as the command
    /// called it. Empty when there was none.
    pub address: String,
    /// The port; 0 when it was about a name only.
    pub port: u16,
    /// Whether it was let through.
    pub allowed: bool,
    /// Why it was refused; or why a connection that was let through was cut.
    pub reason: Option<NetworkReason>,
    /// How often.
    pub times: u64,
    /// Bytes that the command sent.
    pub sent: u64,
    /// Bytes that the command received.
    pub received: u64,
}

impl NetworkDecision {
    /// Whom it is about: a name, or an address where there was none.
    fn whom(&self) -> &str {
        if self.host.is_empty() { &self.address } else { &self.host }
    }

    /// Whether somebody misses it: what services are announced by is looked for by the way.
    fn is_missed(&self) -> bool {
        self.ask != NetworkAsk::Record && !self.whom().is_empty()
    }

    /// The host that a step would have to name.
    fn named(&self) -> Option<String> {
        let Self { host, address, port, .. } = self;
        let because = |reason| self.reason == Some(reason);
        if because(NetworkReason::NameNotAllowed) {
            Some(host.clone())
        } else if because(NetworkReason::PortNotAllowed) {
            Some(format!("{host}:{port}"))
        } else if because(NetworkReason::NoName) && address.contains(':') {
            Some(format!("[{address}]:{port}"))
        } else if because(NetworkReason::NoName) {
            Some(format!("{address}:{port}"))
        } else {
            None
        }
    }
}

/// Each of them once, in the order of the first time.
fn once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut known, one| {
        if !known.contains(&one) {
            known.push(one);
        }
        known
    })
}

/// What a command did on the network, as far as it was let.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkUse {
    /// The different decisions, in the order in which they were first made.
    pub decisions: Vec<NetworkDecision>,
    /// How many decisions are not listed, because there were too many different ones.
    pub dropped: u64,
    /// The proxy of the owner that everything went through; empty when there was none.
    pub proxy: String,
    /// Why the network was closed altogether before the command ended; empty when it was not.
    pub closed: String,
}

impl NetworkUse {
    /// The most different decisions that are listed.
    pub const MAX: usize = 128;

    /// Whether nothing was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.decisions.is_empty() && self.dropped == 0 && self.closed.is_empty()
    }

    /// Whom it talked to, each once: names, and addresses where there was none.
    #[must_use]
    pub fn reached(&self) -> Vec<&str> {
        let talked = |it: &&NetworkDecision| {
            let never = [NetworkReason::NotConnected, NetworkReason::ProxyRefused].map(Some);
            it.allowed && it.ask == NetworkAsk::Connection && !never.contains(&it.reason)
        };
        once(self.decisions.iter().filter(talked).map(NetworkDecision::whom))
    }

    /// Whom it was not let talk to, each once.
    #[must_use]
    pub fn turned_away(&self) -> Vec<&str> {
        once(self.refused().filter(|it| it.is_missed()).map(NetworkDecision::whom))
    }

    /// Whom it was not let talk to because nobody allowed them, each once and as a step names a
    /// host.
    #[must_use]
    pub fn unallowed(&self) -> Vec<String> {
        let named = self.refused().filter(|it| it.is_missed()).filter_map(NetworkDecision::named);
        once(named)
    }

    /// What was refused.
    pub fn refused(&self) -> impl Iterator<Item = &NetworkDecision> {
        self.decisions.iter().filter(|decision| !decision.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(
        ask: NetworkAsk,
        host: &str,
        address: &str,
        port: u16,
        why: Option<NetworkReason>,
    ) -> NetworkDecision {
        NetworkDecision {
            ask,
            host: host.into(),
            address: address.into(),
            port,
            allowed: why.is_none() || why == Some(NetworkReason::NotConnected),
            reason: why,
            times: 1,
            sent: 0,
            received: 0,
        }
    }

    #[test]
    fn who_was_reached_and_who_was_not_are_told_once_and_what_nobody_misses_is_not() {
        use NetworkAsk::{Connection, Name, Record};
        use NetworkReason as R;
        let decisions = vec![
            decided(Name, "mirror.test", "", 0, None),
            decided(Connection, "mirror.test", "192.0.2.1", 80, None),
            decided(Connection, "mirror.test", "192.0.2.2", 80, None),
            decided(Connection, "", "192.0.2.3", 99, None),
            decided(Connection, "gone.test", "192.0.2.9", 80, Some(R::NotConnected)),
            decided(Record, "_http._tcp.mirror.test", "", 0, Some(R::NameNotAllowed)),
            decided(Name, "files.test", "", 0, Some(R::NameNotAllowed)),
            decided(Connection, "git.test", "198.18.1.0", 22, Some(R::PortNotAllowed)),
            decided(Connection, "", "2001:db8::7", 443, Some(R::NoName)),
            decided(Connection, "inside.test", "10.0.0.1", 443, Some(R::PrivateAddress)),
            decided(Name, "files.test", "", 0, Some(R::NameNotAllowed)),
        ];
        let network = NetworkUse { decisions, ..NetworkUse::default() };
        assert_eq!(network.reached(), ["mirror.test", "192.0.2.3"]);
        let refused = ["files.test", "git.test", "2001:db8::7", "inside.test"];
        assert_eq!(network.turned_away(), refused);
        assert_eq!(network.unallowed(), ["files.test", "git.test:22", "[2001:db8::7]:443"]);
    }

    #[test]
    fn every_reason_has_a_name_of_its_own_that_leads_back_to_it() {
        for reason in NetworkReason::ALL {
            assert_eq!(NetworkReason::of_code(reason.code()), Some(*reason));
            let json = serde_json::to_string(reason).unwrap();
            assert_eq!(json, format!("\"{}\"", reason.code()), "one name in every document");
        }
        assert_eq!(NetworkReason::of_code("whim"), None);
    }
}
