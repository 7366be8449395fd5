//! What still works when a part is gone, and what becomes of what was under way.

use super::{
    door::Door,
    fleet::{Fleet, Machine, client, end_of, eventually, install},
};
use d1_protocol::{ApiClient, ClientError, CreditsClient, SetupsClient, api::QuoteQuery};
use d1_world::{CloudDesk, Server, signal};

/// A daemon that reaches its servers through a door.
fn daemon(machine: &Machine, door: &Door, cloud: &CloudDesk) -> Server {
    let token = cloud.desk().state("token");
    let args = ["--cloud", &door.url(), "--token-file", token.to_str().unwrap()];
    machine.desk.daemon(&args)
}

/// The code of the problem that is answered at a path, and when to ask again.
fn refusal(cloud: &CloudDesk, args: &[&str], path: &str) -> Option<(String, bool)> {
    let bearer = CloudDesk::bearer();
    let (head, body) = cloud.curl(&[&["-H", &bearer], args].concat(), path);
    let problem: serde_json::Value = serde_json::from_str(&body).ok()?;
    head.starts_with("http/1.1 503").then_some(())?;
    Some((problem["code"].as_str()?.to_owned(), head.contains("\nretry-after: ")))
}

fn credits(cloud: &CloudDesk) -> CreditsClient {
    CreditsClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap()
}

fn setups(cloud: &CloudDesk) -> SetupsClient {
    SetupsClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap()
}

/// What is refused over gRPC, and how many seconds later to ask again.
fn wait<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> (String, u64) {
    let refused = answer.unwrap_err();
    let ClientError::Limited { problem, retry_after } = refused else { panic!("{refused:?}") };
    (problem.code, retry_after.as_secs())
}

fn is_ready(cloud: &CloudDesk) -> bool {
    cloud.curl(&[], "/readyz").0.starts_with("http/1.1 200")
}

/// What was taken from the account of the tests, in micro-credits.
async fn spent(client: &ApiClient) -> u64 {
    let balance = client.balance().await.unwrap();
    assert_eq!(balance.held_micro, 0, "credits stay held");
    1_000_000_000 - balance.posted_micro
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_server_serves_its_own_machines_and_says_so_of_others() {
    let (mut fleet, machine) = (Fleet::new(), Machine::new());
    let (here, elsewhere) = (fleet.server(), fleet.server());
    let daemon = machine.desk.daemon(&here.daemon_args());
    let asked = client(&elsewhere);
    let device = elsewhere.device(&asked).await;
    fleet.redis.kill();
    let made = client(&here).create(&install("greeter", device, true), None).await.unwrap();
    assert_eq!(end_of(&client(&here), made.id).await.state, "succeeded");
    // What is in the database is told anywhere.
    assert_eq!(asked.get(made.id).await.unwrap().state, "succeeded");
    let query = format!("/api/v1/credits/quote?install=greeter&device={device}");
    assert_eq!(refusal(&elsewhere, &[], &query), Some(("D1-NODE-001".to_owned(), true)));
    let undo = format!("/api/v1/setup/tasks/{}/undo", made.id);
    let refused = refusal(&elsewhere, &["-X", "POST"], &undo);
    assert_eq!(refused, Some(("D1-NODE-001".to_owned(), true)));
    // Over gRPC it is told just so.
    let things = QuoteQuery { install: "greeter".to_owned(), from: None, device };
    assert_eq!(wait(credits(&elsewhere).quote(&things).await), ("D1-NODE-001".to_owned(), 2));
    assert_eq!(wait(setups(&elsewhere).undo(made.id).await), ("D1-NODE-001".to_owned(), 2));
    let listed = asked.devices().await.unwrap();
    assert_eq!((listed.devices.len(), listed.complete), (0, false));
    assert!(is_ready(&here) && is_ready(&elsewhere));
    // It comes back and has forgotten everything.
    fleet.redis.run();
    let undone = eventually("the machine is found again", async || asked.undo(made.id).await.ok());
    let undone = undone.await;
    assert_eq!(end_of(&asked, undone.id).await.state, "succeeded");
    assert!(!machine.apt.installed().contains("greeter"));
    assert!(asked.devices().await.unwrap().complete);
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_while_postgresql_is_gone_is_kept_once_it_is_back() {
    let (fleet, machine) = (Fleet::on_its_own(), Machine::new());
    let server = fleet.server();
    let asked = client(&server);
    let daemon = machine.desk.daemon(&server.daemon_args());
    let device = server.device(&asked).await;
    let made = asked.create(&install("slow", device, true), Some("once")).await.unwrap();
    machine.until_begun();
    assert!(is_ready(&server));
    fleet.postgres.stop_at_once();
    eventually("it says that it cannot work", async || {
        refusal(&server, &[], "/readyz").filter(|(code, _)| code == "D1-NODE-005")
    })
    .await;
    assert!(server.curl(&[], "/healthz").0.starts_with("http/1.1 200"));
    // It is not the fault of whoever asks; whether what they asked for was done is not known, so
    // that nobody is told to just ask again.
    let refused = refusal(&server, &[], "/api/v1/setup/tasks");
    assert_eq!(refused, Some(("D1-SETUP-014".to_owned(), false)));
    machine.go_on();
    d1_world::until("it is installed", || machine.apt.installed().contains("slow ii"));
    fleet.postgres.run();
    eventually("the server works again", async || is_ready(&server).then_some(())).await;
    let ended = eventually("it is told that it ended", async || {
        asked.get(made.id).await.ok().filter(d1_protocol::api::SetupView::is_over)
    })
    .await;
    assert_eq!(ended.state, "succeeded");
    assert_eq!(machine.apt.installations("slow"), 1);
    eventually("it is settled", async || {
        let balance = asked.balance().await.ok()?;
        (balance.held_micro == 0).then_some(())
    })
    .await;
    assert_eq!(spent(&asked).await, ended.charged_micro);
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_left_half_done_is_done_by_the_one_its_machine_comes_to() {
    let (fleet, machine) = (Fleet::new(), Machine::new());
    let (dying, next) = (fleet.server(), fleet.server());
    let door = Door::to(&dying.http()).await;
    let daemon = daemon(&machine, &door, &dying);
    let asked = client(&next);
    let device = next.device(&asked).await;
    let made = asked.create(&install("slow", device, true), None).await.unwrap();
    machine.until_begun();
    door.lead_to(&next.http());
    drop(dying.crash());
    machine.go_on();
    let ended = end_of(&asked, made.id).await;
    assert_eq!(ended.state, "succeeded");
    assert_eq!(machine.apt.installations("slow"), 1);
    eventually("it is settled", async || {
        (asked.balance().await.ok()?.held_micro == 0).then_some(())
    })
    .await;
    assert_eq!(spent(&asked).await, ended.charged_micro);
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stood_still_does_not_act_on_what_others_took_over() {
    let (fleet, machine) = (Fleet::new(), Machine::new());
    let (still, next) = (fleet.server(), fleet.server());
    let door = Door::to(&still.http()).await;
    let daemon = daemon(&machine, &door, &still);
    let asked = client(&next);
    let device = next.device(&asked).await;
    let made = asked.create(&install("slow", device, true), None).await.unwrap();
    machine.until_begun();
    signal(still.pid(), "STOP");
    // Whoever asks for its machine is told within seconds that it does not answer.
    let quote = format!("/api/v1/credits/quote?install=greeter&device={device}");
    assert_eq!(refusal(&next, &[], &quote), Some(("D1-NODE-002".to_owned(), true)));
    door.lead_to(&next.http());
    door.cut();
    eventually("the machine is linked to the next server", async || {
        let listed = asked.devices().await.ok()?.devices;
        listed.iter().any(|known| known.id == device).then_some(())
    })
    .await;
    // It wakes up in the middle, and believes to have the link and the setup.
    signal(still.pid(), "CONT");
    let woken = client(&still);
    eventually("it knows where the machine is", async || {
        let listed = woken.devices().await.ok()?;
        (listed.complete && listed.devices.len() == 1).then_some(())
    })
    .await;
    machine.go_on();
    let ended = end_of(&woken, made.id).await;
    assert_eq!(ended.state, "succeeded");
    assert_eq!(ended, asked.get(made.id).await.unwrap());
    assert_eq!(machine.apt.installations("slow"), 1);
    eventually("it is settled", async || {
        (asked.balance().await.ok()?.held_micro == 0).then_some(())
    })
    .await;
    assert_eq!(spent(&asked).await, ended.charged_micro);
    // What it is asked for it has done by the other one.
    let undone = woken.undo(made.id).await.unwrap();
    assert_eq!(end_of(&woken, undone.id).await.state, "succeeded");
    assert_eq!(daemon.stop(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_go_takes_nothing_new_on_and_loses_nobody() {
    let (fleet, machine, other) = (Fleet::new(), Machine::new(), Machine::new());
    let (going, staying) = (fleet.server(), fleet.server());
    let door = Door::to(&going.http()).await;
    let daemons = [daemon(&machine, &door, &going), daemon(&other, &door, &going)];
    let asked = client(&staying);
    let devices = eventually("both machines are linked", async || {
        let listed = asked.devices().await.ok()?.devices;
        (listed.len() == 2).then_some(listed)
    })
    .await;
    // Whichever of them the setup is for, it is in the middle when its server goes.
    let mut made = Vec::new();
    for device in &devices {
        made.push(asked.create(&install("slow", device.id, true), None).await.unwrap().id);
    }
    machine.until_begun();
    other.until_begun();
    assert!(is_ready(&going));
    door.lead_to(&staying.http());
    signal(going.pid(), "TERM");
    let refused = eventually("it says that it is going", async || {
        refusal(&going, &[], "/readyz").filter(|(code, _)| code == "D1-NODE-004")
    });
    refused.await;
    let body = format!("{{\"install\":[\"greeter\"],\"device\":\"{}\"}}", devices[0].id);
    let create = ["-X", "POST", "-H", "Content-Type: application/json", "-d", &body];
    let refused = refusal(&going, &create, "/api/v1/setup/create");
    assert_eq!(refused, Some(("D1-NODE-004".to_owned(), true)));
    let create = setups(&going).create(&install("greeter", devices[0].id, true), None).await;
    assert_eq!(wait(create), ("D1-NODE-004".to_owned(), 1));
    assert_eq!(client(&going).get(made[0]).await.unwrap().state, "running");
    assert_eq!(going.wait(), Some(0));
    eventually("both machines are linked to the other", async || {
        let listed = asked.devices().await.ok()?;
        (listed.complete && listed.devices.len() == 2).then_some(())
    })
    .await;
    machine.go_on();
    other.go_on();
    for id in made {
        assert_eq!(end_of(&asked, id).await.state, "succeeded");
    }
    assert_eq!((machine.apt.installations("slow"), other.apt.installations("slow")), (1, 1));
    for daemon in daemons {
        assert_eq!(daemon.stop(), 0);
    }
}
