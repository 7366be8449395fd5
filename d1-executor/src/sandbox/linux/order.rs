//! What the first process of a sandbox is told, and what it tells.

use crate::sandbox::{
    egress::Egress,
    grant::{Limits, Script},
    places::View,
    port::Waiting,
    wall::{Missing, Wall},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, Read as _, Seek as _, Write as _},
    os::fd::OwnedFd,
    path::PathBuf,
};

/// The most an order may be: a full command line and a full environment, in which each byte
/// may take six, and some.
const MOST: u64 = 8 << 20;

/// How much of the sandbox the machine lets us make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Mode {
    /// We are root: every command gets a user of its own.
    Root,
    /// We are not: the namespaces belong to a user namespace in which we are ourselves.
    Rootless,
    /// There are no namespaces: Landlock, seccomp and limits only.
    Bare,
}

/// The network that the first process makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Doors {
    /// The ports at which it listens, beside that for names.
    pub(super) ports: Vec<u16>,
    /// The files about looking up names that are covered, because they would lead elsewhere.
    pub(super) covered: Vec<Lookup>,
}

/// A file that says how names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Lookup {
    /// The list of hosts (`hosts(5)`).
    Hosts,
    /// The list of resolvers (`resolv.conf(5)`).
    Resolvers,
    /// Who is asked, and in which order (`nsswitch.conf(5)`).
    Switch,
}

impl Lookup {
    /// Where it is.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Hosts => "/etc/hosts",
            Self::Resolvers => "/etc/resolv.conf",
            Self::Switch => "/etc/nsswitch.conf",
        }
    }
}

impl Doors {
    /// The most sockets: for each port, and two for names.
    pub(super) const MOST: usize = Egress::MAX_PORTS + 2;
}

/// What the first process is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) mode: Mode,
    /// The command; none when the walls are only tried.
    pub(super) argv: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) cwd: PathBuf,
    pub(super) home: PathBuf,
    pub(super) script: Option<Script>,
    /// User and group of the command.
    pub(super) user: (u32, u32),
    pub(super) view: View,
    pub(super) limits: Limits,
    /// None: there is no network; or, for packages, that of the machine.
    pub(super) network: Option<Doors>,
    /// Whether it changes packages: as the administrator with few capabilities, and to its end
    /// even when nobody follows it any more.
    pub(super) packages: bool,
    /// Whether no walls are put up.
    pub(super) unconfined: bool,
    /// Whether a wall that cannot be put up ends it.
    pub(super) strict: bool,
    /// Whether only the walls go up: the order with the command follows.
    pub(super) ahead: bool,
    /// Our namespaces, for comparison; nothing where nothing is compared.
    pub(super) outside: BTreeMap<String, PathBuf>,
}

/// What the first process tells.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// The command runs; these walls are not up.
    Started(Missing),
    /// The walls were tried from inside; these do not hold.
    Tried(Missing),
    /// It does not run.
    Failed(Failure),
    /// The command does nothing, and seems to wait.
    Waiting(Waiting),
    /// The command has ended.
    Ended(Finish),
}

/// Why the command does not run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Failure {
    Wall { wall: Wall, why: String },
    SetUp { doing: String, why: String },
    Changed,
    NotFound,
    Directory,
    Start { errno: i32 },
}

/// How the command ended.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Finish {
    pub(super) how: How,
    pub(super) user_micros: u64,
    pub(super) system_micros: u64,
    pub(super) max_rss_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum How {
    Exited(i32),
    Signalled(i32),
    OutOfMemory,
    TooManyProcesses,
    CpuTime,
    DiskFull,
}

impl Order {
    /// Writes it where the first process reads it, and nobody can change it any more.
    pub(super) fn seal(&self) -> io::Result<OwnedFd> {
        use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut file = File::from(memfd_create("d1-order", flags)?);
        file.write_all(&serde_json::to_vec(self)?)?;
        file.rewind()?;
        fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK)?;
        Ok(file.into())
    }

    /// Reads it.
    pub(super) fn open(file: OwnedFd) -> io::Result<Self> {
        Ok(serde_json::from_reader(io::BufReader::new(File::from(file).take(MOST)))?)
    }
}

/// Tells `word`.
pub(super) fn say(mut to: impl io::Write, word: &Word) -> io::Result<()> {
    let mut line = serde_json::to_vec(word)?;
    line.push(b'\n');
    to.write_all(&line)
}

/// Hears the next word; none when the first process is gone.
pub(super) fn hear<W: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<W>> {
    let mut line = String::new();
    if from.take(MOST).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&line)?))
}
