//! A person's desk: the real programs, a state directory of their own, and an environment in
//! which nothing of the person who runs the tests is left.

use crate::AptRoot;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long anything in these tests may take before it counts as hanging.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A person's desk.
#[derive(Debug)]
pub struct Desk {
    state: TempDir,
    env: BTreeMap<String, String>,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Its standard output as JSON; there must be exactly one document.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one JSON document: {error}\n{}", self.stdout))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Desk {
    /// A desk at a machine whose apt is `apt`.
    pub fn at(apt: &AptRoot) -> Self {
        Self { state: tempfile::tempdir().unwrap(), env: apt.env() }
    }

    /// A desk at the real machine.
    pub fn at_this_machine() -> Self {
        Self { state: tempfile::tempdir().unwrap(), env: BTreeMap::new() }
    }

    /// A path in the state directory.
    pub fn state(&self, inside: &str) -> PathBuf {
        self.state.path().join(inside)
    }

    /// The state directory.
    pub fn state_dir(&self) -> &Path {
        self.state.path()
    }

    /// One more environment variable for everything started here.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Where a program of ours was built: beside the tests.
    pub fn built(name: &str) -> PathBuf {
        let tests = std::env::current_exe().unwrap();
        let folder = tests.ancestors().find(|path| path.join(name).is_file());
        let folder = folder.unwrap_or_else(|| {
            panic!("{name} is not built; run tests/run, or cargo build --workspace --all-features")
        });
        folder.join(name)
    }

    /// One of our programs, ready to be started: `d1-doctor`, `d1-daemon`, `d1-cloud`.
    pub fn program(&self, name: &str) -> Command {
        self.program_at(Self::built(name))
    }

    /// Any program, ready to be started as ours are.
    pub fn program_at(&self, path: impl AsRef<Path>) -> Command {
        let mut command = Command::new(path.as_ref());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.state.path())
            .env("LANG", "C.UTF-8")
            .env("D1_STATE_DIR", self.state.path())
            // Every desk is a machine of its own.
            .env("D1_MACHINE_LOCK", self.state.path().join("machine.lock"))
            .envs(&self.env)
            .stdin(Stdio::null());
        command
    }

    /// Runs `d1-doctor` to its end.
    pub fn doctor(&self, args: &[&str]) -> Ran {
        let mut command = self.program("d1-doctor");
        command.args(args);
        run(command)
    }

    /// Starts `d1-doctor`, and hands it over.
    pub fn start(&self, args: &[&str]) -> Child {
        let mut command = self.program("d1-doctor");
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Starts the daemon, and waits until it says that it is ready.
    pub fn daemon(&self, args: &[&str]) -> Server {
        Server::start(self.program("d1-daemon"), args, "ready on")
    }
}

/// A program that serves until it is told to stop; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// The line with which it said that it was ready.
    pub ready: String,
}

impl Server {
    /// Starts it, and waits for the line on standard error that has `word` in it.
    pub fn start(command: Command, args: &[&str], word: &str) -> Self {
        Self::try_start(command, args, word)
            .unwrap_or_else(|said| panic!("it ended before it was ready:\n{said}"))
    }

    /// The same; what it said when it ends before it is ready.
    pub fn try_start(mut command: Command, args: &[&str], word: &str) -> Result<Self, String> {
        let child = command.args(args).stderr(Stdio::piped()).spawn().unwrap();
        let mut server = Self { child, ready: String::new() };
        let mut lines = BufReader::new(server.child.stderr.take().unwrap());
        let mut said = String::new();
        while !server.ready.contains(word) {
            server.ready.clear();
            if lines.read_line(&mut server.ready).unwrap() == 0 {
                return Err(said);
            }
            said += &server.ready;
        }
        // Its later words are read and dropped, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Ok(server)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn is_dead(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Kills it as a crash would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits for its end.
    pub fn stop(mut self) -> i32 {
        signal(self.pid(), "TERM");
        wait(&mut self.child).unwrap_or(-1)
    }

    /// Waits for its end, which something else brings about.
    pub fn wait(mut self) -> Option<i32> {
        wait(&mut self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_dead = self.child.kill();
        let _already_reaped = self.child.wait();
    }
}

/// Runs a command to its end; one that hangs is killed and fails the test.
pub fn run(mut command: Command) -> Ran {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    finish(child)
}

/// Waits for a child's end and collects its words.
pub fn finish(mut child: Child) -> Ran {
    let mut stderr = child.stderr.take().unwrap();
    let words = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let mut stdout_pipe = child.stdout.take().unwrap();
    let data = std::thread::spawn(move || {
        let mut text = String::new();
        stdout_pipe.read_to_string(&mut text).map(|_| text)
    });
    let code = wait(&mut child);
    let stdout = data.join().unwrap().unwrap();
    let stderr = words.join().unwrap().unwrap();
    Ran { code: code.unwrap_or(-1), stdout, stderr }
}

/// Sends a signal by name.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

/// Waits until `state` holds; panics after [`PATIENCE`].
pub fn until(what: &str, mut state: impl FnMut() -> bool) {
    let began = Instant::now();
    while !state() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        nap();
    }
}

fn wait(child: &mut Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("a program hung for {PATIENCE:?}");
        }
        nap();
    }
}

#[expect(clippy::disallowed_methods, reason = "between two looks at another process's state")]
fn nap() {
    std::thread::sleep(Duration::from_millis(5));
}
