//! Credits that are leased from a real cloud, spent while it is gone, and settled once.

use d1_billing::{Lease, Ledger, Outpost, SqliteBooks};
use d1_core::{
    Amount, Manager, SystemClock, Timestamp,
    memory::{Offer, Program},
};
use d1_orchestrator::{Catalogue, RecipePlanner};
use d1_protocol::{
    ApiClient,
    api::{LeaseRequest, LeaseView, SettleRequest},
};
use d1_world::{CloudDesk, World};
use std::{path::Path, sync::Arc, time::Duration};

const HOUR: LeaseRequest = LeaseRequest { amount_micro: 10_000_000, seconds: 3600, device: None };

fn lease(view: &LeaseView) -> Lease {
    let (amount, until) = (Amount::micro(view.amount_micro), Timestamp(view.until));
    Lease { id: view.id, account: view.account, amount, until }
}

async fn outpost(file: &Path, lease: Lease) -> Outpost {
    let books = Arc::new(SqliteBooks::open(file).unwrap());
    Outpost::open(Ledger::new(books, Arc::new(SystemClock::new())), [lease]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn setups_that_run_while_the_cloud_is_gone_are_paid_once_when_it_is_back() {
    let cloud = CloudDesk::start();
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let view = client.lease_credits(&HOUR, "monday").await.unwrap();
    assert_eq!(client.lease_credits(&HOUR, "monday").await.unwrap(), view);
    let balance = client.balance().await.unwrap();
    assert_eq!((balance.held_micro, balance.available_micro), (10_000_000, 990_000_000));

    // The machine works on; each time it is opened anew, as after a crash.
    let (gone, file) = (cloud.crash(), tempfile::tempdir().unwrap());
    let file = file.path().join("outpost.db");
    let mut charged = Amount::ZERO;
    for thing in ["jq", "tree"] {
        let outpost = Arc::new(outpost(&file, lease(&view)).await);
        let planner = RecipePlanner::new(Catalogue::embedded().unwrap());
        let mut world = World::new(planner, outpost.clone()).await;
        world.account = view.account;
        world.machine.offer(Offer::new(Manager::Apt, thing.parse().unwrap(), "1.0"));
        world.machine.teach(&format!("{thing} --version"), Program::saying("1.0"));
        let setup = world.install(&[thing]).await.unwrap();
        assert_eq!(setup.state.name(), "succeeded");
        charged = charged.checked_add(setup.charge()).unwrap();
        while world.engine.driving() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(!charged.is_zero());
    let spent = outpost(&file, lease(&view)).await.close(&lease(&view)).await.unwrap();
    assert_eq!(spent.charge, charged);

    let cloud = gone.restart();
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let settle = SettleRequest { charged_micro: spent.charge.as_micro() };
    for _ in 0..3 {
        let settled = client.settle_lease(view.id, &settle).await.unwrap();
        assert_eq!(settled.charged_micro, Some(charged.as_micro()));
        let balance = client.balance().await.unwrap();
        let left = Amount::credits(1000).checked_sub(charged).unwrap().as_micro();
        assert_eq!((balance.held_micro, balance.posted_micro), (0, left));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_asked_for_or_settled_wrongly_is_refused() {
    let cloud = CloudDesk::start();
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let view = client.lease_credits(&HOUR, "one").await.unwrap();
    let code =
        async |request, key| client.lease_credits(&request, key).await.unwrap_err().problem().code;
    assert_eq!(code(LeaseRequest { amount_micro: 1, ..HOUR }, "one").await, "D1-API-002");
    assert_eq!(code(LeaseRequest { seconds: 0, ..HOUR }, "two").await, "D1-API-005");
    assert_eq!(code(LeaseRequest { seconds: 2_592_001, ..HOUR }, "two").await, "D1-API-005");
    assert_eq!(code(LeaseRequest { amount_micro: 0, ..HOUR }, "two").await, "D1-API-005");
    let all = LeaseRequest { amount_micro: 990_000_001, ..HOUR };
    assert_eq!(code(all, "two").await, "D1-CREDIT-402");
    let (head, body) = cloud.curl(
        &["-H", &CloudDesk::bearer(), "-d", "{\"amount_micro\":1,\"seconds\":60}"],
        "/api/v1/credits/leases",
    );
    assert!(head.starts_with("http/1.1 422") && body.contains("D1-API-002"), "{head}{body}");
    let settle = async |lease, charged_micro| {
        client.settle_lease(lease, &SettleRequest { charged_micro }).await.unwrap_err().problem()
    };
    assert_eq!(settle(d1_core::HoldId::generate(), 1).await.code, "D1-API-003");
    assert_eq!(settle(view.id, 10_000_001).await.code, "D1-CREDIT-403");
    client.settle_lease(view.id, &SettleRequest { charged_micro: 4 }).await.unwrap();
    assert_eq!(settle(view.id, 5).await.code, "D1-CREDIT-403");
    assert_eq!(client.balance().await.unwrap().posted_micro, 999_999_996);
}
