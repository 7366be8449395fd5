//! [`ThisNetwork`]: the network that this machine is on.

use super::{
    Answer, Destination, Network, NetworkError, Presented,
    trust::{Judge, OurTime},
    wire::{self, ANSWER, GREET, Stream, broken, within},
};
use d1_core::Clock;
use hyper::header;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The network that this machine is on.
pub struct ThisNetwork {
    clock: Arc<dyn Clock>,
    /// Read when they are first needed: it takes longer than most checks.
    roots: OnceLock<Roots>,
}

struct Roots {
    system: Arc<RootCertStore>,
    bundled: Arc<RootCertStore>,
}

impl ThisNetwork {
    /// With the authorities of this system, and those that many tools bring along.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, roots: OnceLock::new() }
    }

    /// With these in their place.
    #[must_use]
    pub fn trusting(clock: Arc<dyn Clock>, system: RootCertStore, bundled: RootCertStore) -> Self {
        let roots = Roots { system: Arc::new(system), bundled: Arc::new(bundled) };
        Self { clock, roots: OnceLock::from(roots) }
    }

    /// A handshake, with what was presented in it, and the connection when it is believed.
    async fn greet(
        &self,
        to: &Destination,
    ) -> Result<(Presented, Option<TlsStream<Box<dyn Stream>>>), NetworkError> {
        let stream = wire::open(to).await?;
        let roots = self.roots.get_or_init(Roots::of_system);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (system, bundled) = (Arc::clone(&roots.system), Arc::clone(&roots.bundled));
        let judge = Arc::new(Judge::new(system, bundled, Arc::clone(&provider)));
        let time = Arc::new(OurTime(Arc::clone(&self.clock)));
        let config = ClientConfig::builder_with_details(provider, time)
            .with_safe_default_protocol_versions()
            .map_err(broken)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Judge>::clone(&judge))
            .with_no_client_auth();
        let name = ServerName::try_from(to.host()).map_err(broken)?;
        let connector = TlsConnector::from(Arc::new(config));
        let greeting = async { connector.connect(name, stream).await.map_err(broken) };
        let ended = within(GREET, greeting).await;
        // One that is not believed ends the handshake, and is an answer all the same.
        match (judge.found(), ended) {
            (Some(presented), Ok(stream)) => Ok((presented, Some(stream))),
            (Some(presented), Err(_)) if presented.by_system.is_err() => Ok((presented, None)),
            (_, Err(error)) => Err(error),
            (None, Ok(_)) => Err(NetworkError::Broken { why: "it showed no certificate".into() }),
        }
    }
}

impl Roots {
    fn of_system() -> Self {
        let mut system = RootCertStore::empty();
        // One that cannot be read is one that is not believed.
        system.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let bundled = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self { system: Arc::new(system), bundled: Arc::new(bundled) }
    }
}

impl fmt::Debug for ThisNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThisNetwork").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl Network for ThisNetwork {
    async fn look_up(&self, host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        wire::look_up(host).await
    }

    async fn connect(&self, to: SocketAddr) -> Result<(), NetworkError> {
        wire::connect(to).await.map(drop)
    }

    async fn handshake(&self, to: &Destination) -> Result<Presented, NetworkError> {
        self.greet(to).await.map(|(presented, _)| presented)
    }

    async fn head(&self, to: &Destination) -> Result<Answer, NetworkError> {
        let stream: Box<dyn Stream> = if to.uri.scheme_str() == Some("https") {
            match self.greet(to).await? {
                (_, Some(stream)) => Box::new(stream),
                (presented, None) => {
                    let why = presented.by_system.err().map(|why| why.to_string());
                    return Err(NetworkError::Broken { why: why.unwrap_or_default() });
                }
            }
        } else {
            wire::open(to).await?
        };
        let answer = within(ANSWER, wire::head(TokioIo::new(stream), to)).await?;
        let field = |name| answer.headers().get(name);
        let age = field(header::AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok());
        let is_sent = answer.status().is_redirection();
        Ok(Answer {
            status: answer.status().as_u16(),
            date: field(header::DATE).and_then(wire::date),
            age: Duration::from_secs(age.unwrap_or_default()),
            sent_to: field(header::LOCATION).filter(|_| is_sent).and_then(wire::sent_to),
        })
    }
}
