//! The credits of the cloud outlive it, and can be verified by anybody who runs it.

use d1_billing::{Ledger, SqliteBooks};
use d1_core::{Amount, SystemClock};
use d1_protocol::{ApiClient, api::CreateRequest};
use d1_world::{AptRoot, CloudDesk, Deb, Desk, Postgres, Ran, run};
use futures_util::StreamExt as _;
use std::{process::Command, sync::Arc};

/// What the development account begins with.
const BEGINS_WITH: Amount = Amount::credits(1000);

/// Installs one thing through the cloud, and tells what was charged.
async fn install(cloud: &CloudDesk) -> Amount {
    let apt = AptRoot::with(&[Deb::new("greeter", "1.0")]);
    let machine = Desk::at(&apt);
    let _daemon = machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    let install = vec!["greeter".parse().unwrap()];
    let request = CreateRequest { approve: true, ..CreateRequest::of(install, device) };
    let setup = client.create(&request, Some("once")).await.unwrap();
    client.follow(setup.id, 0).collect::<Vec<_>>().await;
    cloud.until_forgotten(&machine).await;
    let charged = client.get(setup.id).await.unwrap().charged_micro;
    assert!(charged > 0);
    Amount::micro(charged)
}

fn verify(desk: &Desk) -> Ran {
    let mut command = desk.program("d1-cloud");
    command.args(["ledger", "verify"]);
    run(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_is_killed_remembers_what_was_paid() {
    let cloud = CloudDesk::start();
    let charged = install(&cloud).await;
    let cloud = cloud.crash_and_restart();
    let books = SqliteBooks::open(&cloud.desk().state("ledger.db")).unwrap();
    let ledger = Ledger::new(Arc::new(books), Arc::new(SystemClock::new()));
    let account = books_account(&ledger).await;
    let balance = ledger.balance(account).await.unwrap();
    let left = BEGINS_WITH.checked_sub(charged).unwrap();
    assert_eq!((balance.available, balance.held), (left, Amount::ZERO));
    let verified = verify(cloud.desk());
    assert_eq!(verified.stdout, "accounts: 1, all as their history says\n");
    assert_eq!(verified.code, 0);
}

/// The one account there is.
async fn books_account(ledger: &Ledger) -> d1_core::AccountId {
    let accounts = ledger.accounts(None, 2).await.unwrap();
    let [account] = accounts[..] else { panic!("other than one account: {accounts:?}") };
    account
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_somebody_changed_are_found_out() {
    let cloud = CloudDesk::start();
    install(&cloud).await;
    let ledger = cloud.desk().state("ledger.db");
    let forge = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
                 db.execute('UPDATE lot SET free = free - 5, lapsed = lapsed + 5'); db.commit()";
    let forged = Command::new("python3").args(["-c", forge]).arg(ledger).status().unwrap();
    assert!(forged.success());
    let verified = verify(cloud.desk());
    assert_eq!(verified.code, 1);
    assert!(verified.stdout.contains(": lapsed of lot "), "{}", verified.stdout);
    assert!(
        verified.stdout.contains("is 5 in the books, and 0 by what made it"),
        "{}",
        verified.stdout
    );
}

#[test]
fn books_that_are_not_there_are_not_made_to_be_verified() {
    let desk = Desk::at_this_machine();
    let verified = verify(&desk);
    assert_eq!((verified.code, verified.stdout.as_str()), (2, ""));
    let path = desk.state("ledger.db");
    let text = format!("error: there is no ledger at `{}`; name its --state-dir\n", path.display());
    assert_eq!(verified.stderr, text);
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_can_keep_its_credits_in_postgresql() {
    let server = Postgres::shared();
    server.template("cloud_template", async |_url| ()).await;
    let desk = Desk::at_this_machine().with("D1_LEDGER", &server.clone_of("cloud_template"));
    let cloud = CloudDesk::at(desk);
    install(&cloud).await;
    assert!(!cloud.desk().state("ledger.db").exists());
    let cloud = cloud.crash_and_restart();
    let verified = verify(cloud.desk());
    assert_eq!((verified.code, verified.stderr.as_str()), (0, ""));
    assert_eq!(verified.stdout, "accounts: 1, all as their history says\n");
    // A server that is gone is told as that, and not as books that are wrong.
    server.stop_at_once();
    let verified = verify(cloud.desk());
    assert_eq!((verified.code, verified.stdout.as_str()), (2, ""));
    server.run();
}
