//! The local socket: people at this machine's terminals speak to the agent through it.
//!
//! The kernel tells who is at the other end. Only the daemon's own user and the
//! administrator are let in: whoever may speak may change the machine. To say yes to what a cloud
//! ordered it takes more: a person at a terminal.

use crate::compose::{StartError, converse};
use d1_core::{OnFailure, Supervisor, TransportError};
use d1_executor::Agent;
use d1_protocol::unix::{Listener, PeerCredentials};
use std::path::Path;

/// Listens on `socket`.
pub(crate) fn start(
    agent: &Agent,
    socket: &Path,
    supervisor: &Supervisor,
) -> Result<(), StartError> {
    let listener = Listener::bind(socket, 0o600, supervisor.clone()).map_err(|error| {
        StartError::Socket { path: socket.to_path_buf(), source: Box::new(error) }
    })?;
    let (agent, owner) = (agent.clone(), supervisor.clone());
    supervisor.spawn("local socket", OnFailure::StopAll, async move {
        let stopping = owner.stopping();
        tokio::select! {
            failed = accept_all(&agent, &listener, &owner) => failed,
            () = stopping.cancelled() => Ok(()),
        }
    });
    Ok(())
}

async fn accept_all(
    agent: &Agent,
    listener: &Listener,
    supervisor: &Supervisor,
) -> Result<(), TransportError> {
    loop {
        let (link, peer) = listener.accept().await?;
        if may_speak(peer) {
            converse(agent, link, peer, supervisor);
        } else {
            tracing::warn!(uid = peer.uid, "a user who may not speak to the daemon tried to");
        }
    }
}

fn may_speak(peer: PeerCredentials) -> bool {
    peer.uid == 0 || peer.uid == rustix::process::geteuid().as_raw()
}
