//! Where it happens: a real server with limits that let one account have a whole fleet.

use d1_protocol::ApiClient;
use d1_world::{CloudDesk, Desk};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{fs, time::Duration};

/// More than anything here asks for in a minute.
const UNLIMITED: &str = "10000000";
/// How long a client waits for a busy server.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of our own whose limits do not matter.
pub(crate) fn server() -> CloudDesk {
    let limits = ["READS", "WRITES", "LINKS", "ADDRESS", "DEVICE", "DEVICES"]
        .map(|what| format!("D1_MOST_{what}"));
    let desk = Desk::at_this_machine().with("D1_DEVELOPMENT_CREDITS", UNLIMITED);
    CloudDesk::at(limits.iter().fold(desk, |desk, name| desk.with(name, UNLIMITED)))
}

/// A client of it.
pub(crate) fn client(server: &CloudDesk) -> ApiClient {
    ApiClient::new(&server.http(), CloudDesk::TOKEN).unwrap().patient(PATIENCE)
}

/// Where devices link.
pub(crate) fn links(server: &CloudDesk) -> String {
    server.http().replace("http://", "ws://")
}

/// What a process has of memory, in bytes: not counting what it shares with files.
pub(crate) fn memory_of(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

/// Lets this process, and the servers it starts, open as many files as they may.
pub(crate) fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).unwrap();
    limit.maximum.unwrap_or(u64::MAX)
}

/// How this was built.
pub(crate) const fn profile() -> &'static str {
    if cfg!(debug_assertions) {
        "a debug build; measure with `cargo bench`"
    } else {
        "a release build"
    }
}
