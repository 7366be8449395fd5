//! How the network is reached, as far as files and variables tell.

use super::super::{check::Found, sight::Sight};

pub(super) async fn resolver(sight: Sight) -> Found {
    let text = match sight.text("/etc/resolv.conf") {
        Ok(Some(text)) => text,
        Ok(None) => {
            return Found::fail("no name can be looked up: there is no /etc/resolv.conf")
                .remedy("restart the network, or write one: nameserver 9.9.9.9");
        }
        Err(error) => return Found::unreadable("/etc/resolv.conf", &error),
    };
    let servers = text.lines().filter(|line| line.trim_start().starts_with("nameserver ")).count();
    if servers == 0 {
        return Found::fail("no name can be looked up: /etc/resolv.conf names no server")
            .remedy("restart the network, or add: nameserver 9.9.9.9");
    }
    Found::ok(format!("{servers} servers"))
}

/// Half of all programs read the one spelling, half the other.
pub(super) async fn proxy(sight: Sight) -> Found {
    let mut differing = Vec::new();
    let mut set = 0;
    for name in ["http_proxy", "https_proxy", "no_proxy"] {
        let (lower, upper) = (sight.var(name), sight.var(&name.to_uppercase()));
        set += usize::from(lower.is_some() || upper.is_some());
        // Only the lower case of http_proxy is safe where a server runs programs (CGI).
        if let (Some(lower), Some(upper)) = (&lower, &upper)
            && lower != upper
        {
            differing.push(format!("{name} and {} differ", name.to_uppercase()));
        }
    }
    if !differing.is_empty() {
        return Found::warn("some programs take one way to the network, some another")
            .details(differing)
            .remedy("set both spellings to the same");
    }
    if set == 0 { Found::skipped("no proxy is set") } else { Found::ok("they do") }
}
