//! The addresses of this machine, as the kernel lists them.

use std::{
    collections::HashSet,
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The routes of version 4 (`proc_net(5)` has no page for it; see the kernel's `fib_trie`).
const FOUR: &str = "/proc/net/fib_trie";
/// The addresses of version 6 (`proc_net(5)`).
const SIX: &str = "/proc/net/if_inet6";

/// The addresses of this machine now. Those of version 6 are none where there is no IPv6.
pub(super) fn addresses() -> io::Result<HashSet<IpAddr>> {
    let six = match fs::read_to_string(SIX) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut all = four(&fs::read_to_string(FOUR)?);
    all.extend(six_of(&six));
    Ok(all)
}

fn four(text: &str) -> HashSet<IpAddr> {
    let mut all = HashSet::new();
    let mut last = None;
    for line in text.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL" {
            all.extend(last.map(IpAddr::V4));
        }
    }
    all
}

fn six_of(text: &str) -> HashSet<IpAddr> {
    let hex = text.lines().filter_map(|line| line.split_whitespace().next());
    let numbers = hex.filter_map(|hex| u128::from_str_radix(hex, 16).ok());
    numbers.map(|number| IpAddr::V6(Ipv6Addr::from(number))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_networks_and_broadcasts() {
        let text = "\
Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 10.1.2.0
        /24 link UNICAST
     |-- 10.1.2.3
        /32 host LOCAL
     |-- 10.1.2.255
        /32 link BROADCAST
";
        assert_eq!(four(text), HashSet::from(["10.1.2.3".parse().unwrap()]));
        let text = "fe800000000000000000000000000001 02 40 20 80     eth0\n";
        assert_eq!(six_of(text), HashSet::from(["fe80::1".parse().unwrap()]));
    }

    #[test]
    fn this_machine_is_at_its_loopback_address_at_least() {
        assert!(addresses().unwrap().contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
}
