//! A network on which everything is as it should be, until a test breaks it.

use d1_core::{Clock as _, SystemClock, Timestamp};
use d1_executor::{Answer, Destination, Network, NetworkError, Presented};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// The network of a patient.
#[derive(Clone, Debug)]
pub(crate) struct Cable {
    /// Which hosts have no name.
    pub(crate) is_nameless: fn(&str) -> bool,
    /// Which addresses are out of reach.
    pub(crate) is_dead: fn(SocketAddr) -> bool,
    /// Whether hosts have addresses of IPv6, too.
    pub(crate) is_new: bool,
    /// How every host shows who it is.
    pub(crate) presented: Presented,
    /// By how many seconds the clocks of others are ahead of ours.
    pub(crate) ahead: i64,
    /// What every host says: its status, and whom it sends us to.
    pub(crate) says: fn(&Destination) -> (u16, Option<&'static str>),
}

impl Default for Cable {
    fn default() -> Self {
        Self {
            is_nameless: |_| false,
            is_dead: |_| false,
            is_new: false,
            presented: Presented {
                issuer: Some("Example Trust".into()),
                by_system: Ok(()),
                by_bundled: Ok(()),
            },
            ahead: 0,
            says: |_| (200, None),
        }
    }
}

impl Cable {
    /// As a real one does: by name, then by address.
    async fn reach(&self, to: &Destination) -> Result<(), NetworkError> {
        let (host, port) = to.first();
        let mut last = Err(no_name());
        for ip in self.look_up(&host).await? {
            last = self.connect(SocketAddr::new(ip, port)).await;
            if last.is_ok() {
                break;
            }
        }
        last
    }
}

fn no_name() -> NetworkError {
    NetworkError::NoName { source: io::ErrorKind::NotFound.into() }
}

#[async_trait::async_trait]
impl Network for Cable {
    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        if (self.is_nameless)(host) {
            return Err(no_name());
        }
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let older = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1));
        let newer = IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
        Ok(if self.is_new { vec![newer, older] } else { vec![older] })
    }

    async fn connect(&self, to: SocketAddr) -> Result<(), NetworkError> {
        if (self.is_dead)(to) {
            let source = io::ErrorKind::ConnectionRefused.into();
            return Err(NetworkError::NoConnection { source });
        }
        Ok(())
    }

    async fn handshake(&self, to: &Destination) -> Result<Presented, NetworkError> {
        self.reach(to).await?;
        Ok(self.presented.clone())
    }

    async fn head(&self, to: &Destination) -> Result<Answer, NetworkError> {
        self.reach(to).await?;
        let now = SystemClock::new().now();
        let date = now.0.checked_add_signed(self.ahead * 1000).map(Timestamp);
        let (status, sent_to) = (self.says)(to);
        let sent_to = sent_to.map(str::to_owned);
        Ok(Answer { status, date, age: Duration::ZERO, sent_to })
    }
}
