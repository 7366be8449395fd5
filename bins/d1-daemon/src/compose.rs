//! Joins the libraries into one daemon.

use crate::{cloud, config::Config, enrolled, listen, monitor, orders, person};
use d1_core::{
    AuditError, Clock, DeviceId, JournalError, OnFailure, OrderTrustStoreError, ReplayLedger,
    Supervisor, SystemClock, TransportError,
};
use d1_executor::{
    Agent, AgentLock, AgentParts, CloudTerms, Enrolled, EnrolledError, FileAuditLog, LockError,
    Machine, MachineConfig, OrderKeysFile, PolicyError, SqliteJournal, StateDir, StateDirError,
    UserTrustFile, try_lock,
};
use d1_protocol::unix::PeerCredentials;
use std::{
    error::Error as _,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    agent: Agent,
    device: DeviceId,
    socket: PathBuf,
    supervisor: Supervisor,
    _locks: (Option<File>, AgentLock),
}

/// Why a daemon cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no place for its state.
    #[error("there is no place to keep state; give a folder with --state-dir")]
    NoStateDir,
    /// The state directory is in trouble, or another daemon has it.
    #[error(transparent)]
    StateDir(#[from] StateDirError),
    /// Another daemon serves this machine.
    #[error(
        "process {pid} serves this machine already; stop it first, or use it: d1-doctor status"
    )]
    OtherDaemon {
        /// Which process.
        pid: u32,
    },
    /// It cannot be told whether another daemon serves this machine.
    #[error("cannot lock `{path}`; give another file with --machine-lock", path = path.display())]
    MachineLock {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The journal cannot be opened or read.
    #[error("the journal cannot be used; see that its disk has room and is in order")]
    Journal(#[from] JournalError),
    /// The audit log cannot be opened or read.
    #[error("nothing runs that cannot be written into the audit log; see the cause")]
    Audit(#[from] AuditError),
    /// The owner's policy cannot be read.
    #[error("nothing runs without a readable policy")]
    Policy(#[from] PolicyError),
    /// The socket cannot be listened on.
    #[error("cannot listen on `{path}`; give another socket with --socket", path = path.display())]
    Socket {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The cloud cannot be served as told.
    #[error("the cloud cannot be served as told")]
    Cloud(#[from] TransportError),
    /// What this device has that is enrolled cannot be used.
    #[error(transparent)]
    Enrolled(#[from] EnrolledError),
    /// The keys by which orders are known cannot be read or kept.
    #[error(transparent)]
    OrderKeys(#[from] OrderTrustStoreError),
    /// Signed orders are asked for, and there is no key to know them by.
    #[error(
        "no key is known by which orders of this cloud are signed; give one of d1-cloud order-keys list with --order-key"
    )]
    NoOrderKey,
    /// The token cannot be read.
    #[error("cannot read the token file `{path}`; it must hold one line", path = path.display())]
    Token {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The process itself is in trouble.
    #[error("this process cannot start")]
    Runtime {
        /// Why not.
        source: io::Error,
    },
}

impl StartError {
    /// The error with its cause, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let full = self.to_string();
        let (title, remedy) = full.split_once("; ").unwrap_or((&full, ""));
        let mut text = format!("error[D1-DAEMON-002]: {title}");
        let mut cause = self.source();
        while let Some(error) = cause {
            text += &format!("\n  cause  {error}");
            cause = error.source();
        }
        if !remedy.is_empty() {
            text += &format!("\n  next   {remedy}");
        }
        text
    }
}

impl Daemon {
    /// Takes the machine, takes up what an earlier process left, and listens.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let machine = config.machine_lock().map(lock_machine).transpose()?;
        let state = StateDir::open(config.state_dir().ok_or(StartError::NoStateDir)?)?;
        let lock = state.lock_agent()?;
        let device = state.device()?;
        let supervisor = Supervisor::default();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let journal = Arc::new(SqliteJournal::open(&state.journal())?);
        let stream = format!("device:{device}");
        let audit = Arc::new(FileAuditLog::open(&state.audit(), &stream, clock.now())?);
        let agent = Agent::new(AgentParts {
            device,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            executor: Arc::new(Machine::new(MachineConfig::this(
                state.path(),
                Arc::clone(&clock),
            )?)),
            journal: Arc::clone(&journal) as _,
            audit: Arc::clone(&audit) as _,
            clock,
            supervisor: supervisor.clone(),
        });
        let probing = agent.recover().await?;
        if probing > 0 {
            tracing::warn!(probing, "tasks were cut off; finding out what became of them");
        }
        let socket = config.socket.clone().unwrap_or_else(|| state.socket());
        listen::start(&agent, &socket, &supervisor)?;
        monitor::start(&agent, &state, Duration::from_secs(config.look_every), &supervisor);
        link(&config, &agent, &state, (journal, &*audit), &supervisor).await?;
        Ok(Self { agent, device, socket, supervisor, _locks: (machine, lock) })
    }

    /// Which device this is.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Fires when the daemon has to end.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.supervisor.stopping()
    }

    /// Drains for at most `patience`, then ends. True when nothing was left running.
    pub async fn stop(self, patience: Duration) -> bool {
        const LAST_WORDS: Duration = Duration::from_secs(2);
        let drained = tokio::time::timeout(patience, self.agent.drain()).await.is_ok();
        // The socket goes first, so that nobody new finds it.
        let _not_there = std::fs::remove_file(&self.socket);
        self.supervisor.shut_down(LAST_WORDS).await && drained
    }
}

/// Serves the cloud that it is told of, or the one at which it is enrolled.
async fn link(
    config: &Config,
    agent: &Agent,
    state: &StateDir,
    (ledger, audit): (Arc<dyn ReplayLedger>, &FileAuditLog),
    supervisor: &Supervisor,
) -> Result<(), StartError> {
    if let Some(url) = &config.cloud {
        let token = token(config.token_file.as_deref())?;
        let wanted = (config.orders, config.order_key);
        let guard = orders::of_token_link(state, url, wanted, (&ledger, audit)).await?;
        let terms = CloudTerms { guard, owner: Some(orders::owner(state, &ledger)?) };
        return Ok(cloud::start(agent, (url, token), terms, state, supervisor)?);
    }
    // What others could have read is not used; the daemon says so at once, and not later.
    Enrolled::load(state)?;
    OrderKeysFile::all(state)?;
    UserTrustFile::of(state).load()?;
    let owner = orders::owner(state, &ledger)?;
    enrolled::start(agent, state, (ledger, owner), supervisor);
    Ok(())
}

fn lock_machine(path: PathBuf) -> Result<File, StartError> {
    try_lock(&path).map_err(|error| match error {
        LockError::Held(pid) => StartError::OtherDaemon { pid },
        LockError::Io(source) => StartError::MachineLock { path, source },
    })
}

fn token(path: Option<&Path>) -> Result<String, StartError> {
    let path = path.unwrap_or(Path::new("")).to_path_buf();
    let read = std::fs::read_to_string(&path).and_then(|text| {
        let token = text.trim().to_owned();
        let usable = !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic());
        usable.then_some(token).ok_or_else(|| io::ErrorKind::InvalidData.into())
    });
    read.map_err(|source| StartError::Token { path, source })
}

/// Runs a conversation with somebody at this machine in the background.
pub(crate) fn converse(
    agent: &Agent,
    link: d1_core::DeviceLink,
    peer: PeerCredentials,
    supervisor: &Supervisor,
) {
    let by = format!("uid {}, at the daemon's socket", peer.uid);
    let decides = person::sits_at_a_terminal(peer.pid);
    let agent = agent.clone();
    supervisor.spawn("conversation", OnFailure::GoOn, async move {
        agent.serve_here(link, &by, decides).await
    });
}
