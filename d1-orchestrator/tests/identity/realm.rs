//! Devices that enrol, over every store of enrolments there is.

use crate::postgres::Postgres;
use d1_core::{
    AccountId, AuditKey, AuditKind, AuditLine, AuditLog as _, Clock, DeviceId, EnrolmentStore,
    KeyStore, Timestamp, enrolment_proof,
    memory::{ManualClock, MemoryAuditLog, MemoryDirectory, MemoryEnrolmentStore, MemoryKeyStore},
    recovery_proof,
};
use d1_orchestrator::{
    Authorities, DeviceCertificate, EnrolAsk, EnrolError, EnrolmentParts, Enrolments, Papers,
    PostgresIdentity, RecoverAsk, SqliteIdentity,
};
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _, SigningKey as _};
use std::{future::Future, sync::Arc, time::Duration};

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const LIFE: Duration = Duration::from_secs(24 * 3_600);

/// A server at which devices enrol for one account.
#[derive(Clone)]
pub(crate) struct Realm {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) authorities: Authorities,
    pub(crate) enrolments: Enrolments,
    pub(crate) account: AccountId,
    pub(crate) keys: Arc<dyn KeyStore>,
    audit: Arc<MemoryAuditLog>,
}

/// A machine with its two keys and its certificate.
pub(crate) struct Machine {
    pub(crate) device: DeviceId,
    pub(crate) bound: KeyPair,
    pub(crate) papers: Papers,
}

/// Runs a test on memory, SQLite and PostgreSQL.
pub(crate) async fn on_every_store<F: Future<Output = ()>>(test: impl Fn(Realm) -> F) {
    test(Realm::in_memory()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteIdentity::open(&folder.path().join("identity.db")).unwrap();
    let keys = Arc::new(file.authority_keys());
    test(Realm::over(Arc::new(file), keys)).await;
    let server = Postgres::shared();
    let shared = PostgresIdentity::open(&server.clone_of("template1")).await.unwrap();
    let keys = Arc::new(shared.authority_keys());
    test(Realm::over(Arc::new(shared), keys)).await;
}

impl Realm {
    pub(crate) fn in_memory() -> Self {
        Self::over(Arc::new(MemoryEnrolmentStore::new()), Arc::new(MemoryKeyStore::new()))
    }

    fn over(store: Arc<dyn EnrolmentStore>, keys: Arc<dyn KeyStore>) -> Self {
        let clock = Arc::new(ManualClock::starting_at(Timestamp(1_700_000_000_000)));
        let time = clock.clone() as Arc<dyn Clock>;
        let authorities = Authorities::new(keys.clone(), time.clone());
        let audit = Arc::new(MemoryAuditLog::new("cloud", AuditKey::from_seed(&[7; 32])));
        let enrolments = Enrolments::new(EnrolmentParts {
            store,
            directory: Arc::new(MemoryDirectory::new()),
            authorities: authorities.clone(),
            audit: audit.clone(),
            clock: time,
            life: LIFE,
        });
        Self { clock, authorities, enrolments, account: AccountId::generate(), keys, audit }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(crate) async fn token(&self) -> String {
        self.enrolments.make_token(self.account, None, HOUR).await.unwrap().secret
    }

    /// A new machine that enrols.
    pub(crate) async fn machine(&self) -> Machine {
        let device = DeviceId::generate();
        let (bound, papers) = self.enrol(device, &self.token().await).await;
        Machine { device, bound, papers: papers.unwrap() }
    }

    /// A machine enrols by a token, with new keys.
    pub(crate) async fn enrol(
        &self,
        device: DeviceId,
        token: &str,
    ) -> (KeyPair, Result<Papers, EnrolError>) {
        let bound = KeyPair::generate().unwrap();
        let papers = self.enrol_with(device, token, &bound, &request()).await;
        (bound, papers)
    }

    pub(crate) async fn enrol_with(
        &self,
        device: DeviceId,
        token: &str,
        bound: &KeyPair,
        request: &[u8],
    ) -> Result<Papers, EnrolError> {
        let proof = bound.sign(&enrolment_proof(device, token, request)).unwrap();
        let bound_key = &bound.subject_public_key_info();
        let ask = EnrolAsk { token, device, request, bound_key, proof: &proof };
        self.enrolments.enrol(ask).await
    }

    /// A machine gets its next certificate with this one.
    pub(crate) async fn renew(&self, papers: &Papers) -> Result<Papers, EnrolError> {
        self.enrolments.renew(&shown(papers), &request()).await
    }

    /// A machine gets its next certificate with the key that it keeps.
    pub(crate) async fn recover(
        &self,
        machine: &Machine,
        generation: u64,
        request: &[u8],
    ) -> Result<Papers, EnrolError> {
        let device = machine.device;
        let proof = machine.bound.sign(&recovery_proof(device, generation, request)).unwrap();
        let ask = RecoverAsk { device, generation, request, proof: &proof };
        self.enrolments.recover(ask).await
    }

    pub(crate) async fn links(&self, papers: &Papers) -> Result<(), EnrolError> {
        self.enrolments.admit(&shown(papers)).await
    }

    /// How often something was written down.
    pub(crate) async fn noted(&self, kind: AuditKind) -> usize {
        let lines = self.audit.lines(0, 1_000).await.unwrap();
        let text = |line: &AuditLine| line.to_text();
        lines.iter().filter(|line| text(line).contains(kind.name())).count()
    }
}

/// What somebody shows whose certificate was verified.
pub(crate) fn shown(papers: &Papers) -> DeviceCertificate {
    DeviceCertificate::read(&papers.certificate).unwrap()
}

/// A request for a certificate, of a new key.
pub(crate) fn request() -> Vec<u8> {
    request_of(&KeyPair::generate().unwrap())
}

pub(crate) fn request_of(key: &KeyPair) -> Vec<u8> {
    CertificateParams::default().serialize_request(key).unwrap().der().to_vec()
}

/// Why something was refused, in a word.
pub(crate) fn why<T: std::fmt::Debug>(result: Result<T, EnrolError>) -> String {
    let text = format!("{:?}", result.unwrap_err());
    text.split('"').next().unwrap().trim_end_matches('(').to_owned()
}
