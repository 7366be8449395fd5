//! The front of the cloud, and the WebSocket of a link, before judges that try to hold, break or
//! flood them.

use crate::sharing::fleet::eventually;
use d1_core::{Supervisor, Transport as _, TransportError};
use d1_protocol::{ApiClient, websocket::Dial};
use d1_world::{CloudDesk, Desk, until};
use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

/// How many slow clients there are at once.
const CROWD: usize = 300;
/// How much memory a flood may cost for good, in kB.
const BOUND: u64 = 64 * 1024;

/// A judge that is a program in Debian's Python.
fn script(name: &str, args: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/front").join(name);
    Command::new("/usr/bin/python3").arg(script).args(args).output().unwrap()
}

fn text(ended: &Output) -> String {
    String::from_utf8_lossy(&[&ended.stdout[..], &ended.stderr[..]].concat()).into_owned()
}

fn address(cloud: &CloudDesk) -> String {
    cloud.http().replace("http://", "")
}

/// How many files and connections the server has open.
fn open(cloud: &CloudDesk) -> usize {
    fs::read_dir(format!("/proc/{}/fd", cloud.pid())).unwrap().count()
}

/// How much memory the server has, in kB.
fn memory(cloud: &CloudDesk) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", cloud.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// That others are served, and at once: curl does not wait for longer.
fn others_are_served(cloud: &CloudDesk) {
    let (head, _) = cloud.curl(&["-m", "5"], "/healthz");
    assert_eq!(crate::sign_in::status(&head), 200);
}

/// Has slowhttptest hold as many connections as it can, and waits until the server has let go
/// of them, with others served all the while. Slow as it is, it would hold them for minutes.
fn held_by(how: &[&str], path: &str) {
    let cloud = CloudDesk::start();
    others_are_served(&cloud);
    let (before, crowd) = (open(&cloud), CROWD.to_string());
    let url = format!("{}{path}", cloud.http());
    let mut judge = Command::new("slowhttptest")
        .args(["-c", &crowd, "-r", &crowd, "-l", "300", "-p", "3", "-u", &url])
        .args(how)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("slowhttptest is there; tests/run installs it");
    until("the crowd is there", || open(&cloud) >= before + CROWD);
    until("the server has let go of them", || {
        others_are_served(&cloud);
        open(&cloud) < before + CROWD / 10
    });
    // It may have given up by itself.
    drop(judge.kill());
    judge.wait().unwrap();
}

#[test]
fn whoever_never_ends_a_head_or_a_body_or_takes_no_answer_holds_nothing() {
    held_by(&["-H", "-i", "3"], "/healthz");
    held_by(&["-B", "-i", "3", "-s", "8192"], "/api/v1/auth/token");
    let slow_read = ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"];
    held_by(&slow_read, "/api/v1/openapi.json");
}

#[test]
fn a_suite_of_others_finds_that_links_keep_to_what_websockets_are() {
    let cloud = CloudDesk::start();
    let judged = script("frames.py", &[&address(&cloud), CloudDesk::TOKEN]);
    let said = text(&judged);
    assert!(said.ends_with(" good\n") && said.lines().count() == 1, "{said}");
    others_are_served(&cloud);
}

#[test]
fn floods_over_http_2_end_by_themselves_and_cost_a_bounded_memory() {
    let cloud = CloudDesk::start();
    others_are_served(&cloud);
    let before = memory(&cloud);
    let judged = script("floods.py", &[&address(&cloud)]);
    assert_eq!(text(&judged), "good\n");
    others_are_served(&cloud);
    let after = memory(&cloud);
    assert!(after < before + BOUND, "{before} kB became {after} kB");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_so_many_places_for_devices_and_whoever_goes_gives_theirs_back() {
    let cloud = CloudDesk::at(Desk::at_this_machine().with("D1_MOST_DEVICES", "2"));
    let (url, token) = (cloud.http().replace("http://", "ws://"), CloudDesk::TOKEN.to_owned());
    let dial = Dial::new(&url, Some(token), Supervisor::default()).unwrap();
    let mut links = vec![dial.connect().await.unwrap(), dial.connect().await.unwrap()];
    let refused = dial.connect().await.unwrap_err();
    let TransportError::Refused { why, .. } = refused else { panic!("{refused}") };
    assert_eq!(why, "2 devices are linked to this server already");
    // People are served all the same.
    let client = ApiClient::new(&cloud.http(), CloudDesk::TOKEN).unwrap();
    assert!(client.devices().await.unwrap().devices.is_empty());
    drop(links.pop());
    eventually("there is a place again", async || dial.connect().await.ok()).await;
}
