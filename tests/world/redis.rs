//! A Redis server of a test's own: in a temporary directory, on a Unix socket.
//!
//! It comes from Debian's `redis-server` package. It is killed when the test lets go of it,
//! and the kernel kills it when the test itself dies. It writes nothing to the disk.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// A running server.
#[derive(Debug)]
pub struct Redis {
    directory: TempDir,
    settings: Vec<String>,
    server: Option<Child>,
}

impl Redis {
    /// Starts one for this test alone.
    ///
    /// # Panics
    ///
    /// When there is no server to start: a test that needs one must not pass without.
    #[must_use]
    pub fn start() -> Self {
        Self::set(&[])
    }

    /// Starts one with further settings, each as `redis-server` takes them in its arguments.
    ///
    /// # Panics
    ///
    /// When there is no server to start, or it does not take a setting.
    #[must_use]
    pub fn set(settings: &[&str]) -> Self {
        let settings = settings.iter().map(ToString::to_string).collect();
        let mut redis = Self { directory: tempfile::tempdir().unwrap(), settings, server: None };
        redis.run();
        redis
    }

    /// Starts it again after [`Redis::kill`]. It has forgotten everything.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn run(&mut self) {
        let mut serve = Command::new("setpriv");
        serve.args(["--pdeathsig", "KILL", "redis-server", "--port", "0", "--save", ""]);
        serve.args(["--appendonly", "no", "--unixsocket", &self.socket(), "--dir"]);
        serve.arg(self.directory.path()).args(&self.settings);
        serve.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut server = serve.spawn().expect("`setpriv` starts the server");
        let mut log = BufReader::new(server.stdout.take().expect("its log is piped"));
        let mut line = String::new();
        while !line.contains("eady to accept connections") {
            line.clear();
            let read = log.read_line(&mut line).unwrap();
            assert!(read > 0, "redis-server ended; is the Debian package redis-server there?");
        }
        // Its later words are read and dropped, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        self.server = Some(server);
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Stops it as a machine does that has no time: connections stay, nothing is answered.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Goes on after [`Redis::pause`].
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket())
    }

    /// Asks it something, as an operator would.
    ///
    /// # Panics
    ///
    /// When it does not answer.
    #[must_use]
    pub fn ask(&self, words: &[&str]) -> String {
        let mut ask = Command::new("redis-cli");
        let asked = ask.args(["-s", &self.socket()]).args(words).output().unwrap();
        assert!(asked.status.success(), "{asked:?}");
        String::from_utf8(asked.stdout).unwrap().trim().to_owned()
    }

    fn signal(&self, name: &str) {
        let id = self.server.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    fn socket(&self) -> String {
        self.directory.path().join("redis.sock").display().to_string()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
