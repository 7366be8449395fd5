//! What of the network a command is given.

use clap::Args;
use d1_executor::{Egress, HostRule, Inside};

/// What of the network a command is given.
#[derive(Clone, Debug, Default, Args)]
pub struct Hosts {
    /// Let it call this host: NAME, *.NAME for all names below, NAME:PORT for a port other than
    /// 80 and 443; may be given several times
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<HostRule>,
    /// Let those names lead into this network of yours, too, as 10.0.0.0/8; may be given several
    /// times
    #[arg(long, value_name = "NETWORK", requires = "allow_host")]
    pub inside: Vec<Inside>,
}

impl Hosts {
    /// As a command is granted it.
    #[must_use]
    pub fn granted(&self) -> Egress {
        Egress { inside: self.inside.clone(), ..Egress::of(self.allow_host.clone()) }
    }
}
