//! Servers that share a store share the work.

mod degraded;
mod door;
pub(crate) mod fleet;
mod routing;

pub(crate) use door::Door;
pub(crate) use fleet::Fleet;

use d1_core::SetupId;
use d1_protocol::{
    ApiClient,
    api::{CreateRequest, SetupView},
};
use d1_world::{AptRoot, CloudDesk, Deb, Desk, Postgres};
use futures_util::StreamExt as _;
use std::sync::Arc;

/// A server whose setups and credits are in a database that others may share.
fn server(database: &str) -> CloudDesk {
    let desk = Desk::at_this_machine().with("D1_STORE", database).with("D1_LEDGER", database);
    CloudDesk::at(desk)
}

fn client(cloud: &CloudDesk) -> ApiClient {
    ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap()
}

/// A setup that waits for a yes, made at the server to which its device is linked.
async fn a_setup(cloud: &CloudDesk) -> SetupId {
    let client = client(cloud);
    let device = cloud.device(&client).await;
    let install = vec!["greeter".parse().unwrap()];
    let request = CreateRequest::of(install, device);
    client.create(&request, Some("once")).await.unwrap().id
}

async fn end_of(cloud: &CloudDesk, id: SetupId) -> SetupView {
    let client = client(cloud);
    client.follow(id, 0).collect::<Vec<_>>().await;
    client.get(id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_approved_at_one_server_is_done_by_the_one_that_has_the_device() {
    let postgres: Arc<Postgres> = Postgres::shared();
    let database = postgres.clone_of("template1");
    let (here, elsewhere) = (server(&database), server(&database));
    let apt = AptRoot::with(&[Deb::new("greeter", "1.0")]);
    let machine = Desk::at(&apt);
    let _daemon = machine.daemon(&here.daemon_args());
    let id = a_setup(&here).await;
    client(&elsewhere).approve(id).await.unwrap();
    let setup = end_of(&elsewhere, id).await;
    assert_eq!(setup.state, "succeeded");
    assert!(setup.charged_micro > 0);
    assert!(apt.installed().contains("greeter"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_server_left_is_done_by_the_one_that_its_device_comes_to() {
    let postgres: Arc<Postgres> = Postgres::shared();
    let database = postgres.clone_of("template1");
    let dying = server(&database);
    let apt = AptRoot::with(&[Deb::new("greeter", "1.0")]);
    let machine = Desk::at(&apt);
    let daemon = machine.daemon(&dying.daemon_args());
    let id = a_setup(&dying).await;
    // Nobody can do it now, and the one that promised to is gone.
    daemon.kill();
    client(&dying).approve(id).await.unwrap();
    drop(dying.crash());
    let next = server(&database);
    let _daemon = machine.daemon(&next.daemon_args());
    let setup = end_of(&next, id).await;
    assert_eq!(setup.state, "succeeded");
    assert!(apt.installed().contains("greeter"));
}
