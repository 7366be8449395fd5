//! The folder in which everything is kept: made private, and used by one agent at a time.
//!
//! ```text
//! <state-dir>/
//!   device        the device's id
//!   agent.lock    held by whoever is this machine's agent; tells its process id
//!   journal.db    the device's journal
//!   audit/        the device's audit log
//!   setups.db     the orchestrator's setups, where it runs on the same machine
//!   diagnoses.db  what the doctor found
//!   daemon.sock   the daemon's socket
//!   enrolment.json   the keys and the certificate of the device, where it is enrolled
//!   certificate.pem  the certificate, for whoever wants to look at it
//!   link.json     how the link to the cloud stands
//!   originals/    saved originals of changed files
//!   spool/        output of commands that must survive us
//! ```

use d1_core::DeviceId;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

/// Where enrolment puts the certificate by which the device is known, its own first.
pub(crate) const CERTIFICATE: &str = "certificate.pem";

/// The folder in which everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    path: PathBuf,
}

/// Held while this process is the machine's agent; let go when dropped or when the
/// process dies, however it dies.
#[derive(Debug)]
pub struct AgentLock {
    _file: File,
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateDirError {
    /// It cannot be read or written.
    #[error("cannot {doing} `{path}`; give another folder with --state-dir", path = path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody else is the agent.
    #[error("process {pid} is using `{path}`; wait for it, or stop it", path = path.display())]
    InUse {
        /// Who.
        pid: u32,
        /// What.
        path: PathBuf,
    },
    /// The device's id cannot be read.
    #[error("`{path}` does not hold a device id; restore it from a backup, or remove it to become a new device", path = path.display())]
    Identity {
        /// Where it should be.
        path: PathBuf,
    },
}

impl StateDir {
    /// The name of the file of what the doctor found.
    pub const DIAGNOSES: &str = "diagnoses.db";

    /// Opens the folder, and makes it, private to its owner, when it is not there.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StateDirError> {
        let path = path.into();
        make_private(&path).map_err(|source| StateDirError::Io {
            doing: "make the state directory",
            path: path.clone(),
            source,
        })?;
        Ok(Self { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The device's journal.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal.db")
    }

    /// The folder of the device's audit log.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.path.join("audit")
    }

    /// The setups of an orchestrator on the same machine.
    #[must_use]
    pub fn setups(&self) -> PathBuf {
        self.path.join("setups.db")
    }

    /// What the doctor found.
    #[must_use]
    pub fn diagnoses(&self) -> PathBuf {
        self.path.join(Self::DIAGNOSES)
    }

    /// The daemon's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path.join("daemon.sock")
    }

    /// The device's certificate; it is there once the device is enrolled.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.path.join(CERTIFICATE)
    }

    /// The device's id: made on first use, and the same ever after.
    pub fn device(&self) -> Result<DeviceId, StateDirError> {
        let path = self.path.join("device");
        let io = |doing| {
            let path = path.clone();
            move |source| StateDirError::Io { doing, path, source }
        };
        match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().map_err(|_| StateDirError::Identity { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let fresh = DeviceId::generate();
                let temporary = self.path.join(format!("device.{}", std::process::id()));
                write_durably(&temporary, &format!("{fresh}\n")).map_err(io("write"))?;
                // A hard link never replaces: of two that race, one id wins and both read it.
                let linked = fs::hard_link(&temporary, &path);
                fs::remove_file(&temporary).map_err(io("remove"))?;
                match linked {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                        Err(io("write")(error))
                    }
                    Ok(()) | Err(_) => {
                        sync_directory(&self.path).map_err(io("write"))?;
                        let text = fs::read_to_string(&path).map_err(io("read"))?;
                        text.trim().parse().map_err(|_| StateDirError::Identity { path })
                    }
                }
            }
            Err(error) => Err(io("read")(error)),
        }
    }

    /// Becomes the machine's agent, unless somebody else is.
    pub fn lock_agent(&self) -> Result<AgentLock, StateDirError> {
        let path = self.path.join("agent.lock");
        match try_lock(&path) {
            Ok(file) => Ok(AgentLock { _file: file }),
            Err(LockError::Held(pid)) => Err(StateDirError::InUse { pid, path: self.path.clone() }),
            Err(LockError::Io(source)) => Err(StateDirError::Io { doing: "lock", path, source }),
        }
    }
}

/// Why a lock was not taken.
#[derive(Debug)]
pub enum LockError {
    /// This process holds it; 0 when it has not said its number yet.
    Held(u32),
    /// It cannot be opened or written.
    Io(io::Error),
}

/// Takes the lock file at `path` and writes our process id into it. It is let go when the
/// file is closed, also by a crash.
pub fn try_lock(path: &Path) -> Result<File, LockError> {
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let mut file = open.map_err(LockError::Io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // An unreadable holder is still a holder.
            let _unreadable = file.read_to_string(&mut holder);
            return Err(LockError::Held(holder.trim().parse().unwrap_or(0)));
        }
        Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(LockError::Io)?;
    Ok(file)
}

fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_keeps_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path().join("a/b")).unwrap();
        let id = state.device().unwrap();
        assert_eq!(StateDir::open(state.path()).unwrap().device().unwrap(), id);
    }

    #[test]
    fn a_damaged_id_is_not_replaced_silently() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("device"), "what?").unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        assert!(matches!(state.device(), Err(StateDirError::Identity { .. })));
    }

    #[test]
    fn there_is_one_agent_at_a_time_and_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path()).unwrap();
        let held = state.lock_agent().unwrap();
        match state.lock_agent() {
            Err(StateDirError::InUse { pid, .. }) => assert_eq!(pid, std::process::id()),
            other => panic!("{other:?}"),
        }
        drop(held);
        state.lock_agent().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::open(folder.path().join("new")).unwrap();
        let mode = fs::metadata(state.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
