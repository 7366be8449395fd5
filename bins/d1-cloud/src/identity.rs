//! The people who may ask, and where what is known of them is kept.

use crate::{
    config::Config,
    refusal::Refusal,
    upstream::{self, Provider},
    who::refused,
};
use d1_core::{
    AccountId, AuditError, AuditLog, Category, Clock, DeviceId, Directory, DirectoryError,
    EnrolmentStore, KeyStore, Problem, SessionError, SessionStore,
};
use d1_orchestrator::{
    AccessTokens, Authorities, EngineError, EnrolmentParts, Enrolments, HubError, Identity,
    IdentityFileError, IdentityParts, Keys, OrderKeys, PasswordError, PostgresIdentity,
    RedisSessions, SqliteIdentity, UpstreamError,
};
use std::{error::Error, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// Where they are in the state directory.
const FILE: &str = "identity.db";

/// Why people cannot be looked after.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeopleError {
    /// The file cannot be opened.
    #[error(transparent)]
    File(#[from] IdentityFileError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DirectoryError),
    /// The address of the server of sign-ins makes no sense.
    #[error(transparent)]
    Sessions(#[from] SessionError),
    /// No random numbers.
    #[error(transparent)]
    Random(#[from] PasswordError),
    /// The other provider of identities cannot be used as it is configured.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// This system cannot speak TLS.
    #[error("this system cannot speak TLS with the provider of identities")]
    Tls(#[source] Box<dyn Error + Send + Sync>),
    /// The secret of the other provider cannot be read.
    #[error(
        "cannot read the secret of the provider of identities in `{path}`: {why}; name a file with --oidc-secret-file",
        path = path.display()
    )]
    Secret {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// What is done could not be written down.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The public address makes no sense.
    #[error(
        "`{0}` is not the address of a server; it is https://name, and http:// for this machine alone"
    )]
    Address(String),
}

/// Everything that is known of people.
#[derive(Clone, Debug)]
pub(crate) struct People {
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) identity: Identity,
    pub(crate) keys: Keys,
    pub(crate) tokens: AccessTokens,
    /// Who signs the certificates of devices.
    pub(crate) authorities: Authorities,
    /// What orders to devices are signed with.
    pub(crate) order_keys: OrderKeys,
    enrolments: Arc<dyn EnrolmentStore>,
    /// Where else people may sign in.
    pub(crate) provider: Option<Provider>,
    /// What is written down of all this.
    pub(crate) audit: Arc<dyn AuditLog>,
    /// What people and programs reach the server by.
    pub(crate) address: Arc<str>,
}

impl People {
    /// How devices enrol, with certificates that are good for `life`.
    pub(crate) fn enrolments(&self, clock: Arc<dyn Clock>, life: Duration) -> Enrolments {
        Enrolments::new(EnrolmentParts {
            store: Arc::clone(&self.enrolments),
            directory: Arc::clone(&self.directory),
            authorities: self.authorities.clone(),
            audit: Arc::clone(&self.audit),
            clock,
            life,
        })
    }

    /// Whose device it is.
    pub(crate) async fn owner(&self, device: DeviceId) -> Result<Option<AccountId>, Refusal> {
        let owner = self.directory.device_owner(device).await;
        owner.map_err(|error| refused(error.into()))
    }

    /// Whether it is the account's device. Another's is as unknown as one that there is not.
    pub(crate) async fn is_owner(
        &self,
        account: AccountId,
        device: DeviceId,
    ) -> Result<(), Refusal> {
        if self.owner(device).await? == Some(account) {
            return Ok(());
        }
        Err(EngineError::from(HubError::Offline(device)).into())
    }

    /// Makes a device the account's, unless it is another's.
    pub(crate) async fn claim(&self, device: DeviceId, account: AccountId) -> Result<(), Problem> {
        let claimed = self.directory.claim_device(device, account).await;
        match claimed.map_err(|error| refused(error.into()).into_problem())? {
            owner if owner == account => Ok(()),
            _ => {
                let title = format!("device {device} is linked to another account");
                Err(Problem::new("D1-DEVICE-012", Category::Denied, title)
                    .because("a device stays with the account that linked it first")
                    .leaving("nothing was changed")
                    .next("give the daemon another --state-dir, which makes it another device"))
            }
        }
    }
}

/// Opens what is known of people; `listening` is what the server is reached by when it is
/// not told.
pub(crate) async fn open(
    config: &Config,
    clock: &Arc<dyn Clock>,
    listening: SocketAddr,
    audit: Arc<dyn AuditLog>,
) -> Result<People, PeopleError> {
    let Stores { directory, key_store, authority_keys, order_keys, enrolments } =
        stores(config).await?;
    let sessions: Arc<dyn SessionStore> = match &config.sessions {
        Some(url) => Arc::new(RedisSessions::open(url)?),
        None => file(config)?,
    };
    let address = match &config.public_url {
        Some(url) => public(url)?,
        None => format!("http://{listening}"),
    };
    let provider = upstream::open(&config.upstream, &address, clock)?;
    let keys = Keys::new(key_store, Arc::clone(clock));
    let audience = format!("{address}/api");
    let tokens = AccessTokens::new(address.clone(), audience, keys.clone(), Arc::clone(clock));
    let parts = IdentityParts {
        directory: Arc::clone(&directory),
        sessions,
        tokens: tokens.clone(),
        audit: Arc::clone(&audit),
        clock: Arc::clone(clock),
    };
    let authorities = Authorities::new(authority_keys, Arc::clone(clock));
    let order_keys = OrderKeys::new(order_keys, Arc::clone(clock));
    let (identity, address) = (Identity::new(parts)?, address.into());
    Ok(People {
        directory,
        identity,
        keys,
        tokens,
        authorities,
        order_keys,
        enrolments,
        provider,
        audit,
        address,
    })
}

/// Where everything but sign-ins is kept.
struct Stores {
    directory: Arc<dyn Directory>,
    key_store: Arc<dyn KeyStore>,
    authority_keys: Arc<dyn KeyStore>,
    order_keys: Arc<dyn KeyStore>,
    enrolments: Arc<dyn EnrolmentStore>,
}

async fn stores(config: &Config) -> Result<Stores, PeopleError> {
    Ok(match &config.store {
        Some(url) => {
            let shared = Arc::new(PostgresIdentity::open(url).await?);
            Stores {
                directory: Arc::clone(&shared) as _,
                key_store: Arc::clone(&shared) as _,
                authority_keys: Arc::new(shared.authority_keys()),
                order_keys: Arc::new(shared.order_keys()),
                enrolments: shared,
            }
        }
        None => {
            let file = file(config)?;
            Stores {
                directory: Arc::clone(&file) as _,
                key_store: Arc::clone(&file) as _,
                authority_keys: Arc::new(file.authority_keys()),
                order_keys: Arc::new(file.order_keys()),
                enrolments: file,
            }
        }
    })
}

fn file(config: &Config) -> Result<Arc<SqliteIdentity>, IdentityFileError> {
    Ok(Arc::new(SqliteIdentity::open(&config.state_dir.join(FILE))?))
}

/// An address as the issuer of tokens has it (RFC 8414 §2): https, without anything after its
/// host, and http for this machine alone.
fn public(url: &str) -> Result<String, PeopleError> {
    let url = url.trim_end_matches('/');
    let bad = || PeopleError::Address(url.to_owned());
    let (scheme, host) = url.split_once("://").ok_or_else(bad)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let is_local = ["127.0.0.1", "[::1]", "localhost"]
        .iter()
        .any(|local| host.strip_prefix(local).is_some_and(|r| r.is_empty() || r.starts_with(':')));
    let fits = scheme == "https" || (scheme == "http" && is_local);
    let whole = !host.is_empty() && host.chars().all(legal);
    (fits && whole).then(|| url.to_owned()).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_secure_or_this_machine() {
        for good in
            ["https://d1.example", "http://127.0.0.1:7701", "http://[::1]:80", "http://localhost"]
        {
            assert_eq!(public(good).unwrap(), good);
        }
        assert_eq!(public("https://d1.example/").unwrap(), "https://d1.example");
        for bad in [
            "",
            "d1.example",
            "http://d1.example",
            "http://localhost.evil.example",
            "https://d1.example/path",
            "https://user@d1.example",
            "https://",
            "ftp://d1.example",
        ] {
            assert!(public(bad).is_err(), "{bad}");
        }
    }
}
