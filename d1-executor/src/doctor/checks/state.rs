//! Where we keep our state, and the daemon that works on it.

use super::{
    super::{check::Found, sight::Sight},
    keys::{Flaw, judge},
};
use rustix::fs::{FlockOperation, flock};
use std::{
    fs, io,
    os::unix::fs::FileTypeExt as _,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{net::UnixStream, time::timeout};

/// Where the administrator's daemon listens.
const SYSTEM_SOCKET: &str = "/run/d1-doctor/daemon.sock";
/// How long a daemon may take to let anybody in.
const KNOCK: Duration = Duration::from_millis(500);

/// The folder of our state, when it is there.
pub(super) fn state_dir(sight: &Sight) -> Option<&Path> {
    // Without a home nobody knows where it would be.
    let named = !sight.state_dir.as_os_str().is_empty();
    Some(sight.state_dir.as_path()).filter(|folder| named && folder.is_dir())
}

pub(super) fn no_state() -> Found {
    Found::skipped("nothing is kept yet")
}

pub(super) async fn permissions(sight: Sight) -> Found {
    let Some(folder) = state_dir(&sight) else { return no_state() };
    let name = sight.shown(folder);
    match judge(folder, 0o077, sight.uid) {
        Ok(None) => Found::ok("nobody can"),
        Ok(Some(flaw)) => {
            let remedy = match flaw {
                Flaw::Owner(_) => format!("sudo chown -R <you> {name}, or use another --state-dir"),
                Flaw::Mode(_) => format!("chmod 700 {name}"),
            };
            Found::fail("others can see what was done here, and the originals of changed files")
                .details([format!("{name}: {flaw}")])
                .remedy(remedy)
                .mend(flaw.mend(&sight, folder, 0o700))
        }
        Err(error) => Found::unreadable(&name, &error),
    }
}

/// Who works on the state: a daemon, or a command that does its own work.
pub(super) enum Agent {
    /// Nobody.
    None,
    /// This process; 0 when it does not say.
    Process(u32),
}

/// Who holds the lock of the state. It is shared for a moment, and never made.
pub(super) fn agent(folder: &Path) -> io::Result<Agent> {
    let path = folder.join("agent.lock");
    let Some(text) = super::super::sight::read(&path).or_else(nobody)? else {
        return Ok(Agent::None);
    };
    if !fs::metadata(&path)?.is_file() {
        return Ok(Agent::None);
    }
    match flock(fs::File::open(&path)?, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(Agent::None),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(Agent::Process(text.trim().parse().unwrap_or(0))),
        Err(error) => Err(error.into()),
    }
}

/// A lock that is no file is held by nobody.
fn nobody(error: io::Error) -> io::Result<Option<String>> {
    if error.kind() == io::ErrorKind::IsADirectory { Ok(None) } else { Err(error) }
}

/// How a socket answers.
enum Answer {
    Nothing,
    LetsIn,
    Forbidden,
    Silent,
}

async fn knock(socket: &Path) -> Answer {
    if !fs::metadata(socket).is_ok_and(|found| found.file_type().is_socket()) {
        return Answer::Nothing;
    }
    match timeout(KNOCK, UnixStream::connect(socket)).await {
        Ok(Ok(_)) => Answer::LetsIn,
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => Answer::Forbidden,
        Ok(Err(_)) | Err(_) => Answer::Silent,
    }
}

pub(super) async fn daemon(sight: Sight) -> Found {
    let own = state_dir(&sight).map(|folder| folder.join("daemon.sock"));
    let sockets: Vec<PathBuf> = own.into_iter().chain([sight.host.file(SYSTEM_SOCKET)]).collect();
    let mut silent = None;
    for socket in sockets {
        let name = sight.shown(&socket);
        match knock(&socket).await {
            Answer::Nothing => {}
            Answer::LetsIn => return running(&sight, &name),
            Answer::Forbidden => return Found::ok(format!("one listens on {name}, for others")),
            Answer::Silent => silent = silent.or(Some(name)),
        }
    }
    let agent = state_dir(&sight).map_or(Ok(Agent::None), agent);
    let agent = match agent {
        Ok(agent) => agent,
        Err(error) => return Found::unreadable("the lock of our state", &error),
    };
    match (silent, agent) {
        (None, Agent::None) => Found::skipped("there is none; commands do the work themselves"),
        (None, Agent::Process(pid)) => Found::ok(format!("none; process {pid} is at work itself")),
        (Some(socket), Agent::None) => Found::warn("a daemon ended without tidying up")
            .details([format!("nobody listens on {socket}")])
            .remedy("start it again: d1-daemon; it finds what was cut off")
            .remedy(format!("if you want none: rm {socket}")),
        (Some(socket), Agent::Process(pid)) => Found::fail("the daemon runs, and lets nobody in")
            .details([format!("process {pid} does not answer on {socket}")])
            .remedy(format!("restart it: kill {pid}, then d1-daemon")),
    }
}

/// One that answers; its program may have been replaced since it was started.
fn running(sight: &Sight, socket: &str) -> Found {
    let found = Found::ok(format!("one listens on {socket}"));
    let Some(Ok(Agent::Process(pid))) = state_dir(sight).map(agent) else { return found };
    let program = fs::read_link(sight.host.file(&format!("/proc/{pid}/exe")));
    // proc_pid_exe(5): so the kernel marks a program whose file is gone.
    let is_old = program.is_ok_and(|path| path.to_string_lossy().ends_with(" (deleted)"));
    if is_old {
        return Found::warn("the daemon runs a version that has been replaced")
            .details([format!("process {pid} runs a program whose file is gone")])
            .remedy(format!("restart it: kill {pid}, then d1-daemon"));
    }
    found
}
