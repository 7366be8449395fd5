//! Which files about looking up names are in the way of packages.
//!
//! Other commands have all of them covered. A package may bring another way of looking up names,
//! and what is covered cannot be replaced; so only what would lead past us is covered there: every
//! question that is asked over the network comes to us, whomever it was meant for.

use super::order::Lookup;
use crate::sandbox::{DomainName, Places};
use std::{fs, net::Ipv4Addr};

/// All of them.
pub(super) const ALL: [Lookup; 3] = [Lookup::Hosts, Lookup::Resolvers, Lookup::Switch];
/// What every list of hosts has, and leads to us all the same.
const ITSELF: &str = "localhost";

/// Those of this machine that lead to one of these hosts without asking us.
pub(super) fn in_the_way(places: &Places) -> Vec<Lookup> {
    let text = |file: &Lookup| fs::read_to_string(file.path()).unwrap_or_default();
    ALL.into_iter().filter(|file| is_in_the_way(*file, &text(file), places)).collect()
}

fn is_in_the_way(file: Lookup, text: &str, places: &Places) -> bool {
    let mut lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    match file {
        Lookup::Hosts => {
            let mut names = lines.flat_map(|line| line.split_whitespace().skip(1));
            names.any(|name| {
                name != ITSELF && name.parse().is_ok_and(|it: DomainName| places.knows(&it))
            })
        }
        // Questions are heard at addresses of version 4.
        Lookup::Resolvers => {
            let servers: Vec<&str> =
                lines.filter_map(|line| line.trim().strip_prefix("nameserver")).collect();
            let is_four = |server: &&str| server.trim().parse::<Ipv4Addr>().is_ok();
            !servers.is_empty() && !servers.iter().any(is_four)
        }
        Lookup::Switch => {
            let hosts = lines.find_map(|line| line.trim().strip_prefix("hosts:"));
            hosts.is_some_and(|ways| !ways.split_whitespace().any(|way| way == "dns"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(file: Lookup, text: &str) -> bool {
        let hosts = ["mirror.example", "localhost"].map(|host| host.parse().unwrap());
        is_in_the_way(file, text, &Places::new(&hosts))
    }

    #[test]
    fn a_list_of_hosts_is_covered_only_when_it_knows_one_that_is_to_be_called() {
        assert!(!covered(Lookup::Hosts, "127.0.0.1 localhost\n10.0.0.1 other.example\n"));
        assert!(!covered(Lookup::Hosts, "# 10.0.0.1 mirror.example\n10.0.0.1 a # mirror.example"));
        assert!(covered(Lookup::Hosts, "10.0.0.1 other Mirror.example\n"));
    }

    #[test]
    fn resolvers_are_covered_only_when_nobody_hears_at_any_of_them() {
        assert!(!covered(Lookup::Resolvers, "nameserver fe80::1\nnameserver 127.0.0.53\n"));
        assert!(!covered(Lookup::Resolvers, "search corp\n"));
        assert!(covered(Lookup::Resolvers, "nameserver fe80::1\n#nameserver 10.0.0.1\n"));
    }

    #[test]
    fn who_is_asked_is_covered_only_when_nobody_is_asked_over_the_network() {
        assert!(!covered(
            Lookup::Switch,
            "passwd: files\nhosts: files resolve [!UNAVAIL=return] dns"
        ));
        assert!(covered(Lookup::Switch, "hosts: files ldap\n"));
        assert!(!covered(Lookup::Switch, ""));
    }
}
