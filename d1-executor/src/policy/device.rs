//! What the policy has to know of the machine: where programs are, and what links lead to.
//!
//! Looked up once, so that the decision itself is a plain function.

use super::{
    command::{Reading, base_name, shell_text},
    paths,
    programs::{Kind, kind},
    request::Request,
};
use crate::sandbox::Script;
use d1_core::Digest;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs::File,
    io::Read as _,
    path::{Component, Path, PathBuf},
};

/// The most bytes of a script whose content is agreed on; the sandbox pins no more.
const MOST_SCRIPT: u64 = 1 << 20;
/// The most paths that are looked up for one request.
const MOST_PATHS: usize = 4096;
/// Where the programs of the system are.
const SYSTEM: [&str; 4] = ["/usr", "/bin", "/sbin", "/opt"];

/// What is known of the machine about one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The home of the user who does the work.
    pub home: PathBuf,
    /// By the name it is called by: where a program really is.
    pub programs: BTreeMap<String, Program>,
    /// By how a path was written: where it really leads.
    pub links: BTreeMap<PathBuf, PathBuf>,
    /// Paths that lead elsewhere for whoever runs: through `/proc/self` and its like.
    pub shifting: BTreeSet<PathBuf>,
    /// Paths at which nothing is yet.
    pub missing: BTreeSet<PathBuf>,
    /// Whether there were more paths than are looked up.
    pub overlooked: bool,
    /// The script that would run, with the content it has now.
    pub script: Option<Script>,
}

/// A program on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it really is.
    pub path: PathBuf,
    /// Whether only the administrator can change it, and it is where the system keeps programs.
    pub of_system: bool,
}

impl Device {
    /// What there is to know for `request`, in a home.
    #[must_use]
    pub fn look(request: &Request, home: &Path) -> Self {
        let reading = Reading::of(request.argv.words(), &request.given, true);
        let mut device = Self { home: real(home), ..Self::default() };
        let search = request.env.get("PATH").map_or("", String::as_str);
        let commands = reading.commands.iter().chain(&reading.guesses);
        for words in commands.clone() {
            device.program(words, &request.cwd, search);
        }
        device.script = reading.commands.first().and_then(|words| {
            let path = device.script_of(words, &request.cwd)?;
            Some(Script { digest: content(&path)?, path })
        });
        let words = commands.flatten().chain(reading.files.iter().map(|(file, _access)| file));
        let named = words.map(|word| paths::named(word, &request.cwd, &device.home));
        let all: Vec<PathBuf> = named.flatten().flatten().take(MOST_PATHS + 1).collect();
        device.overlooked = all.len() > MOST_PATHS;
        let touches = request.walls.iter().flat_map(|walls| &walls.touches);
        for path in all.into_iter().chain(touches.map(|touch| touch.path.clone())) {
            device.path(path);
        }
        device.links.insert(request.cwd.clone(), real(&request.cwd));
        device
    }

    /// What there is to know of one path.
    #[must_use]
    pub fn of_path(path: &Path, home: &Path) -> Self {
        let links = BTreeMap::from([(path.to_path_buf(), real(path))]);
        Self { home: real(home), links, ..Self::default() }
    }

    /// Where a path leads, as far as it was looked up.
    pub(super) fn leads_to(&self, path: &Path) -> PathBuf {
        self.links.get(path).cloned().unwrap_or_else(|| paths::plain(path))
    }

    fn path(&mut self, path: PathBuf) {
        if self.links.contains_key(&path) {
            return;
        }
        if shifts(&path) {
            self.shifting.insert(path.clone());
        }
        if path.symlink_metadata().is_err() {
            self.missing.insert(path.clone());
        }
        let real = real(&path);
        self.links.insert(path, real);
    }

    /// The file whose content decides what happens: a program from elsewhere than the system, or
    /// the first file that a carrier of the system is given.
    fn script_of(&self, words: &[String], cwd: &Path) -> Option<PathBuf> {
        let (name, arguments) = words.split_first()?;
        let program = self.programs.get(name)?;
        if !program.of_system {
            return Some(program.path.clone());
        }
        if kind(base_name(name), arguments) != Kind::Carries || shell_text(words).is_some() {
            return None;
        }
        let first = arguments.iter().find(|word| !word.starts_with('-'))?;
        Some(real(&paths::absolute(first, cwd, &self.home))).filter(|path| !is_of_system(path))
    }

    fn program(&mut self, words: &[String], cwd: &Path, search: &str) {
        let Some(name) = words.first() else { return };
        let found = if name.contains('/') {
            Some(cwd.join(name)).filter(|path| path.is_file())
        } else {
            let folders = search.split(':').map(|folder| cwd.join(folder).join(name));
            folders.into_iter().find(|path| path.is_file())
        };
        let Some(path) = found.map(|path| real(&path)) else { return };
        let of_system = is_of_system(&path);
        let program = Program { path, of_system };
        self.programs.insert(name.clone(), program);
    }
}

/// Whether a path goes through a link of `/proc`, which is another one for every process.
fn shifts(path: &Path) -> bool {
    /// As many links as the kernel follows.
    const MOST_LINKS: usize = 40;
    const STREAMS: [&str; 3] = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
    if STREAMS.iter().any(|stream| path == Path::new(stream)) {
        return false;
    }
    let parts = |path: &Path| {
        let owned = |part: Component<'_>| PathBuf::from(part.as_os_str());
        path.components().map(owned).collect::<VecDeque<_>>()
    };
    let (mut at, mut rest, mut links) = (PathBuf::from("/"), parts(path), 0);
    while let Some(part) = rest.pop_front() {
        if part == Path::new("..") {
            at.pop();
            continue;
        }
        let next = at.join(part);
        match next.read_link() {
            Ok(_) if next.starts_with("/proc") => return true,
            Ok(_) if links == MOST_LINKS => return false,
            Ok(target) => {
                links += 1;
                rest = parts(&target).into_iter().chain(rest).collect();
            }
            Err(_) => at = next,
        }
    }
    false
}

/// Where a path leads: the part of it that is there without links, and the rest as it is.
pub(crate) fn real(path: &Path) -> PathBuf {
    let mut there = path;
    loop {
        if let Ok(found) = there.canonicalize() {
            let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
            return paths::plain(&found.join(rest));
        }
        match there.parent() {
            Some(parent) => there = parent,
            None => return paths::plain(path),
        }
    }
}

fn content(path: &Path) -> Option<Digest> {
    let mut bytes = Vec::new();
    let found =
        path.metadata().ok().filter(|found| found.is_file() && found.len() <= MOST_SCRIPT)?;
    File::open(path).ok()?.take(found.len()).read_to_end(&mut bytes).ok()?;
    Some(Digest::of(&bytes))
}

#[cfg(unix)]
fn is_of_system(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let safe = |path: &Path| {
        path.metadata().is_ok_and(|found| found.uid() == 0 && found.mode() & 0o022 == 0)
    };
    let inside = SYSTEM.iter().any(|folder| path.starts_with(folder));
    inside && safe(path) && path.parent().is_some_and(safe)
}

#[cfg(not(unix))]
fn is_of_system(_path: &Path) -> bool {
    false
}
