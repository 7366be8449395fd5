//! One plan, three ways to reach the machine, the same journal.
//!
//! (a) The command does the work itself. (b) The command speaks to a daemon over its socket.
//! (c) A cloud speaks to a daemon over WebSocket. Each installs and takes back the same thing
//! on a fresh machine.

use d1_core::{Action, Change, Entry, Journal as _, Outcome, Stage, StepId};
use d1_executor::SqliteJournal;
use d1_protocol::{ApiClient, api::CreateRequest};
use d1_world::{AptRoot, CloudDesk, Desk};
use futures_util::StreamExt as _;
use std::path::Path;

/// What a device remembers of a task, without the names that differ from run to run.
#[derive(Clone, Debug, PartialEq)]
struct Remembered {
    step: StepId,
    action: String,
    attempt: u32,
    ended: Option<Outcome>,
}

/// Everything that is remembered after an undo: what took something back, and what it took back.
async fn remembered(journal: &Path) -> (Vec<Remembered>, Vec<Vec<Change>>) {
    let journal = SqliteJournal::open(journal).unwrap();
    let receipts = journal.receipts().await.unwrap();
    let mut entries = Vec::new();
    for task in receipts.iter().flat_map(|receipt| [Some(receipt.task), receipt.reverts]).flatten()
    {
        entries.push(told(journal.entry(task).await.unwrap().unwrap()));
    }
    (entries, receipts.into_iter().map(|receipt| receipt.changes).collect())
}

/// An undo names the task it takes back, which is another one in every shape.
fn action_of(action: &Action) -> String {
    if let Action::Revert(revert) = action {
        return format!("revert {:?}", revert.changes);
    }
    format!("{action:?}")
}

fn told(entry: Entry) -> Remembered {
    Remembered {
        step: entry.command.step.id.clone(),
        action: action_of(&entry.command.step.action),
        attempt: entry.command.attempt,
        ended: match entry.stage {
            Stage::Finished(result) => Some(result.outcome),
            Stage::Forgotten(outcome) => Some(outcome),
            Stage::Received | Stage::Started(_) => None,
        },
    }
}

async fn in_process(apt: &AptRoot) -> (Vec<Remembered>, Vec<Vec<Change>>) {
    let desk = Desk::at(apt);
    for args in [&["install", "greeter", "single", "--yes"][..], &["undo", "last", "--yes"]] {
        let ran = desk.doctor(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    remembered(&desk.state("journal.db")).await
}

async fn over_the_socket(apt: &AptRoot) -> (Vec<Remembered>, Vec<Vec<Change>>) {
    let (machine, person) = (Desk::at(apt), Desk::at(apt));
    let daemon = machine.daemon(&[]);
    let socket = machine.state("daemon.sock");
    let socket = socket.to_str().unwrap();
    for args in [&["install", "greeter", "single", "--yes"][..], &["undo", "last", "--yes"]] {
        let ran = person.doctor(&[args, &["--socket", socket]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    assert_eq!(daemon.stop(), 0);
    assert!(!person.state("journal.db").exists(), "the daemon has the journal");
    remembered(&machine.state("journal.db")).await
}

async fn through_the_cloud(apt: &AptRoot) -> (Vec<Remembered>, Vec<Vec<Change>>) {
    let cloud = CloudDesk::start();
    let machine = Desk::at(apt);
    let daemon = machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await;
    let install = ["greeter", "single"].map(|name| name.parse().unwrap()).to_vec();
    let request = CreateRequest { approve: true, ..CreateRequest::of(install, device) };
    let setup = client.create(&request, Some("once")).await.unwrap();
    let again = client.create(&request, Some("once")).await;
    // A second plan on a machine that changed meanwhile may differ; it never starts another.
    assert!(again.is_err() || again.unwrap().id == setup.id);
    let news: Vec<_> = client.follow(setup.id, 0).collect().await;
    assert!(news.iter().all(Result::is_ok), "{news:?}");
    let setup = client.get(setup.id).await.unwrap();
    assert_eq!(setup.state, "succeeded", "{setup:?}");
    assert_eq!(setup.charged_micro, setup.quoted_micro);
    let undo = client.undo(setup.id).await.unwrap();
    let _told: Vec<_> = client.follow(undo.id, 0).collect().await;
    let undo = client.get(undo.id).await.unwrap();
    assert_eq!((undo.state.as_str(), undo.charged_micro), ("succeeded", 0));
    cloud.until_forgotten(&machine).await;
    assert_eq!(daemon.stop(), 0);
    remembered(&machine.state("journal.db")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_setup_gives_the_same_journal_in_all_three_shapes() {
    let roots = [(); 3].map(|()| AptRoot::usual());
    let before = roots[0].installed();
    let itself = in_process(&roots[0]).await;
    let socket = over_the_socket(&roots[1]).await;
    let cloud = through_the_cloud(&roots[2]).await;
    assert_eq!(itself.0.len(), 4, "two steps and two undos: {itself:?}");
    assert_eq!(itself, socket);
    assert_eq!(itself, cloud);
    for root in &roots {
        assert_eq!(root.installed(), before);
    }
}
