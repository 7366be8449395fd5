//! Programs and libraries that we did not write judge the real cloud.

use super::judges;
use crate::sign_in::by_browser;
use d1_core::Scopes;
use d1_protocol::ApiClient;
use d1_world::{AptRoot, CloudDesk, Desk};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/api").join(name)
}

/// A program in Debian's Python, with the pinned libraries of others.
fn python() -> Command {
    let mut python = Command::new("/usr/bin/python3");
    python.env("PYTHONPATH", judges().join("python")).env("PYTHONDONTWRITEBYTECODE", "1");
    python
}

fn text(ended: &Output) -> String {
    String::from_utf8_lossy(&[&ended.stdout[..], &ended.stderr[..]].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn grpcio_makes_follows_and_takes_back_a_setup_by_what_reflection_tells() {
    let (apt, cloud) = (AptRoot::usual(), CloudDesk::start());
    let machine = Desk::at(&apt);
    let daemon = machine.daemon(&cloud.daemon_args());
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    let device = cloud.device(&client).await.to_string();
    let judged = python()
        .arg(script("reflected.py"))
        .args([&cloud.http().replace("http://", ""), CloudDesk::TOKEN, &device, "greeter"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&judged.stdout), "good\n", "{}", text(&judged));
    assert!(!apt.installed().contains("greeter"));
    assert_eq!(daemon.stop(), 0);
}

/// How many people schemathesis asks as: each may change so much in a minute.
const PEOPLE: usize = 8;

#[test]
fn schemathesis_finds_nothing_in_what_is_asked_over_http() {
    // It asks as many, and from many addresses, as if a proxy stood in front.
    let cloud = CloudDesk::at(Desk::at_this_machine().with("D1_BEHIND_PROXY", "true"));
    let people = (0..PEOPLE).map(|number| {
        let name = format!("person{number}");
        cloud.add_user(&name);
        by_browser(&cloud, &name, &Scopes::all().to_string())
    });
    let tokens = people.collect::<Vec<_>>().join(" ");
    let home = cloud.desk().state("schemathesis");
    std::fs::create_dir(&home).unwrap();
    let judged = python()
        .current_dir(&home)
        .env("SCHEMATHESIS_HOOKS", script("schemathesis_hooks.py"))
        .env("D1_TOKENS", tokens)
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(script("schemathesis.toml"))
        .arg("run")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("bins/d1-cloud/openapi.json"))
        .args(["--url", &cloud.http(), "--seed", "7", "--max-examples", "25"])
        .output()
        .unwrap();
    assert!(judged.status.success(), "{}", text(&judged));
}
