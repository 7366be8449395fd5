//! A server with people on it, over every store of sign-ins there is.

use crate::{
    redis::Redis,
    tokens::{AUDIENCE, ISSUER},
};
use d1_core::{
    AccountId, AuditKey, AuditLine, AuditLog as _, Clock, Directory, KeyStore, Organisation, Role,
    SessionStore, Timestamp, User, UserId,
    memory::{ManualClock, MemoryAuditLog, MemoryDirectory, MemoryKeyStore, MemorySessionStore},
};
use d1_orchestrator::{
    AccessTokens, DeviceAnswer, DeviceAsk, Identity, IdentityParts, Keys, Origin, RedisSessions,
    SqliteIdentity, TokenAnswer, Visitor,
};
use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

pub(crate) const CLIENT: &str = "d1-cli";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server with Anna on it, who owns an organisation.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) directory: Arc<MemoryDirectory>,
    pub(crate) identity: Identity,
    pub(crate) audit: Arc<MemoryAuditLog>,
    pub(crate) anna: User,
    pub(crate) account: AccountId,
}

/// Runs a test on memory, SQLite and Redis.
pub(crate) async fn on_every_store<F: Future<Output = ()>>(test: impl Fn(Site) -> F) {
    test(Site::over(Arc::new(MemorySessionStore::new())).await).await;
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteIdentity::open(&folder.path().join("identity.db")).unwrap();
    test(Site::over(Arc::new(file)).await).await;
    let redis = Redis::start();
    test(Site::over(Arc::new(RedisSessions::open(&redis.url()).unwrap())).await).await;
}

impl Site {
    pub(crate) async fn in_memory() -> Self {
        Self::over(Arc::new(MemorySessionStore::new())).await
    }

    async fn over(sessions: Arc<dyn SessionStore>) -> Self {
        let clock = Arc::new(ManualClock::starting_at(Timestamp(1_700_000_000_000)));
        let directory = Arc::new(MemoryDirectory::new());
        let time = clock.clone() as Arc<dyn Clock>;
        let keys = Arc::new(MemoryKeyStore::new()) as Arc<dyn KeyStore>;
        let keys = Keys::new(keys, time.clone());
        let tokens = AccessTokens::new(ISSUER.into(), AUDIENCE.into(), keys, time.clone());
        let audit = Arc::new(MemoryAuditLog::new("cloud", AuditKey::from_seed(&[7; 32])));
        let parts = IdentityParts {
            directory: directory.clone(),
            sessions,
            tokens,
            audit: audit.clone(),
            clock: time,
        };
        let identity = Identity::new(parts).unwrap();
        let (anna, account) = person(&directory, "anna").await;
        Self { clock, directory, identity, audit, anna, account }
    }

    /// What was written down: what kind it is of, and what it is about.
    pub(crate) async fn noted(&self) -> Vec<(String, BTreeMap<String, String>)> {
        let lines = self.audit.lines(0, 1_000).await.unwrap();
        let record = |line: AuditLine| match line {
            AuditLine::Record(sealed) => Some((sealed.record.kind, sealed.record.about)),
            AuditLine::Checkpoint(_) => None,
        };
        lines.into_iter().filter_map(record).collect()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Anna in a browser.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor {
            user: self.anna.id,
            login: self.anna.login.clone(),
            signed_in: self.clock.now(),
            organisations: vec![(self.account, "anna".into())],
        }
    }

    /// A program asks.
    pub(crate) async fn begin(&self) -> DeviceAnswer {
        let origin = Origin::new("anna-laptop", "192.0.2.7", "d1-doctor/0.1");
        let ask = DeviceAsk { client: CLIENT, origin, ..DeviceAsk::default() };
        self.identity.begin_by_code(ask).await.unwrap()
    }

    pub(crate) async fn approve(&self, code: &str) -> d1_orchestrator::Decided {
        self.identity.decide(&self.visitor(), code, Some(self.account)).await.unwrap()
    }

    /// What a program is told that polls: the RFC's word, or `ok`.
    pub(crate) async fn poll(&self, device_code: &str) -> &'static str {
        said(&self.identity.collect(CLIENT, device_code, None).await)
    }

    /// A program that is signed in by a code.
    pub(crate) async fn signed_in(&self) -> TokenAnswer {
        let codes = self.begin().await;
        self.approve(&codes.user_code).await;
        self.identity.collect(CLIENT, &codes.device_code, None).await.unwrap()
    }

    /// Whether a token lets anybody in.
    pub(crate) async fn lets_in(&self, token: &str) -> bool {
        self.identity.authenticate(token).await.unwrap().is_some()
    }

    /// What a program is told that refreshes.
    pub(crate) async fn refresh(
        &self,
        answer: &TokenAnswer,
    ) -> Result<TokenAnswer, d1_orchestrator::SignInError> {
        let token = answer.refresh_token.as_deref().unwrap();
        self.identity.refresh(CLIENT, token, None, None).await
    }

    pub(crate) async fn make(&self, role: Role, user: UserId) {
        self.directory.set_role(self.account, user, Some(role)).await.unwrap();
    }
}

/// The RFC's word for an error, or `ok`.
pub(crate) fn said<T>(answer: &Result<T, d1_orchestrator::SignInError>) -> &'static str {
    answer.as_ref().map_or_else(d1_orchestrator::SignInError::code, |_| "ok")
}

/// Somebody with an organisation of their own, and without a password.
pub(crate) async fn person(directory: &MemoryDirectory, name: &str) -> (User, AccountId) {
    let created = Timestamp(1);
    let user = User {
        id: UserId::generate(),
        login: name.parse().unwrap(),
        password: None,
        disabled: false,
        created,
    };
    let account = AccountId::generate();
    let home = Organisation { account, name: name.to_owned(), created };
    directory.add_user(&user, &home).await.unwrap();
    (user, account)
}
