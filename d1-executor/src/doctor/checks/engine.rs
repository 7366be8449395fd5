//! The docker engine: whether it answers, and whether the user may ask it.

use super::{
    super::{check::Found, sight::Sight},
    accounts::{Group, group, session_groups, user},
    docker::{Endpoint, endpoint, has_engine, no_docker},
};
use crate::facts::services;
use d1_core::{ServiceManager, Step};
use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::Path,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};

/// How long the engine has for its answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// More than this its answer to a ping never has, in bytes.
const MOST_ANSWERED: u64 = 4096;
/// The least that an HTTP client must say.
const PING: &[u8] = b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n";

/// The socket at which docker's program would ask on this machine.
fn socket(sight: &Sight) -> Result<String, Found> {
    match endpoint(sight) {
        Endpoint::Usual(path) | Endpoint::Chosen(path, _) => Ok(path),
        Endpoint::Elsewhere => Err(Found::skipped("the engine is on another machine")),
        Endpoint::NoContext(_) => Err(Found::skipped("no engine is chosen")),
    }
}

pub(super) async fn daemon(sight: Sight) -> Found {
    if !sight.has("docker") && !has_engine(&sight) {
        return no_docker();
    }
    let path = match socket(&sight) {
        Ok(path) => path,
        Err(found) => return found,
    };
    if starts_when_asked(&sight, &path) {
        return Found::skipped("it starts when it is first asked, and runs not yet");
    }
    let Err(error) = ping(&sight.host.file(&path)).await else { return Found::ok("it does") };
    let kind = error.kind();
    let is_usual = matches!(endpoint(&sight), Endpoint::Usual(_));
    if kind == io::ErrorKind::PermissionDenied {
        return Found::skipped("this user may not ask it");
    }
    if kind == io::ErrorKind::NotFound && !is_usual {
        // What another place names is for docker.context to tell.
        return Found::skipped("there is no such socket");
    }
    if kind == io::ErrorKind::NotFound && !has_engine(&sight) {
        return Found::skipped("the engine is not on this machine");
    }
    if [io::ErrorKind::TimedOut, io::ErrorKind::InvalidData].contains(&kind) {
        return Found::fail("the docker engine is there, and does not answer as it should")
            .details([format!("{path}: {error}")])
            .remedy(
                "see why: sudo journalctl -u docker | tail; then: sudo systemctl restart docker",
            );
    }
    if ![io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused].contains(&kind) {
        return Found::unknown(format!("the engine does not tell: {error}"));
    }
    let found = Found::fail("the docker engine does not run")
        .details([format!("{path}: {error}")])
        .remedy("sudo systemctl start docker, or start Docker Desktop");
    let can_start = has_engine(&sight) && is_usual && services(&sight.host) != ServiceManager::None;
    found.mend(can_start.then(|| sight.start_service("docker")).flatten())
}

/// Whether a question would start the engine: systemd listens in its place. A look must not.
fn starts_when_asked(sight: &Sight, path: &str) -> bool {
    let unit = "/etc/systemd/system/sockets.target.wants/docker.socket";
    let is_unit = sight.host.file(unit).symlink_metadata().is_ok();
    path.contains("podman") || (is_unit && runs(sight, "dockerd") == Some(false))
}

/// Whether a program of this name runs; `None` when nobody tells.
fn runs(sight: &Sight, name: &str) -> Option<bool> {
    let entries = fs::read_dir(sight.host.file("/proc")).ok()?;
    let is_it = |entry: fs::DirEntry| {
        let told = super::super::sight::read(&entry.path().join("comm")).ok().flatten();
        told.is_some_and(|told| told.trim() == name)
    };
    Some(entries.flatten().any(is_it))
}

/// Asks the engine whether it is there.
async fn ping(socket: &Path) -> io::Result<()> {
    let ask = async {
        let mut stream = UnixStream::connect(socket).await?;
        stream.write_all(PING).await?;
        let mut answer = Vec::new();
        stream.take(MOST_ANSWERED).read_to_end(&mut answer).await?;
        let text = String::from_utf8_lossy(&answer);
        let first = text.lines().next().unwrap_or_default();
        if first.starts_with("HTTP/1.") && first.split(' ').nth(1) == Some("200") {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is not the known one"))
    };
    timeout(PATIENCE, ask).await.unwrap_or_else(|_| {
        Err(io::Error::new(io::ErrorKind::TimedOut, "no answer within a second"))
    })
}

/// Whom the socket is for, when this user needs its group to ask.
struct Needed {
    user: String,
    group: Group,
    /// Whether the user is in it by the files.
    is_member: bool,
    /// Whether this session has it already.
    has_it: bool,
}

fn needed(sight: &Sight) -> Result<Needed, Found> {
    if !sight.has("docker") {
        return Err(no_docker());
    }
    if sight.uid == 0 {
        return Err(Found::ok("the administrator may"));
    }
    let path = socket(sight)?;
    let found = match fs::metadata(sight.host.file(&path)) {
        Ok(found) if found.file_type().is_socket() => found,
        Ok(_) => return Err(Found::skipped("there is no socket")),
        Err(_) => return Err(Found::skipped("the engine does not run, or is not here")),
    };
    let mode = found.mode();
    if found.uid() == sight.uid || mode & 0o006 == 0o006 {
        return Err(Found::ok("everybody may who has to"));
    }
    let unknown = || Found::unknown("the files of users and groups do not say who may");
    let gid = found.gid();
    let (user, group) = user(sight).zip(group(sight, gid)).ok_or_else(unknown)?;
    let groups = session_groups(sight).ok_or_else(unknown)?;
    Ok(Needed {
        is_member: user.group == gid || group.members.contains(&user.name),
        has_it: groups.contains(&gid),
        user: user.name,
        group,
    })
}

/// Whether the account may ask.
pub(super) async fn permission(sight: Sight) -> Found {
    let Needed { user, group, is_member, has_it } = match needed(&sight) {
        Ok(needed) => needed,
        Err(found) => return found,
    };
    if is_member || has_it {
        return Found::ok(format!("{user} is in {}", group.name));
    }
    let name = &group.name;
    // Its members are as good as administrators; no other group is given away.
    let step = if name == "docker" { sight.join_group(name, &user) } else { None };
    let warning = "whoever is in the group docker can become administrator; it takes effect at the next login";
    Found::fail("docker refuses this user")
        .details([format!("its socket is for the group {name}, and {user} is not in it")])
        .remedy(format!("sudo usermod -aG {name} {user}, and log in anew"))
        .remedy("who is in it can become administrator; rootless docker needs no group")
        .mend(step.map(|step| Step { warning: warning.into(), ..step }))
}

/// Whether this session knows of it yet.
pub(super) async fn session(sight: Sight) -> Found {
    match needed(&sight) {
        Ok(Needed { is_member: true, has_it: false, group, .. }) => {
            let name = group.name;
            Found::warn("docker refuses this session: it began before you were let in")
                .details([format!("the group {name} is yours from the next login on")])
                .remedy(format!("log out and in, or for this shell only: newgrp {name}"))
        }
        Ok(_) => Found::ok("it does"),
        Err(found) => found,
    }
}
