//! PostgreSQL that stands still as a machine does that has no time: connections stay, nothing is
//! answered.

use d1_world::Postgres;
use std::{
    fs, iter,
    process::{Command, Stdio},
};

/// Stops the server and every process that it has started for its clients.
pub(super) fn pause(server: &Postgres) {
    signal_all(server, "STOP");
}

/// Lets them go on.
pub(super) fn go_on(server: &Postgres) {
    signal_all(server, "CONT");
}

fn signal_all(server: &Postgres, signal: &str) {
    let url = server.url("postgres");
    let (_, directory) = url.split_once("host=").unwrap();
    let file = fs::read_to_string(format!("{directory}/data/postmaster.pid")).unwrap();
    let id = file.lines().next().unwrap().to_owned();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    // The server itself first, so that it starts no more of them.
    let all = iter::once(id).chain(children.split_whitespace().map(str::to_owned));
    let mut tell = Command::new("kill");
    tell.arg(format!("-{signal}")).args(all).stderr(Stdio::null());
    // Of its processes some may have ended meanwhile.
    let _some_are_gone = tell.status().unwrap();
}
