//! Addresses that mean names: what an allowed name is answered with, and leads back to it.
//!
//! They are from the block for measurements (RFC 2544), which is nobody's on the internet, and
//! belong to one command only. So nothing that a command learns of an address is of any use
//! without the name, and a name cannot be made to lead elsewhere after it was checked.

use super::name::DomainName;
use d1_core::NetworkReason;
use std::{collections::HashMap, net::Ipv4Addr};

/// The first one: below it are the addresses that the command finds its resolver at.
const FIRST: u32 = u32::from_be_bytes([198, 18, 1, 0]);
/// The last one of the block.
const LAST: u32 = u32::from_be_bytes([198, 19, 255, 255]);

/// Where a command is told that its resolver is; any address would do.
pub(crate) const RESOLVER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 53);

/// The names of one command, and their addresses.
#[derive(Debug)]
pub(super) struct Names {
    by_name: HashMap<DomainName, Ipv4Addr>,
    by_place: Vec<DomainName>,
    most: usize,
}

impl Names {
    /// Room for at most so many.
    pub(super) fn new(most: u32) -> Self {
        let most = usize::try_from(most.min(LAST - FIRST)).unwrap_or(0);
        Self { by_name: HashMap::new(), by_place: Vec::new(), most }
    }

    /// The address that means `host`.
    pub(super) fn address(&mut self, host: &DomainName) -> Result<Ipv4Addr, NetworkReason> {
        if let Some(address) = self.by_name.get(host) {
            return Ok(*address);
        }
        let place = self.by_place.len();
        if place >= self.most {
            return Err(NetworkReason::TooManyNames);
        }
        let address = Ipv4Addr::from(FIRST + u32::try_from(place).unwrap_or(0));
        self.by_place.push(host.clone());
        self.by_name.insert(host.clone(), address);
        Ok(address)
    }

    /// The name that `address` means.
    pub(super) fn host(&self, address: Ipv4Addr) -> Option<&DomainName> {
        let place = u32::from(address).checked_sub(FIRST)?;
        self.by_place.get(usize::try_from(place).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_address_that_leads_back_to_it_and_to_no_other() {
        let mut names = Names::new(2);
        let (one, two): (DomainName, DomainName) =
            ("a.com".parse().unwrap(), "b.com".parse().unwrap());
        let at = names.address(&one).unwrap();
        let other = names.address(&two).unwrap();
        assert_ne!(at, other);
        assert_eq!(names.address(&one), Ok(at));
        assert_eq!((names.host(at), names.host(other)), (Some(&one), Some(&two)));
        assert_eq!(names.address(&"c.com".parse().unwrap()), Err(NetworkReason::TooManyNames));
        for nobody in [RESOLVER, Ipv4Addr::new(1, 1, 1, 1), Ipv4Addr::new(198, 18, 1, 2)] {
            assert_eq!(names.host(nobody), None, "{nobody}");
        }
    }
}
