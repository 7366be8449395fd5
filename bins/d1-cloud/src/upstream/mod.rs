//! Another provider of identities that people may sign in at.

mod config;
mod http;

pub use config::{Admits, UpstreamConfig};

use crate::identity::PeopleError;
use d1_core::Clock;
use d1_orchestrator::{Upstream, UpstreamParts};
use d1_protocol::{BoundedHttp, api};
use http::Asker;
use std::{fs, path::Path, sync::Arc};

/// The most bytes of the file with the secret.
const MAX_SECRET: usize = 4_096;

/// Another provider, as this server uses it.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    pub(crate) upstream: Upstream,
    /// What people are told that it is.
    pub(crate) label: Arc<str>,
    pub(crate) admits: Admits,
}

/// The provider that is configured, to send people back to this server at `address`.
pub(crate) fn open(
    config: &UpstreamConfig,
    address: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Provider>, PeopleError> {
    let Some((issuer, client)) = config.oidc_issuer.as_ref().zip(config.oidc_client.as_ref())
    else {
        return Ok(None);
    };
    let secret = config.oidc_secret_file.as_deref().map(read).transpose()?;
    let http = BoundedHttp::towards(issuer).map_err(|error| PeopleError::Tls(error.into()))?;
    let upstream = Upstream::new(UpstreamParts {
        issuer: issuer.clone(),
        client: client.clone(),
        secret,
        answer_at: format!("{address}{}", api::SIGN_IN_ANSWER),
        http: Arc::new(Asker(http)),
        clock: Arc::clone(clock),
    })?;
    let host = issuer.split("://").nth(1).and_then(|rest| rest.split('/').next());
    let label = config.oidc_label.as_deref().or(host).unwrap_or(issuer).into();
    Ok(Some(Provider { upstream, label, admits: config.oidc_admits }))
}

fn read(path: &Path) -> Result<String, PeopleError> {
    let failed = |why: String| PeopleError::Secret { path: path.to_owned(), why };
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || line.len() > MAX_SECRET || line.contains(['\r', '\n']) {
        return Err(failed("it has not one line".into()));
    }
    Ok(line.to_owned())
}
