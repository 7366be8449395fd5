//! The programs that may sign somebody in. They are public: nothing in them is secret
//! (RFC 8252 §8.4), so each proves by PKCE that it is the one that began.

use d1_core::Scopes;

/// A program that may sign somebody in.
#[derive(Debug)]
pub(super) struct Client {
    /// What it calls itself in a request.
    pub(super) id: &'static str,
    /// What a person is shown.
    pub(super) name: &'static str,
}

const CLIENTS: &[Client] = &[Client { id: "d1-cli", name: "d1-doctor, the command line" }];

/// What is asked for when a program does not say.
const USUAL: &str = "setup:read setup:write credits:read credits:write device:read offline_access";

/// The path at which a program on the same machine waits for its answer.
const CALLBACK: &str = "/callback";

impl Client {
    /// The program that calls itself so.
    pub(super) fn named(id: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.id == id)
    }

    /// What it asks for when it does not say.
    pub(super) fn usual_scopes() -> Scopes {
        USUAL.parse().unwrap_or_default()
    }

    /// Whether an answer may be sent there: to this machine itself, by its address and at any
    /// port (RFC 8252 §7.3). By name, another program could have it.
    pub(super) fn may_be_answered_at(&self, address: &str) -> bool {
        let hosts = ["http://127.0.0.1:", "http://[::1]:"];
        let port = hosts.iter().find_map(|host| address.strip_prefix(host));
        let port = port.and_then(|rest| rest.strip_suffix(CALLBACK));
        port.is_some_and(|port| {
            port.bytes().all(|digit| digit.is_ascii_digit())
                && !port.starts_with('0')
                && port.parse::<u16>().is_ok()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_sent_to_this_machine_alone() {
        let client = Client::named("d1-cli").unwrap();
        for good in ["http://127.0.0.1:1024/callback", "http://[::1]:65535/callback"] {
            assert!(client.may_be_answered_at(good), "{good}");
        }
        for bad in [
            "http://localhost:1024/callback",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:1024/callback/",
            "http://127.0.0.1:1024/callback?x",
            "http://127.0.0.1:1024@evil.example/callback",
            "http://127.0.0.1:1024#/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:+80/callback",
            "http://127.0.0.1:0/callback",
            "https://127.0.0.1:1024/callback",
            "http://127.0.0.1.evil.example:1024/callback",
            "javascript:alert(1)",
            "",
        ] {
            assert!(!client.may_be_answered_at(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_usually_asked_for_is_what_a_typed_code_may_grant() {
        let usual = Client::usual_scopes();
        assert_eq!(usual.iter().count(), 6);
        assert!(usual.iter().all(d1_core::Scope::by_device_code));
    }
}
