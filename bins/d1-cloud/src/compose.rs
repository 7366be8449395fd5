//! Joins the libraries into one server.

use crate::{
    audit,
    config::Config,
    credits::Credits,
    door::{self, CertifiedLinks, Door, DoorError, Threshold},
    drain::{DRAIN_WITHIN, MOVE_WITHIN},
    front,
    identity::{self, People, PeopleError},
    ledger,
    limits::{Limits, LimitsError},
    nodes::{LinksError, Nodes},
    open_files,
    routes::LastLook,
    seats::Seats,
    token::DevelopmentToken,
};
use d1_billing::{BillingError, Ledger, PriceCatalogue, PriceError};
use d1_core::{
    Amount, AuditError, AuditLog, Clock, NodeId, OnFailure, SetupLeases, SetupStore, StoreError,
    Supervisor, SystemClock,
};
use d1_orchestrator::{
    Catalogue, CatalogueError, Engine, EngineError, EngineParts, Enrolments, Hub, Identity,
    OrderDesk, PostgresSetupStore, RecipePlanner, SqliteSetupStore,
};
use d1_protocol::order_codec;
use std::{error::Error as _, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests and links may take to end when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// What every request works with.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) credits: Credits,
    pub(crate) token: Option<DevelopmentToken>,
    pub(crate) people: People,
    pub(crate) identity: Identity,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) behind_proxy: bool,
    pub(crate) limits: Limits,
    pub(crate) nodes: Option<Nodes>,
    pub(crate) supervisor: Supervisor,
    pub(crate) last_look: LastLook,
    pub(crate) enrolments: Enrolments,
    /// Where devices come in that have a certificate; they come by a token where there is none.
    pub(crate) door: Option<Door>,
    pub(crate) certified: CertifiedLinks,
    pub(crate) seats: Seats,
    /// Fires when it goes, and takes nothing new on.
    pub(crate) draining: CancellationToken,
}

/// A running server.
#[derive(Debug)]
pub struct Cloud {
    address: SocketAddr,
    door: Option<Door>,
    supervisor: Supervisor,
    hub: Hub,
    draining: CancellationToken,
    /// Whether others do what this one had, when it goes.
    has_others: bool,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Tokens would go over the network for everybody to read.
    #[error(
        "`{0}` is not an address of this machine only; listen on 127.0.0.1 or [::1], and let a proxy speak TLS"
    )]
    NotLoopback(SocketAddr),
    /// What is known of people cannot be opened.
    #[error("what is known of people cannot be used; see the cause")]
    People(#[from] PeopleError),
    /// The books of credits cannot be opened.
    #[error("the ledger cannot be opened; see that its disk has room, or its server is there")]
    Ledger(#[from] BillingError),
    /// Nobody can be counted.
    #[error("the limits cannot be kept; give --limits an address like redis://127.0.0.1")]
    Limits(#[from] LimitsError),
    /// The servers cannot find each other.
    #[error("the servers cannot find each other; give --links an address like redis://127.0.0.1")]
    Links(#[from] LinksError),
    /// Devices cannot be let in.
    #[error("the door for devices cannot be opened; see --link-listen and --link-url")]
    Door(#[from] DoorError),
    /// The token cannot be read.
    #[error("cannot read the token file `{path}`; it must hold one line", path = path.display())]
    Token {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The store cannot be opened.
    #[error(
        "the store of setups cannot be opened; see that its disk has room, or its server is there"
    )]
    Store(#[from] StoreError),
    /// What an earlier process left cannot be taken up.
    #[error("the setups of the last run cannot be taken up; see the cause")]
    Recover(#[from] EngineError),
    /// The audit log cannot be opened.
    #[error("nothing is done that cannot be written into the audit log; see the cause")]
    Audit(#[from] AuditError),
    /// The built-in recipes are broken.
    #[error("the built-in recipes cannot be read; please report this")]
    Catalogue(#[from] CatalogueError),
    /// The prices make no sense.
    #[error("the prices cannot be used; correct the file named with --prices")]
    Prices(#[from] PriceError),
    /// The prices cannot be read.
    #[error("cannot read the prices in `{path}`; name a file that is there with --prices", path = path.display())]
    PriceFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`; give another one with --listen")]
    Listen {
        /// Which one.
        address: SocketAddr,
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
    /// The error with its causes, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let full = self.to_string();
        let (title, remedy) = full.split_once("; ").unwrap_or((&full, ""));
        let mut text = format!("error[D1-CLOUD-001]: {title}");
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

impl Cloud {
    /// Opens everything, takes up what an earlier process left, and listens.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let has_others = config.store.is_some();
        let (app, listener, threshold) = App::open(config).await?;
        let door = app.door.clone();
        let address = listener.local_addr().map_err(|source| StartError::Runtime { source })?;
        let (supervisor, draining) = (app.supervisor.clone(), app.draining.clone());
        let hub = app.engine.hub().clone();
        if let Some(threshold) = threshold {
            let authorities = app.people.authorities.clone();
            door::open(threshold, authorities, app.clone(), &supervisor).await?;
        }
        supervisor.spawn("http server", OnFailure::StopAll, async move {
            front::accept(listener, app).await;
            Ok::<(), std::convert::Infallible>(())
        });
        Ok(Self { address, door, supervisor, hub, draining, has_others })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where devices link and enrol by certificates, as `wss://host:port`, if they do.
    #[must_use]
    pub fn link_url(&self) -> Option<&str> {
        self.door.as_ref().map(|door| &*door.url)
    }

    /// Fires when the server has to end.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.supervisor.stopping()
    }

    /// Takes nothing new on and sends its devices to other servers, where there are others; for
    /// half a minute at most. Whoever asks whether it is ready is told that it is not.
    pub async fn drain(&self) {
        if !self.has_others {
            return;
        }
        self.draining.cancel();
        let away = self.hub.send_away(MOVE_WITHIN);
        if tokio::time::timeout(DRAIN_WITHIN, away).await.is_err() {
            tracing::warn!("some links did not end in time");
        }
    }

    /// Lets requests finish, and ends.
    pub async fn stop(self) {
        if !self.supervisor.shut_down(GRACE).await {
            tracing::warn!("some requests were cut off");
        }
    }
}

impl App {
    /// Opens everything, takes up what an earlier process left, and holds the address to listen
    /// at.
    pub(crate) async fn open(
        config: Config,
    ) -> Result<(Self, TcpListener, Option<Threshold>), StartError> {
        if !config.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(config.listen));
        }
        let token = config.token_file.clone().map(|path| {
            DevelopmentToken::read(&path).map_err(|source| StartError::Token { path, source })
        });
        let token = token.transpose()?;
        let supervisor = Supervisor::default();
        let limits = Limits::open(&config, Arc::new(SystemClock::new()))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let ledger = ledger::open(&config, Arc::clone(&clock), &supervisor).await?;
        let prices = prices(&config, &clock)?;
        let credits = Amount::credits(config.credits);
        ledger::begin(&ledger, DevelopmentToken::development_account(), credits).await?;
        let node = NodeId::generate();
        let audit: Arc<dyn AuditLog> = Arc::new(audit::open(&config, clock.now())?);
        let hub = Hub::audited(supervisor.clone(), Arc::clone(&clock), Arc::clone(&audit));
        let engine = engine(&config, (&ledger, &prices), &clock, (hub, &supervisor), node).await?;
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|source| StartError::Listen { address: config.listen, source })?;
        let address = listener.local_addr().map_err(|source| StartError::Runtime { source })?;
        let people = identity::open(&config, &clock, address, audit).await?;
        engine.hub().sign_orders(OrderDesk::new(people.order_keys.clone(), order_codec()));
        let threshold = Threshold::hold(&config).await?;
        let life = Duration::from_secs(config.certificate_life);
        let enrolments = people.enrolments(Arc::clone(&clock), life);
        let credits = Credits {
            ledger,
            prices,
            clock: Arc::clone(&clock),
            engine: engine.clone(),
            limits: limits.clone(),
            people: people.clone(),
        };
        let nodes = Nodes::open(&config, node, &people, address)?;
        if let Some(nodes) = &nodes {
            engine.hub().join(nodes.fleet());
        }
        let app = Self {
            engine,
            credits,
            token,
            identity: people.identity.clone(),
            people,
            clock,
            behind_proxy: config.behind_proxy,
            limits,
            nodes,
            supervisor,
            last_look: LastLook::default(),
            enrolments,
            door: threshold.as_ref().map(|threshold| threshold.door.clone()),
            certified: CertifiedLinks::default(),
            seats: Seats::of(config.ceilings.most_devices, open_files::most()),
            draining: CancellationToken::new(),
        };
        Ok((app, listener, threshold))
    }
}

fn prices(config: &Config, clock: &Arc<dyn Clock>) -> Result<PriceCatalogue, StartError> {
    let Some(path) = config.prices.clone() else {
        return Ok(PriceCatalogue::built_in(Arc::clone(clock))?);
    };
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|source| StartError::PriceFile { path, source })?;
    Ok(PriceCatalogue::parse(&text, Arc::clone(clock))?)
}

async fn engine(
    config: &Config,
    (ledger, prices): (&Ledger, &PriceCatalogue),
    clock: &Arc<dyn Clock>,
    (hub, supervisor): (Hub, &Supervisor),
    node: NodeId,
) -> Result<Engine, StartError> {
    let mut leases: Option<Arc<dyn SetupLeases>> = None;
    let store: Arc<dyn SetupStore> = match &config.store {
        Some(url) => {
            let shared = Arc::new(PostgresSetupStore::open(url).await?);
            leases = Some(Arc::clone(&shared) as _);
            shared
        }
        None => Arc::new(SqliteSetupStore::open(&config.state_dir.join("cloud.db"))?),
    };
    let engine = Engine::new(EngineParts {
        planner: Arc::new(RecipePlanner::new(Catalogue::embedded()?)),
        store,
        ledger: Arc::new(ledger.clone()),
        prices: Arc::new(prices.clone()),
        clock: Arc::clone(clock),
        supervisor: supervisor.clone(),
        hub,
    });
    match leases {
        // Others may be at work on the same setups: what belongs to the devices that come here
        // is taken up when they do.
        Some(leases) => engine.tend(leases, node),
        None => engine.recover().await.map(drop)?,
    }
    Ok(engine)
}
