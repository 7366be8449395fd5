//! How the door speaks TLS: made anew when the authorities change, and before what it shows is
//! over.

use super::DoorError;
use d1_core::{Clock, Timestamp};
use d1_orchestrator::{Authorities, Bundle};
use d1_protocol::tls::{ALPN_DEVICE, ALPN_ENROL};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_rustls::rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ServerSessionMemoryCache, WebPkiClientVerifier},
    version::TLS13,
};

/// How long what a server shows is good.
const LIFE: Duration = Duration::from_secs(7 * 86_400);
/// How often it is looked whether the authorities have changed.
const LOOK: Duration = Duration::from_secs(15);
/// How many devices may come back without a whole handshake.
const SESSIONS: usize = 16_384;

/// How the door speaks, by what somebody comes for.
#[derive(Clone, Debug)]
pub(super) struct Speech {
    /// For devices that show a certificate; there is no other way in.
    pub(super) device: Arc<ServerConfig>,
    /// For those who come to get one.
    pub(super) enrol: Arc<ServerConfig>,
    version: u64,
    /// When it is made anew at the latest.
    renew: Timestamp,
}

impl Speech {
    fn new(bundle: &Bundle, host: &str, now: Timestamp) -> Result<Self, DoorError> {
        let papers = bundle.active()?.sign_server(host, now, LIFE)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = || {
            ServerConfig::builder_with_provider(Arc::clone(&provider))
                .with_protocol_versions(&[&TLS13])
        };
        let chain = || papers.chain.iter().cloned().map(CertificateDer::from).collect::<Vec<_>>();
        let key = || PrivateKeyDer::from(PrivatePkcs8KeyDer::from(papers.key.clone()));
        let mut roots = RootCertStore::empty();
        for authority in bundle.for_servers() {
            roots.add(authority.into())?;
        }
        let verifier =
            WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        let verifier =
            verifier.build().map_err(|error| DoorError::Tls(error.to_string().into()))?;
        let device = builder()?.with_client_cert_verifier(verifier);
        let mut device = device.with_single_cert(chain(), key())?;
        device.alpn_protocols = vec![ALPN_DEVICE.to_vec()];
        device.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        let mut enrol = builder()?.with_no_client_auth().with_single_cert(chain(), key())?;
        enrol.alpn_protocols = vec![ALPN_ENROL.to_vec()];
        // Nobody comes back for a first certificate.
        enrol.send_tls13_tickets = 0;
        let (device, enrol) = (Arc::new(device), Arc::new(enrol));
        Ok(Self { device, enrol, version: bundle.version(), renew: now.after(LIFE / 2) })
    }
}

/// The first speech of this server.
pub(super) async fn first(
    authorities: &Authorities,
    host: &str,
    now: Timestamp,
) -> Result<watch::Sender<Speech>, DoorError> {
    let bundle = authorities.bundle().await?;
    Ok(watch::Sender::new(Speech::new(&bundle, host, now)?))
}

/// Makes it anew whenever that is due, for ever.
pub(super) async fn keep(
    said: watch::Sender<Speech>,
    authorities: Authorities,
    host: String,
    clock: Arc<dyn Clock>,
) {
    loop {
        tokio::time::sleep(LOOK).await;
        let now = clock.now();
        let renewed = async {
            let bundle = authorities.bundle().await?;
            let is_good = {
                let known = said.borrow();
                known.version == bundle.version() && now < known.renew
            };
            if is_good {
                return Ok(None);
            }
            Speech::new(&bundle, &host, now).map(Some)
        };
        match renewed.await {
            Ok(Some(speech)) => drop(said.send_replace(speech)),
            Ok(None) => {}
            // What is known is good for days; the next look tries again.
            Err(error) => tracing::warn!(%error, "the door for devices speaks as before"),
        }
    }
}
