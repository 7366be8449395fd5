//! How to reach this machine: through its daemon, or by being the agent ourselves.

use crate::{args::Global, home::Home};
use serde::Serialize;
use std::{
    fmt,
    io::ErrorKind,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

/// Where the administrator's daemon listens.
const SYSTEM_SOCKET: &str = "/run/d1-doctor/daemon.sock";

/// Whether a daemon is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DaemonState {
    /// It listens here.
    Listening {
        /// On this socket.
        socket: PathBuf,
    },
    /// There is a socket, and nobody listens: it died, or was stopped.
    Gone {
        /// On this socket.
        socket: PathBuf,
    },
    /// It listens, and this user may not speak to it.
    Forbidden {
        /// On this socket.
        socket: PathBuf,
    },
    /// There is none; commands do their work themselves.
    None,
}

/// Whether a daemon is there. Connects, and says nothing.
#[must_use]
pub fn daemon_state(global: &Global, home: &Home) -> DaemonState {
    if global.no_daemon {
        return DaemonState::None;
    }
    let places = match &global.socket {
        Some(socket) => vec![socket.clone()],
        None => vec![home.state.socket(), PathBuf::from(SYSTEM_SOCKET)],
    };
    let mut worst = DaemonState::None;
    for socket in places {
        let found = probe(&socket);
        if matches!(found, DaemonState::Listening { .. }) {
            return found;
        }
        if !matches!(found, DaemonState::None) {
            worst = found;
        }
    }
    worst
}

fn probe(path: &Path) -> DaemonState {
    let socket = path.to_path_buf();
    match UnixStream::connect(path) {
        Ok(_) => DaemonState::Listening { socket },
        Err(error) if error.kind() == ErrorKind::NotFound => DaemonState::None,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            DaemonState::Forbidden { socket }
        }
        Err(_) => DaemonState::Gone { socket },
    }
}

impl fmt::Display for DaemonState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening { socket } => write!(f, "listening on {}", socket.display()),
            Self::Gone { socket } => write!(f, "gone: nobody listens on {}", socket.display()),
            Self::Forbidden { socket } => {
                write!(f, "running, but you may not use {}", socket.display())
            }
            Self::None => f.write_str("none; commands do the work themselves"),
        }
    }
}
