//! What a cloud orders waits for a person at the machine's own terminal, and for nobody else.

use super::scene::Scene;
use crate::{
    sharing::fleet::end_of,
    terminal::{Terminal, line},
};
use d1_world::{Desk, until};
use serde_json::Value;
use std::fs;

/// What waits, as the machine tells it.
fn waiting(desk: &Desk) -> Vec<Value> {
    let listed = desk.doctor(&["approvals", "list", "--json"]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    listed.json()["waiting"].as_array().unwrap().clone()
}

/// Runs this at a terminal of the machine.
fn at_a_terminal(desk: &Desk, terminal: &Terminal, before: &str, args: &str) {
    let script = desk.state("go.sh");
    fs::write(&script, format!("{before}{}\necho code=$?\n", line(desk, args))).unwrap();
    terminal.run(&format!("sh {}", script.display()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_is_typed_at_the_machine_and_no_program_gives_it() {
    let scene = Scene::new().await;
    let desk = &scene.machine.desk;
    fs::create_dir_all(desk.state(".config/d1-doctor")).unwrap();
    fs::write(desk.state(".config/d1-doctor/policy.toml"), "[orders]\nyes = 'system'\n").unwrap();
    let daemon = scene.daemon();
    let setup = scene.planned("single").await;
    scene.api.approve(setup).await.unwrap();
    until("it waits", || waiting(desk).len() == 1);
    let asks = || async { scene.api.get(setup).await.unwrap().asks.map(|asks| asks.code) };
    until("whoever asked is told", || {
        let told =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(asks()));
        told.as_deref() == Some("D1-RISK-002")
    });
    // A daemon that dies has begun nothing, and asks again.
    daemon.kill();
    let _daemon = scene.daemon();
    until("it waits again", || waiting(desk).len() == 1);
    let one = &waiting(desk)[0];
    let task = one["command"]["task"].as_str().unwrap().to_owned();
    assert_eq!(one["risk"], "system");
    let shown = desk.doctor(&["approvals", "show", &task]);
    assert!(shown.stdout.contains("\"packages\""), "{}", shown.stdout);
    // Nobody at a terminal: no yes, whatever is written into the pipe.
    let blind = desk.doctor(&["approvals", "approve", &task]);
    assert_eq!((blind.code, blind.stderr.contains("D1-INPUT-001")), (2, true), "{}", blind.stderr);
    // A program that was given the terminal's name, and is not what it speaks to.
    let terminal = Terminal::open(desk, 100, 60);
    let approve = format!("approvals approve {task}");
    at_a_terminal(desk, &terminal, "exec </dev/tty 2>/dev/tty; setsid -w ", &approve);
    until("it asks", || terminal.everything().contains("Let exactly this run"));
    terminal.run("y");
    until("it is refused", || terminal.everything().contains("code="));
    let screen = terminal.everything();
    assert!(screen.contains("D1-RISK-005") && screen.contains("code=6"), "{screen}");
    terminal.clear();
    // A person who says no to the question says nothing.
    at_a_terminal(desk, &terminal, "", &approve);
    until("it asks", || terminal.everything().contains("Let exactly this run"));
    terminal.run("");
    until("it was not said", || terminal.everything().contains("code=6"));
    assert_eq!((waiting(desk).len(), scene.machine.apt.installed().as_str()), (1, ""));
    terminal.clear();
    at_a_terminal(desk, &terminal, "", &approve);
    until("it asks", || terminal.everything().contains("Let exactly this run"));
    terminal.run("y");
    until("it is heard", || terminal.everything().contains("code=0"));
    let mut ended = None;
    for _ in 0..16 {
        // Every step of it that changes the system waits for a yes of its own.
        ended = Some(scene.api.get(setup).await.unwrap());
        let Some(one) = waiting(desk).first().cloned() else { break };
        let next = one["command"]["task"].as_str().unwrap().to_owned();
        terminal.clear();
        at_a_terminal(desk, &terminal, "", &format!("approvals approve {next}"));
        until("it asks", || terminal.everything().contains("Let exactly this run"));
        terminal.run("y");
        until("it is heard", || terminal.everything().contains("code=0"));
    }
    drop(ended);
    let ended = end_of(&scene.api, setup).await;
    assert_eq!((ended.state.as_str(), ended.asks), ("succeeded", None));
    assert_eq!(scene.machine.apt.installations("single"), 1);
    let verified = desk.doctor(&["audit", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declined_at_the_machine_is_not_done_and_the_cloud_is_told() {
    let scene = Scene::new().await;
    let desk = &scene.machine.desk;
    fs::create_dir_all(desk.state(".config/d1-doctor")).unwrap();
    fs::write(desk.state(".config/d1-doctor/policy.toml"), "orders.yes = 'system'\n").unwrap();
    let _daemon = scene.daemon();
    let setup = scene.planned("single").await;
    scene.api.approve(setup).await.unwrap();
    until("it waits", || waiting(desk).len() == 1);
    let task = waiting(desk)[0]["command"]["task"].as_str().unwrap().to_owned();
    let declined = desk.doctor(&["approvals", "decline", &task[..8]]);
    assert_eq!(declined.code, 0, "{}", declined.stderr);
    let ended = end_of(&scene.api, setup).await;
    assert_eq!(ended.state, "failed", "{ended:?}");
    assert_eq!(scene.machine.apt.installed(), "");
    let status = desk.doctor(&["status"]).stdout;
    assert!(status.contains("a yes here"), "{status}");
}
