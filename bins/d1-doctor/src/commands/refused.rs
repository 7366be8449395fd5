//! What a command was refused on the network, and how to allow it, in lines for a person.

use crate::ui::text::inert;
use d1_core::{NetworkAsk, NetworkDecision, NetworkReason as Reason, NetworkUse};

/// The most lines; more are counted.
const MOST: usize = 8;

/// A line for each refusal that a person can do something about, or should know of.
pub fn lines(network: &NetworkUse) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // What services are announced by is looked for by the way, and nobody misses it.
    let told = |it: &&NetworkDecision| it.ask != NetworkAsk::Record;
    for decision in network.decisions.iter().filter(told) {
        let Some(reason) = decision.reason else { continue };
        let line = inert(&line(decision, reason));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 || network.dropped > 0 {
        let more = u64::try_from(more).unwrap_or(u64::MAX).saturating_add(network.dropped);
        lines.push(format!("d1-doctor: and {more} more; --json lists them"));
    }
    if !network.closed.is_empty() {
        let why = inert(&network.closed);
        lines.push(format!("d1-doctor: the network was closed while it ran: {why}"));
    }
    lines
}

fn line(decision: &NetworkDecision, reason: Reason) -> String {
    let NetworkDecision { host, address, port, allowed, .. } = decision;
    let what = match (host.as_str(), address.as_str(), port) {
        ("", "", _) => "a request without a host".to_owned(),
        ("", address, port) if address.contains(':') => format!("`[{address}]:{port}`"),
        ("", address, port) => format!("`{address}:{port}`"),
        (host, _, 0) => format!("`{host}`"),
        (host, _, port) => format!("`{host}:{port}`"),
    };
    let done = if *allowed { "was cut off" } else { "was refused" };
    let text = format!("d1-doctor: {what} {done}: {}", reason.text());
    match how(decision, reason) {
        Some(how) => format!("{text}; {how}"),
        None => text,
    }
}

/// What allows it.
fn how(decision: &NetworkDecision, reason: Reason) -> Option<String> {
    let NetworkDecision { host, address, port, .. } = decision;
    match reason {
        Reason::NameNotAllowed => Some(format!("to allow it: --allow-host {host}")),
        Reason::PortNotAllowed => Some(format!("to allow it: --allow-host {host}:{port}")),
        Reason::NoName => Some("call it by a name that is allowed".to_owned()),
        Reason::NoLongerAllowed => Some("see `hosts` in policy.toml".to_owned()),
        Reason::OwnAddress
        | Reason::LoopbackAddress
        | Reason::PrivateAddress
        | Reason::LinkLocalAddress
        | Reason::MetadataAddress
        | Reason::SharedAddress
        | Reason::ReservedAddress => {
            Some(format!("if it really is at {address}: --inside {address}"))
        }
        Reason::NotTls
        | Reason::OtherServerName
        | Reason::NotHttp
        | Reason::OtherHost
        | Reason::Upgrade
        | Reason::MulticastAddress
        | Reason::NotResolved
        | Reason::NotConnected
        | Reason::ProxyRefused
        | Reason::TooSlow
        | Reason::Idle
        | Reason::TooManyAtOnce
        | Reason::TooManyInAll
        | Reason::TooManyNames
        | Reason::SentTooMuch
        | Reason::ReceivedTooMuch
        | Reason::NotRecorded => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(ask: NetworkAsk, host: &str, address: &str, reason: Reason) -> NetworkDecision {
        NetworkDecision {
            ask,
            host: host.into(),
            address: address.into(),
            port: if ask == NetworkAsk::Connection { 443 } else { 0 },
            allowed: false,
            reason: Some(reason),
            times: 3,
            sent: 0,
            received: 0,
        }
    }

    fn of(decisions: Vec<NetworkDecision>) -> Vec<String> {
        lines(&NetworkUse { decisions, ..NetworkUse::default() })
    }

    #[test]
    fn a_refusal_says_what_and_why_and_what_to_type() {
        use NetworkAsk::{Connection, Name, Record};
        let said = of(vec![
            refused(Name, "evil.org", "", Reason::NameNotAllowed),
            refused(Record, "_http._tcp.example.org", "", Reason::NameNotAllowed),
            refused(Connection, "", "2001:db8::1", Reason::NoName),
            refused(Connection, "example.org", "10.0.0.5", Reason::PrivateAddress),
            NetworkDecision {
                allowed: true,
                ..refused(Connection, "example.org", "192.0.2.1", Reason::SentTooMuch)
            },
            NetworkDecision {
                reason: None,
                allowed: true,
                ..refused(Name, "example.org", "", Reason::Idle)
            },
        ]);
        assert_eq!(
            said,
            [
                "d1-doctor: `evil.org` was refused: its name is not allowed; to allow it: --allow-host evil.org",
                "d1-doctor: `[2001:db8::1]:443` was refused: an address was called that belongs to no allowed name; call it by a name that is allowed",
                "d1-doctor: `example.org:443` was refused: it leads into a private network; if it really is at 10.0.0.5: --inside 10.0.0.5",
                "d1-doctor: `example.org:443` was cut off: it has sent as much as it may",
            ]
        );
    }

    #[test]
    fn many_refusals_are_counted_and_what_a_command_says_cannot_move_a_cursor() {
        let many = (0..20)
            .map(|n| refused(NetworkAsk::Name, &format!("n{n}.org"), "", Reason::NameNotAllowed));
        let said = of(many.collect());
        assert_eq!(
            (said.len(), said[MOST].as_str()),
            (9, "d1-doctor: and 12 more; --json lists them")
        );
        let said = of(vec![refused(NetworkAsk::Name, "a\u{1b}[2Jb", "", Reason::NameNotAllowed)]);
        assert!(!said[0].contains('\u{1b}'), "{said:?}");
    }
}
