//! Addresses that a name of the internet does not lead to; and networks of the owner's own.
//!
//! Whoever owns a name decides what it leads to, so a name alone would open the machine, its
//! network and its cloud. Addresses that carry another one in them are judged by that one, too.
//! Those that are kept for documentation pass: nobody has them, and closed networks use them.

use d1_core::NetworkReason as Reason;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Where clouds tell their machines secrets: most of them, Alibaba, Oracle, and AWS by IPv6.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Why no name may lead to `address`; `None` when one may.
#[must_use]
pub(super) fn judge(address: IpAddr) -> Option<Reason> {
    if METADATA.contains(&address.to_canonical()) {
        return Some(Reason::MetadataAddress);
    }
    match address.to_canonical() {
        IpAddr::V4(address) => four(address),
        IpAddr::V6(address) => six(address),
    }
}

fn four(it: Ipv4Addr) -> Option<Reason> {
    let [a, b, c, _] = it.octets();
    if it.is_loopback() || a == 0 {
        Some(Reason::LoopbackAddress)
    } else if it.is_private() {
        Some(Reason::PrivateAddress)
    } else if it.is_link_local() {
        Some(Reason::LinkLocalAddress)
    } else if a == 100 && b & 0xc0 == 64 {
        Some(Reason::SharedAddress)
    } else if it.is_multicast() {
        Some(Reason::MulticastAddress)
    // Protocol assignments, relays of 6to4, measurements, and what is left over.
    } else if a >= 240
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || a == 198 && b & 0xfe == 18
    {
        Some(Reason::ReservedAddress)
    } else {
        None
    }
}

fn six(it: Ipv6Addr) -> Option<Reason> {
    let s = it.segments();
    if it.is_loopback() || it.is_unspecified() {
        Some(Reason::LoopbackAddress)
    } else if it.is_multicast() {
        Some(Reason::MulticastAddress)
    } else if it.is_unicast_link_local() {
        Some(Reason::LinkLocalAddress)
    } else if it.is_unique_local() || s[0] & 0xffc0 == 0xfec0 {
        Some(Reason::PrivateAddress)
    } else if let Some(inner) = carried(s) {
        // A gateway on the way would unpack it.
        Some(four(inner).unwrap_or(Reason::ReservedAddress))
    } else if s[0] & 0xe000 != 0x2000 || s[0] == 0x2001 && s[1] < 0x200 {
        // Not of the global range, or of the block for protocols.
        Some(Reason::ReservedAddress)
    } else {
        None
    }
}

/// The address that another one carries: compatible, translated, NAT64, 6to4, Teredo.
fn carried(s: [u16; 8]) -> Option<Ipv4Addr> {
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low] => four(high, low),
        [0x2002, high, low, ..] => four(high, low),
        [0x2001, 0, .., high, low] => four(!high, !low),
        _ => None,
    }
}

/// A network of the owner's own, to which names may lead all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Inside(IpNet);

/// The widest network that may be given at once, by the bits of its prefix.
const WIDEST: (u8, u8) = (8, 7);

impl Inside {
    /// The networks in which an owner's own mirrors and proxies are: loopback and private ones.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        let all = [
            "127.0.0.0/8",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "::1/128",
            "fc00::/7",
        ];
        all.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// Whether a name may lead to `address`. Secrets of a cloud have to be named by themselves.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let alone = self.0.prefix_len() == self.0.max_prefix_len();
        self.0.contains(&address) && (alone || !METADATA.contains(&address))
    }

    /// Whether it is `address`, and no other.
    #[must_use]
    pub fn is(&self, address: IpAddr) -> bool {
        self.0 == IpNet::from(address.to_canonical())
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }
}

impl FromStr for Inside {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let net = net.map_err(|_| {
            format!("`{}` is not a network; write one as in `10.0.0.0/8`", text.escape_debug())
        })?;
        let widest = if net.max_prefix_len() == 32 { WIDEST.0 } else { WIDEST.1 };
        if net.prefix_len() < widest {
            return Err(format!("`{text}` is almost everything; name the networks that are yours"));
        }
        Ok(Self(net.trunc()))
    }
}

impl TryFrom<String> for Inside {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Inside> for String {
    fn from(inside: Inside) -> Self {
        inside.to_string()
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_that_no_name_leads_to_is_refused_for_what_it_is() {
        for (text, wanted) in [
            ("127.0.0.1", Reason::LoopbackAddress),
            ("127.9.9.9", Reason::LoopbackAddress),
            ("0.0.0.0", Reason::LoopbackAddress),
            ("::1", Reason::LoopbackAddress),
            ("::", Reason::LoopbackAddress),
            ("10.1.2.3", Reason::PrivateAddress),
            ("172.16.0.1", Reason::PrivateAddress),
            ("172.31.255.255", Reason::PrivateAddress),
            ("192.168.1.1", Reason::PrivateAddress),
            ("fd12::1", Reason::PrivateAddress),
            ("fec0::1", Reason::PrivateAddress),
            ("169.254.1.1", Reason::LinkLocalAddress),
            ("fe80::1", Reason::LinkLocalAddress),
            ("169.254.169.254", Reason::MetadataAddress),
            ("169.254.170.2", Reason::MetadataAddress),
            ("100.100.100.200", Reason::MetadataAddress),
            ("fd00:ec2::254", Reason::MetadataAddress),
            ("::ffff:169.254.169.254", Reason::MetadataAddress),
            ("100.64.0.1", Reason::SharedAddress),
            ("100.127.255.255", Reason::SharedAddress),
            ("224.0.0.1", Reason::MulticastAddress),
            ("ff02::1", Reason::MulticastAddress),
            ("255.255.255.255", Reason::ReservedAddress),
            ("240.0.0.1", Reason::ReservedAddress),
            ("198.18.0.1", Reason::ReservedAddress),
            ("192.0.0.8", Reason::ReservedAddress),
            ("192.88.99.1", Reason::ReservedAddress),
            ("4000::1", Reason::ReservedAddress),
            ("2001:1::1", Reason::ReservedAddress),
            // In disguise.
            ("::ffff:127.0.0.1", Reason::LoopbackAddress),
            ("::127.0.0.1", Reason::LoopbackAddress),
            ("::ffff:0:10.0.0.1", Reason::PrivateAddress),
            ("64:ff9b::7f00:1", Reason::LoopbackAddress),
            ("64:ff9b:1:2:3:4:a00:1", Reason::PrivateAddress),
            ("2002:7f00:1::", Reason::LoopbackAddress),
            ("2002:a9fe:a9fe::1", Reason::LinkLocalAddress),
            ("2001:0:4136:e378:8000:63bf:80ff:fffe", Reason::LoopbackAddress),
            // Carried addresses are not called at all: who unpacks them is not known.
            ("64:ff9b::808:808", Reason::ReservedAddress),
            ("2002:808:808::1", Reason::ReservedAddress),
        ] {
            assert_eq!(judge(text.parse().unwrap()), Some(wanted), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_internet_pass() {
        for text in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "198.20.0.1",
            "192.0.1.1",
            "203.0.113.80",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(judge(text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn a_network_of_the_owner_has_its_own_addresses_and_no_secrets_of_a_cloud() {
        let net: Inside = "169.254.0.0/16".parse().unwrap();
        assert!(net.has("169.254.1.1".parse().unwrap()));
        assert!(!net.has("169.254.169.254".parse().unwrap()));
        assert!(
            "169.254.169.254".parse::<Inside>().unwrap().has("169.254.169.254".parse().unwrap())
        );
        let ours: Inside = "10.1.2.3/8".parse().unwrap();
        assert!(
            ours.has("::ffff:10.9.9.9".parse().unwrap()) && !ours.has("11.0.0.1".parse().unwrap())
        );
        assert!(ours.covers(&"10.1.0.0/16".parse().unwrap()));
        for text in ["0.0.0.0/0", "::/0", "0.0.0.0/7", "ten", "10.0.0.0/33", ""] {
            assert!(text.parse::<Inside>().is_err(), "{text}");
        }
        assert_eq!(Inside::usual().len(), 7);
    }
}
