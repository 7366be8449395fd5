//! Joins the libraries: the one place of this program that knows them all.
//!
//! Two ways to reach this machine, and the same engine for both:
//!
//! - its daemon, over the local socket, when one listens;
//! - ourselves: the agent lives in this process, and talks to the engine over a link in
//!   memory.

use crate::{
    args::Global,
    audit,
    failure::Failure,
    home::{Home, state_failure},
    reach::{DaemonState, daemon_state},
    store_failure,
    terminal::Terminal,
    tether,
};
use d1_core::{
    AuditLog, Category, Clock, DeviceId, Journal, JournalError, Link, OnFailure, OrchestratorLink,
    Problem, SetupStore, Supervisor, SystemClock, Transport as _, TransportError,
    memory::{FreeOfCharge, MemoryJournal, MemoryLedger, MemorySetupStore},
};
use d1_executor::{Agent, AgentLock, AgentParts, Machine, MachineConfig, SqliteJournal};
use d1_orchestrator::{
    Catalogue, Engine, EngineError, EngineParts, Hub, RecipePlanner, SqliteSetupStore,
};
use d1_protocol::unix;
use std::{
    error::Error as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// How long background work may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// How long what is over may take to be settled and forgotten, and how often to look.
const TIDY_WITHIN: Duration = Duration::from_millis(500);
const TIDY_EVERY: Duration = Duration::from_millis(2);

/// What the machine is reached for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To look only: nothing is kept, and nobody is kept out.
    Look,
    /// To change something.
    Work,
}

/// An engine with a link to this machine.
#[derive(Debug)]
pub struct Local {
    /// Plans, dispatches, follows.
    pub engine: Engine,
    /// This machine.
    pub device: DeviceId,
    /// What is remembered of setups.
    pub store: Arc<dyn SetupStore>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    supervisor: Supervisor,
    trouble: Arc<Mutex<Option<Problem>>>,
    gone: CancellationToken,
    _agent: Option<AgentLock>,
}

impl Local {
    /// Reaches this machine.
    pub async fn open(
        terminal: &Terminal,
        global: &Global,
        home: &Home,
        mode: Mode,
    ) -> Result<Self, Failure> {
        let supervisor = Supervisor::default();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let trouble = Arc::new(Mutex::new(None));
        let mut redial = None;
        let (link, lock) = match daemon_state(global, home) {
            DaemonState::Listening { socket } => {
                let transport = unix::Dial::new(&socket, supervisor.clone());
                let link = dial(&transport).await?;
                redial = Some(transport);
                (link, None)
            }
            DaemonState::Forbidden { socket } => return Err(forbidden(&socket)),
            DaemonState::Gone { socket } if global.socket.is_some() => return Err(gone(&socket)),
            DaemonState::None if global.socket.is_some() => {
                return Err(gone(global.socket.as_deref().unwrap_or(Path::new(""))));
            }
            state @ (DaemonState::Gone { .. } | DaemonState::None) => {
                if let DaemonState::Gone { socket } = state {
                    let socket = socket.display();
                    terminal.talk(&format!(
                        "note: the daemon of {socket} is gone; doing the work without it"
                    ));
                }
                let lock = match mode {
                    Mode::Look => None,
                    Mode::Work => Some(home.state.lock_agent().map_err(|e| state_failure(&e))?),
                };
                let parts = (&supervisor, &clock, &trouble);
                (be_the_agent(home, mode, parts).await?, lock)
            }
        };
        let store: Arc<dyn SetupStore> = match mode {
            // A look keeps nothing, but an undo that is only looked at reads what was kept.
            Mode::Look if !home.state.setups().exists() => Arc::new(MemorySetupStore::default()),
            Mode::Look | Mode::Work => store(home)?,
        };
        let hub = Hub::new(supervisor.clone(), Arc::clone(&clock));
        let device = hub.attach(link).await.map_err(EngineError::from)?;
        let (gone, stopping) = (CancellationToken::new(), supervisor.stopping());
        let kept = tether::keep(hub.clone(), device, redial, gone.clone());
        supervisor.run("tether", async move {
            stopping.run_until_cancelled(kept).await;
        });
        let engine = Engine::new(EngineParts {
            planner: Arc::new(RecipePlanner::new(catalogue()?)),
            store: Arc::clone(&store),
            ledger: Arc::new(MemoryLedger::default()),
            prices: Arc::new(FreeOfCharge),
            clock: Arc::clone(&clock),
            hub,
            supervisor: supervisor.clone(),
        });
        Ok(Self { engine, device, store, clock, supervisor, trouble, gone, _agent: lock })
    }

    /// Waits until the machine is gone, and will not come back by itself.
    pub async fn gone(&self) {
        self.gone.cancelled().await;
    }

    /// Why the agent in this process gave up, when it did.
    #[must_use]
    pub fn trouble(&self) -> Option<Failure> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone().map(Failure::from)
    }

    /// Lets go of the machine. A step that still runs goes on; a setup that is over is
    /// settled and forgotten first.
    pub async fn close(self) {
        let tidy = async {
            while self.engine.driving() > 0 {
                tokio::time::sleep(TIDY_EVERY).await;
            }
        };
        // What is not tidy by then is tidied by the next process.
        let _in_time = tokio::time::timeout(TIDY_WITHIN, tidy).await;
        if !self.supervisor.shut_down(GRACE).await {
            tracing::warn!("background work did not end in time");
        }
    }
}

/// The built-in catalogue.
pub fn catalogue() -> Result<Catalogue, Failure> {
    Catalogue::embedded().map_err(|error| {
        Problem::new("D1-BUG-002", Category::Bug, "the built-in recipes cannot be read")
            .because(error.to_string())
            .into()
    })
}

/// What is remembered of setups.
pub fn store(home: &Home) -> Result<Arc<dyn SetupStore>, Failure> {
    let store = SqliteSetupStore::open(&home.state.setups()).map_err(store_failure)?;
    Ok(Arc::new(store))
}

pub(crate) async fn dial(transport: &unix::Dial) -> Result<OrchestratorLink, Failure> {
    transport.connect().await.map_err(|error: TransportError| {
        let cause = error.source().map_or_else(String::new, ToString::to_string);
        Problem::new("D1-DAEMON-001", Category::Daemon, error.to_string())
            .because(cause)
            .leaving("nothing was changed")
            .next("d1-doctor status")
            .into()
    })
}

type Parts<'a> = (&'a Supervisor, &'a Arc<dyn Clock>, &'a Arc<Mutex<Option<Problem>>>);

async fn be_the_agent(
    home: &Home,
    mode: Mode,
    (supervisor, clock, trouble): Parts<'_>,
) -> Result<OrchestratorLink, Failure> {
    let journal: Arc<dyn Journal> = match mode {
        Mode::Look => Arc::new(MemoryJournal::default()),
        Mode::Work => {
            Arc::new(SqliteJournal::open(&home.state.journal()).map_err(|e| journal_failure(&e))?)
        }
    };
    let audit: Arc<dyn AuditLog> = match mode {
        // A look does nothing that has to be told.
        Mode::Look => Arc::new(audit::of_nothing()?),
        Mode::Work => Arc::new(audit::open(home, clock.now())?),
    };
    let config = MachineConfig::this(home.state.path(), Arc::clone(clock));
    let machine = Machine::new(config.map_err(|error| error.problem())?);
    let agent = Agent::new(AgentParts {
        device: home.state.device().map_err(|e| state_failure(&e))?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        executor: Arc::new(machine),
        journal,
        audit,
        clock: Arc::clone(clock),
        supervisor: supervisor.clone(),
    });
    agent.recover().await.map_err(|e| journal_failure(&e))?;
    let (ours, theirs) = Link::pair();
    let trouble = Arc::clone(trouble);
    supervisor.spawn("agent", OnFailure::GoOn, async move {
        let ended = agent.serve(theirs, &audit::me()).await;
        if let Err(problem) = &ended {
            *trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem.clone());
        }
        ended
    });
    Ok(ours)
}

fn journal_failure(error: &JournalError) -> Failure {
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    Problem::new("D1-STATE-007", Category::Task, error.to_string())
        .because(cause)
        .leaving("nothing was changed")
        .next("see that the disk of the state directory has room, then try again")
        .into()
}

pub(crate) fn forbidden(socket: &Path) -> Failure {
    let title = format!("you may not use the daemon at {}", socket.display());
    Problem::new("D1-DAEMON-003", Category::Denied, title)
        .because("its socket belongs to another user")
        .leaving("nothing was changed")
        .next("sudo d1-doctor …")
        .next("or work without it: add --no-daemon")
        .into()
}

pub(crate) fn gone(socket: &Path) -> Failure {
    let title = format!("no daemon listens on {}", socket.display());
    Problem::new("D1-DAEMON-001", Category::Daemon, title)
        .because("it was never started, was stopped, or died")
        .leaving("nothing was changed; what it was running is kept and goes on when it starts")
        .next(format!("d1-daemon --socket {}", socket.display()))
        .next("or work without it: add --no-daemon")
        .into()
}
