//! Links over a socket file: frames with their length in front, and the kernel's word for who
//! is at the other end.

use super::{
    pump::{Frame, link},
    side::{Device, Orchestrator},
};
use crate::MAX_FRAME_BYTES;
use bytes::{Bytes, BytesMut};
use d1_core::{
    DeviceLink, FromDevice, Link, OrchestratorLink, Supervisor, ToDevice, Transport, TransportError,
};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use std::{
    fs, future,
    io::{self, ErrorKind},
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

/// How long a connection may take to be made; the other side is on this machine.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long to rest after a connection could not be accepted, so that a lack of descriptors
/// does not become a busy loop.
const REST: Duration = Duration::from_millis(100);

/// Dials a device's socket, as an orchestrator on the same machine.
#[derive(Clone, Debug)]
pub struct Dial {
    path: PathBuf,
    supervisor: Supervisor,
}

/// Accepts orchestrators on a socket, as a device.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
    supervisor: Supervisor,
}

/// Who is at the other end, by the kernel's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerCredentials {
    /// The user.
    pub uid: u32,
    /// The user's group.
    pub gid: u32,
    /// The process, where the system tells.
    pub pid: Option<i32>,
}

impl Dial {
    /// Dials the socket at `path`; the link's work is owned by `supervisor`.
    #[must_use]
    pub fn new(path: &Path, supervisor: Supervisor) -> Self {
        Self { path: path.to_path_buf(), supervisor }
    }
}

#[async_trait::async_trait]
impl Transport<ToDevice, FromDevice> for Dial {
    async fn connect(&self) -> Result<OrchestratorLink, TransportError> {
        let unreachable = |source: io::Error| TransportError::Unreachable {
            address: self.path.display().to_string(),
            source: Box::new(source),
        };
        let connecting = UnixStream::connect(&self.path);
        let stream = tokio::time::timeout(CONNECT_WITHIN, connecting).await;
        let stream = stream.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
        let stream = stream.map_err(unreachable)?;
        Ok(link::<Orchestrator, _, _>(framed(stream), None, &self.supervisor))
    }
}

impl Listener {
    /// Listens at `path`, for whoever the permission bits `mode` let in.
    ///
    /// A socket that somebody listens on is never taken away, and neither is anything that is
    /// no socket; a socket that a dead process left is replaced.
    pub fn bind(path: &Path, mode: u32, supervisor: Supervisor) -> Result<Self, TransportError> {
        let address = path.display().to_string();
        let unreachable = |source: io::Error| TransportError::Unreachable {
            address: address.clone(),
            source: Box::new(source),
        };
        let refused =
            |why: &str| TransportError::Refused { address: address.clone(), why: why.to_owned() };
        match found(path).map_err(unreachable)? {
            Found::Nothing | Found::DeadSocket => {}
            Found::LiveSocket => return Err(refused("another process listens there")),
            Found::SomethingElse => {
                return Err(refused(
                    "something that is no socket is there; move it away, or listen elsewhere",
                ));
            }
        }
        // Bound under another name and renamed: nobody ever sees it with wider permissions.
        let hidden = path.with_extension(format!("{}.tmp", std::process::id()));
        remove(&hidden).map_err(unreachable)?;
        let bind = || {
            let listener = UnixListener::bind(&hidden)?;
            fs::set_permissions(&hidden, fs::Permissions::from_mode(mode))?;
            fs::rename(&hidden, path)?;
            Ok(listener)
        };
        let listener = bind().inspect_err(|_| {
            // Why it failed says more than that the rest of it cannot be removed.
            let _left = remove(&hidden);
        });
        let listener = listener.map_err(unreachable)?;
        Ok(Self { listener, path: path.to_path_buf(), supervisor })
    }

    /// The next link, and who is at its other end.
    pub async fn accept(&self) -> Result<(DeviceLink, PeerCredentials), TransportError> {
        loop {
            match self.accept_one().await {
                Ok(accepted) => return Ok(accepted),
                // One connection that failed, or too many at once, is no reason to stop.
                Err(error) => {
                    tracing::warn!(%error, path = %self.path.display(), "a connection failed");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    async fn accept_one(&self) -> io::Result<(DeviceLink, PeerCredentials)> {
        let (stream, _) = self.listener.accept().await?;
        let peer = stream.peer_cred()?;
        let peer = PeerCredentials { uid: peer.uid(), gid: peer.gid(), pid: peer.pid() };
        let link: Link<FromDevice, ToDevice> =
            link::<Device, _, _>(framed(stream), None, &self.supervisor);
        Ok((link, peer))
    }
}

/// Frames of at most [`MAX_FRAME_BYTES`], each with its length in front (four bytes, big-endian).
fn framed(
    stream: UnixStream,
) -> impl Stream<Item = Result<Frame, io::Error>> + Sink<Frame, Error = io::Error> + Send {
    let codec = LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME_BYTES).new_codec();
    Framed::new(stream, codec)
        .map(|frame: Result<BytesMut, io::Error>| frame.map(|bytes| Frame::Message(bytes.freeze())))
        .with(|frame| {
            future::ready(Ok::<Bytes, io::Error>(match frame {
                Frame::Message(bytes) => bytes,
                // The kernel tells when the other side dies; no beats are asked for here.
                Frame::Beat => Bytes::new(),
            }))
        })
}

/// What is at the path of a socket.
enum Found {
    Nothing,
    LiveSocket,
    DeadSocket,
    SomethingElse,
}

fn found(path: &Path) -> io::Result<Found> {
    // A link is looked at, not followed: what it points at would not be what is replaced.
    let there = match fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    if !there.file_type().is_socket() {
        return Ok(Found::SomethingElse);
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Ok(Found::LiveSocket),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(Found::DeadSocket),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
