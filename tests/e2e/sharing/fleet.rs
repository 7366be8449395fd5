//! Several servers on one PostgreSQL and one Redis, and a machine that is linked to one of them.

use d1_core::{DeviceId, SetupId};
use d1_protocol::{
    ApiClient,
    api::{CreateRequest, SetupView},
};
use d1_world::{AptRoot, CloudDesk, Deb, Desk, PATIENCE, Postgres, Redis};
use futures_util::StreamExt as _;
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// What all servers share.
pub(crate) struct Fleet {
    pub(crate) postgres: Arc<Postgres>,
    pub(crate) redis: Redis,
    database: String,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        Self::on(Postgres::shared())
    }

    /// The same on a PostgreSQL server that may be stopped.
    pub(crate) fn on_its_own() -> Self {
        Self::on(Arc::new(Postgres::start(&["fsync=off"])))
    }

    fn on(postgres: Arc<Postgres>) -> Self {
        let database = postgres.clone_of("template1");
        Self { postgres, redis: Redis::start(), database }
    }

    /// One more server.
    pub(crate) fn server(&self) -> CloudDesk {
        self.server_at(|desk| desk)
    }

    /// One more server, at a desk that is furnished like this.
    pub(crate) fn server_at(&self, furnish: impl FnOnce(Desk) -> Desk) -> CloudDesk {
        let desk = Desk::at_this_machine().with("D1_STORE", &self.database);
        let desk = desk.with("D1_LEDGER", &self.database).with("D1_LINKS", &self.redis.url());
        CloudDesk::at(furnish(desk.with("D1_SESSIONS", &self.redis.url())))
    }
}

pub(crate) fn client(cloud: &CloudDesk) -> ApiClient {
    ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap()
}

/// A machine with a package `slow` whose installation waits for the test.
pub(crate) struct Machine {
    pub(crate) apt: AptRoot,
    pub(crate) desk: Desk,
    begun: PathBuf,
    open: PathBuf,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let apt = AptRoot::with(&[Deb::new("greeter", "1.0")]);
        let (begun, open) = (apt.path("root/begun"), apt.path("root/open"));
        let script = format!(
            "touch {}\nwhile [ ! -e {} ]; do sleep 0.02; done\n",
            begun.display(),
            open.display()
        );
        apt.add(&[Deb::new("slow", "1.0").postinst(script)]);
        let desk = Desk::at(&apt);
        Self { apt, desk, begun, open }
    }

    /// Waits until the installation of `slow` is in the middle.
    pub(crate) fn until_begun(&self) {
        d1_world::until("the package is being set up", || self.begun.exists());
    }

    /// Lets it end.
    pub(crate) fn go_on(&self) {
        std::fs::write(&self.open, "").unwrap();
    }
}

pub(crate) fn install(thing: &str, device: DeviceId, approve: bool) -> CreateRequest {
    CreateRequest { approve, ..CreateRequest::of(vec![thing.parse().unwrap()], device) }
}

/// How a setup ends, as this server tells it.
pub(crate) async fn end_of(client: &ApiClient, id: SetupId) -> SetupView {
    let told: Vec<_> = client.follow(id, 0).collect().await;
    assert!(told.iter().all(Result::is_ok), "{told:?}");
    client.get(id).await.unwrap()
}

/// Asks again until the answer is right; panics when it never is.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
