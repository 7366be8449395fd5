//! What a check may look at: one small port, so that a scratch root, a search path of
//! stand-ins and another environment can take the machine's place.

use super::network::{Network, ThisNetwork};
use crate::{
    facts::{Host, distro},
    packages::{Captured, Command, ProcessTool, Tool, ToolError},
};
use d1_core::AbsolutePath;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The most bytes a check reads of one file.
pub(super) const MOST_READ: u64 = 8 * 1024 * 1024;
/// How long a program that a check asks may take; the check's own deadline is longer.
const ASK: Duration = Duration::from_millis(1500);
/// How long one that a deep check asks may take.
const ASK_PATIENTLY: Duration = Duration::from_secs(50);

/// How much room a file system has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes that an ordinary user may still write.
    pub free_bytes: u64,
    /// Bytes there are in all.
    pub total_bytes: u64,
    /// Files that can still be made; `None` where there is no such bound.
    pub free_files: Option<u64>,
}

/// Tells how much room there is at a place.
type SpaceOf = Arc<dyn Fn(&Path) -> io::Result<Space> + Send + Sync>;

/// What a check may look at. Cloning is cheap.
#[derive(Clone)]
pub struct Sight {
    /// The machine's files and programs.
    pub host: Host,
    /// Runs programs.
    pub tool: Arc<dyn Tool>,
    /// The home of the user; `None` when nobody says where it is.
    pub home: Option<PathBuf>,
    /// The environment of the user who asks.
    pub env: Arc<BTreeMap<OsString, OsString>>,
    /// Who asks: the user's number.
    pub uid: u32,
    /// Where the user stands; `None` when that is gone.
    pub cwd: Option<PathBuf>,
    /// Where our own state is kept.
    pub state_dir: PathBuf,
    /// Whether the network is left alone.
    pub offline: bool,
    /// Tells how much room there is at a place.
    pub space: SpaceOf,
    /// The network; only checks that say so may use it, and none does when it is left alone.
    pub net: Arc<dyn Network>,
}

impl Sight {
    /// The machine we run on, as the one who runs us sees it.
    #[must_use]
    pub fn this(host: Host, state_dir: &Path) -> Self {
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let net = Arc::new(ThisNetwork::new(Arc::clone(&host.clock)));
        Self {
            host,
            tool: Arc::new(ProcessTool::default()),
            home,
            env: Arc::new(std::env::vars_os().collect()),
            uid: rustix::process::getuid().as_raw(),
            cwd: std::env::current_dir().ok(),
            state_dir: state_dir.to_path_buf(),
            offline: false,
            space: Arc::new(space_of),
            net,
        }
    }

    /// The text of a file of the machine, lossy, as far as 8 MiB; `None` when it is not there.
    pub fn text(&self, absolute: &str) -> io::Result<Option<String>> {
        read(&self.host.file(absolute))
    }

    /// A path below the user's home; `None` when nobody knows where that is.
    #[must_use]
    pub fn at_home(&self, inside: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(inside))
    }

    /// A variable of the user's environment, lossy; `None` when it is empty, too.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<String> {
        let value = self.env.get(std::ffi::OsStr::new(name))?;
        Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    }

    /// Asks a program, in the user's own environment and in one language. It gets 1.5 s.
    pub async fn ask(&self, words: &[&str]) -> Result<Captured, ToolError> {
        self.tool.capture(&Command::new(words.iter().copied(), self.env_of(&[])), ASK).await
    }

    /// Asks a program as [`Sight::ask`] does, in this folder; it gets 50 s, for the deep checks.
    pub async fn ask_patiently(
        &self,
        folder: &Path,
        words: &[&str],
    ) -> Result<Captured, ToolError> {
        let command = Command::new(words.iter().copied(), self.env_of(&[])).in_folder(folder);
        self.tool.capture(&command, ASK_PATIENTLY).await
    }

    /// What a program that is asked finds in its environment.
    fn env_of(&self, more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut env = self.host.tool_env(more);
        if let Some(home) = &self.home {
            env.insert("HOME".into(), home.to_string_lossy().into_owned());
        }
        env
    }

    /// Which system it is: `Debian GNU/Linux 12 (bookworm) x86_64`.
    #[must_use]
    pub fn system(&self) -> String {
        let name = distro(&self.host).map_or_else(|| std::env::consts::OS.to_owned(), |d| d.name);
        format!("{name} {}", std::env::consts::ARCH)
    }

    /// Asks a program as [`Sight::ask`] does, in this folder, with more in its environment.
    pub async fn ask_at(
        &self,
        folder: &Path,
        more: &[(&str, &str)],
        words: &[&str],
    ) -> Result<Captured, ToolError> {
        let command = Command::new(words.iter().copied(), self.env_of(more)).in_folder(folder);
        self.tool.capture(&command, ASK).await
    }

    /// Whether a program is on the search path.
    #[must_use]
    pub fn has(&self, program: &str) -> bool {
        self.host.find(program).is_some()
    }
}

impl std::fmt::Debug for Sight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The environment may hold secrets.
        f.debug_struct("Sight").field("home", &self.home).finish_non_exhaustive()
    }
}

impl Sight {
    /// The path that the machine knows a file by; `None` for one that is outside of it, or has
    /// a name that is no text.
    #[must_use]
    pub fn on_machine(&self, path: &Path) -> Option<AbsolutePath> {
        let inside = path.strip_prefix(&self.host.root).ok()?;
        format!("/{}", inside.to_str()?).parse().ok()
    }

    /// A path as people write it: with `~` for the home.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        let below = self.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        match (below, path.strip_prefix(&self.host.root)) {
            (Some(below), _) if below.as_os_str().is_empty() => "~".to_owned(),
            (Some(below), _) => format!("~/{}", below.display()),
            (None, Ok(inside)) => format!("/{}", inside.display()),
            (None, Err(_)) => path.display().to_string(),
        }
    }
}

/// The most bytes of a program that are read to see what runs it.
const HEAD: u64 = 4096;

/// The first bytes of a file, lossy; `None` when they cannot be read.
pub(super) fn head(path: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    open(path).ok()?.take(HEAD).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of a file, lossy, as far as [`MOST_READ`]; `None` when it is not there.
pub(super) fn read(path: &Path) -> io::Result<Option<String>> {
    use std::io::Read as _;
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MOST_READ).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Opens without waiting: a pipe in the place of a file must not stop the doctor.
pub(super) fn open(path: &Path) -> io::Result<std::fs::File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    Ok(std::fs::File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// How much room there is at a place.
pub(crate) fn space_of(path: &Path) -> io::Result<Space> {
    let found = rustix::fs::statvfs(path)?;
    Ok(Space {
        free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
        total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
        free_files: (found.f_files > 0).then_some(found.f_favail),
    })
}
