//! The verifier names the first thing that is not as it has to be.

use crate::stage::{Place, Stage};
use d1_core::{AccountId, Amount};

/// An account with a bit of everything.
async fn lived(stage: &Stage) -> AccountId {
    let account = stage.account(20).await;
    let scope = d1_billing::CapScope::Account;
    let most = Some(Amount::credits(15));
    stage.done(d1_billing::Operation::SetCap { account, scope, most }).await;
    let charged = stage.hold(account, 5).await;
    stage.capture(charged, 4).await;
    stage.refund(charged, 1).await;
    stage.hold(account, 2).await;
    account
}

/// Changes that leave every constraint in peace, and what the verifier says of them.
const FORGERIES: [(&str, &str); 7] = [
    ("UPDATE account SET held = held - 1", "held"),
    ("UPDATE account SET open_holds = open_holds + 1", "count of open holds"),
    ("UPDATE lot SET free = free - 1, lapsed = lapsed + 1", "lapsed of lot"),
    ("UPDATE lot SET free = free - 1, held = held + 1", "held of lot"),
    ("UPDATE cap SET used = used - 1", "used of cap"),
    ("UPDATE cap SET held = held + 1", "held of cap"),
    ("UPDATE hold SET refunded = refunded + 1 WHERE state = 'captured'", "refunded of hold"),
];

#[tokio::test]
async fn a_forged_row_is_found_and_named_in_sqlite() {
    for (forgery, what) in FORGERIES {
        let stage = Stage::sqlite();
        let account = lived(&stage).await;
        stage.is_right().await;
        let Place::Sqlite(directory) = &stage.place else { panic!() };
        let db = rusqlite::Connection::open(directory.path().join("ledger.db")).unwrap();
        db.execute(forgery, []).unwrap();
        let found = stage.ledger.verify().await.unwrap().1.expect(forgery);
        assert!(found.account == account && found.what.starts_with(what), "{forgery}: {found}");
        assert_eq!((found.stored - found.computed).abs(), 1, "{found}");
    }
}

#[tokio::test]
async fn a_forged_row_is_found_and_named_in_postgresql() {
    for (forgery, what) in FORGERIES {
        let stage = Stage::postgres().await;
        let account = lived(&stage).await;
        stage.is_right().await;
        crate::stage::great(&stage, forgery).await.unwrap();
        let found = stage.ledger.verify().await.unwrap().1.expect(forgery);
        assert!(found.account == account && found.what.starts_with(what), "{forgery}: {found}");
    }
}
