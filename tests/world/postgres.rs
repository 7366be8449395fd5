//! A PostgreSQL server of a test's own: in a temporary directory, on a Unix socket.
//!
//! 1. The first test that asks starts it; tests that run meanwhile share it.
//! 2. Each test gets a database of its own, cloned from a template.
//! 3. When the last test lets go of it, it is stopped by its id and its directory is removed.
//!    When the tests themselves die, the kernel tells it to stop.
//!
//! The server comes from Debian's `postgresql` package. It refuses to run as root, so there
//! it runs as the user `postgres`.

use std::{
    fmt,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The one that tests of this process share.
static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

/// A running server.
pub struct Postgres {
    directory: PathBuf,
    id: Mutex<Option<(u32, mpsc::Receiver<()>)>>,
    databases: AtomicU64,
    settings: &'static [&'static str],
}

impl Postgres {
    /// The server that tests of this process share. It keeps its promises to a process that
    /// dies, not to a machine that does.
    ///
    /// # Panics
    ///
    /// When there is no server to start: a test that needs one must not pass without.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return running;
        }
        let started = Arc::new(Self::start(&["fsync=off"]));
        *shared = Arc::downgrade(&started);
        started
    }

    /// A server with these settings, for one test alone.
    ///
    /// # Panics
    ///
    /// When there is no server to start.
    #[must_use]
    pub fn start(settings: &'static [&'static str]) -> Self {
        let made = Command::new("mktemp").args(["-d", "/tmp/d1-postgres-XXXXXX"]).output().unwrap();
        let directory = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
        if is_root() {
            assert!(
                run(Command::new("chown").arg("postgres:").arg(&directory)),
                "no user postgres"
            );
        }
        let data = directory.join("data");
        let mut make = as_server(&program("initdb"));
        make.args(["--auth=trust", "--username=postgres", "--no-sync", "--no-instructions", "-D"]);
        assert!(run(make.arg(&data)), "`initdb` failed in {}", data.display());
        let server =
            Self { directory, id: Mutex::default(), databases: AtomicU64::new(0), settings };
        server.run();
        server
    }

    /// Starts it again after [`Postgres::stop_at_once`].
    pub fn run(&self) {
        let mut serve = as_server(&program("postgres"));
        serve.arg("-D").arg(self.directory.join("data"));
        serve.arg("-k").arg(&self.directory).args(["-c", "listen_addresses="]);
        for setting in self.settings {
            serve.args(["-c", setting]);
        }
        serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let (tell, told) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        // It is told to stop when this thread ends, so the thread stays as long as it does.
        thread::spawn(move || {
            let mut child = serve.spawn().expect("`setpriv` starts the server");
            let log = BufReader::new(child.stderr.take().expect("its log is piped"));
            let mut text = String::new();
            for line in log.lines().map_while(Result::ok) {
                if line.contains("ready to accept connections") {
                    drop(tell.send(Ok(child.id())));
                }
                text = text + &line + "\n";
            }
            drop(tell.send(Err(text)));
            drop(child.wait());
            let _nobody_waits = end.send(());
        });
        match told.recv().expect("the thread tells how it went") {
            Ok(id) => *self.lock() = Some((id, ended)),
            Err(log) => panic!("the PostgreSQL server did not start:\n{log}"),
        }
    }

    /// Ends it as a power cut would, without a word to anybody.
    pub fn stop_at_once(&self) {
        self.stop("QUIT");
    }

    fn stop(&self, signal: &str) {
        let Some((id, ended)) = self.lock().take() else { return };
        run(Command::new("kill").arg(format!("-{signal}")).arg(id.to_string()));
        let _ended = ended.recv();
    }

    /// The address of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.directory.display())
    }

    /// Makes a database that others are cloned from: `fill` connects to it and fills it.
    ///
    /// # Panics
    ///
    /// When the server does not make it.
    pub async fn template(&self, name: &str, fill: impl AsyncFnOnce(String)) {
        assert!(run(self.client("createdb").arg(name)), "no database {name}");
        fill(self.url(name)).await;
        // Nobody may be connected to what is cloned; who has left may not be gone yet.
        let leave = format!(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        assert!(run(self.client("psql").args(["-d", "postgres", "-c", &leave])));
    }

    /// The address of a new database that is like `template`.
    ///
    /// # Panics
    ///
    /// When the server does not make it.
    #[must_use]
    pub fn clone_of(&self, template: &str) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        let mut create = self.client("createdb");
        assert!(run(create.args(["-T", template, &name])), "no database like {template}");
        self.url(&name)
    }

    /// Runs one of the server's own programs against it.
    #[must_use]
    pub fn client(&self, name: &str) -> Command {
        let mut client = Command::new(program(name));
        client.args(["-U", "postgres", "-h"]).arg(&self.directory);
        client
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(u32, mpsc::Receiver<()>)>> {
        self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop("INT");
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// The path of a program of the newest version that is here.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin").join(name));
    let newest = found.filter(|path| path.exists()).max();
    newest.unwrap_or_else(|| {
        panic!("there is no `{name}` in {VERSIONS}; install the Debian package postgresql")
    })
}

fn as_server(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(program).current_dir("/").env("LC_ALL", "C.UTF-8");
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

fn run(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).status().is_ok_and(|ended| ended.success())
}
