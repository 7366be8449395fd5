//! What is outside of the sandbox in these tests.

use d1_core::{Argv, NetworkAsk, NetworkDecision, NetworkReason, NetworkUse, Output, Stop};
use d1_executor::{
    Confinement, Demand, DomainName, Egress, Fence, Grant, How, Limits, LinuxConfig, LinuxSandbox,
    Outside, Profile, Resolver, SandboxBackend, SandboxError, Surroundings, run_confined,
};
use std::{
    collections::{BTreeMap, HashMap},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};

/// Long enough on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Names lead where the test says; each look-up takes the next answer, and the last one stays.
#[derive(Debug, Default)]
pub(crate) struct Map(Mutex<HashMap<String, Vec<Vec<SocketAddr>>>>, Mutex<Vec<String>>);

impl Map {
    pub(crate) fn lead(&self, name: &str, answers: &[&[SocketAddr]]) {
        let answers = answers.iter().map(|one| one.to_vec()).collect();
        self.0.lock().unwrap().insert(name.to_owned(), answers);
    }

    /// Every name that was looked up, in order.
    pub(crate) fn looked_up(&self) -> Vec<String> {
        self.1.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl Resolver for Map {
    async fn addresses(&self, host: &DomainName, _port: u16) -> io::Result<Vec<SocketAddr>> {
        self.1.lock().unwrap().push(host.to_string());
        let mut all = self.0.lock().unwrap();
        let answers = all.get_mut(host.as_str()).ok_or(io::ErrorKind::NotFound)?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

/// Servers outside, and a sandbox whose commands may want to call them.
pub(crate) struct Town {
    pub(crate) home: TempDir,
    pub(crate) map: Arc<Map>,
    sandbox: Arc<dyn SandboxBackend>,
    servers: Mutex<JoinSet<()>>,
}

impl Town {
    pub(crate) fn new() -> Self {
        Self::with(|outside| outside)
    }

    /// With something else about what is outside.
    pub(crate) fn with(change: impl Fn(Outside) -> Outside) -> Self {
        Self::made(change, false)
    }

    /// With a sandbox that is content with less where there are no namespaces.
    pub(crate) fn lax() -> Self {
        Self::made(|outside| outside, true)
    }

    fn made(change: impl Fn(Outside) -> Outside, allow_bare: bool) -> Self {
        let home = tempfile::tempdir_in("/var/tmp").unwrap();
        let map = Arc::new(Map::default());
        let outside = change(Outside::new().with_resolver(Arc::<Map>::clone(&map)));
        let sandbox = sandbox(&home, &outside, allow_bare);
        Self { home, map, sandbox, servers: Mutex::default() }
    }

    /// A server on the loopback address that does `serve` with each connection.
    pub(crate) async fn server<F: Future<Output = ()> + Send + 'static>(
        &self,
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        self.servers.lock().unwrap().spawn(async move {
            let mut all = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                all.spawn(serve(stream));
            }
        });
        at
    }

    /// A server that answers every request over HTTP with `text`.
    pub(crate) async fn page(&self, text: &'static str) -> SocketAddr {
        self.server(move |stream| answer(stream, text)).await
    }

    /// A server with a certificate for these names, which answers as [`Town::page`] does. The
    /// command finds who vouches for it at `ca.pem`.
    pub(crate) async fn safe_page(&self, names: &[&str], text: &'static str) -> SocketAddr {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        std::fs::write(self.home.path().join("ca.pem"), made.cert.pem()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        self.server(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, text).await;
                }
            }
        })
        .await
    }

    /// What a command gets that may call these hosts, and whose names may lead to this machine.
    pub(crate) fn grant(&self, argv: &[&str], hosts: &[&str]) -> Grant {
        let home = self.home.path().to_str().unwrap().to_owned();
        let env = [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", &home), ("LANG", "C.UTF-8")];
        let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
        let inside = vec!["127.0.0.0/8".parse().unwrap()];
        Grant {
            profile: Profile::Home,
            argv: Argv::new(argv.iter().copied()).unwrap(),
            env: BTreeMap::from(env.map(|(name, value)| (name.to_owned(), value.to_owned()))),
            cwd: self.home.path().to_path_buf(),
            script: None,
            touches: Vec::new(),
            keep: Vec::new(),
            network: Egress { inside, ..Egress::of(hosts) },
            limits: Limits::USUAL,
            demand: Demand::Required,
        }
    }

    pub(crate) async fn run(&self, grant: &Grant) -> Result<Confinement, SandboxError> {
        self.run_until(grant, &Stop::new()).await
    }

    pub(crate) async fn run_until(
        &self,
        grant: &Grant,
        stop: &Stop,
    ) -> Result<Confinement, SandboxError> {
        let (to, mut from) = mpsc::channel::<Output>(16);
        let grace = Duration::from_millis(200);
        let fence = Fence { timeout: PATIENCE, grace, interruptible: true };
        let run = run_confined(&self.sandbox, grant, fence, &to, stop);
        let drain = async { while from.recv().await.is_some() {} };
        tokio::select! {
            ended = run => ended,
            () = drain => unreachable!("the sender lives as long as the run"),
        }
    }

    /// Runs a shell line that may call these hosts; it must end well.
    pub(crate) async fn shell(&self, line: &str, hosts: &[&str]) -> (String, NetworkUse) {
        let ended = self.run(&self.grant(&["bash", "-c", line], hosts)).await.unwrap();
        let said = &ended.report;
        assert_eq!(said.how, How::Exited(0), "{line}: {} {}", said.stdout, said.stderr);
        (ended.report.stdout, ended.isolation.network)
    }
}

/// Reads the head of a request, answers it with `text`, and hangs up.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) {
    let mut all = Vec::new();
    while !all.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(read @ 1..) => all.extend_from_slice(&piece[..read]),
            Ok(0) | Err(_) => return,
        }
    }
    let length = text.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let _gone = stream.write_all(format!("{head}{text}").as_bytes()).await;
    let _gone = stream.shutdown().await;
}

fn sandbox(home: &TempDir, outside: &Outside, allow_bare: bool) -> Arc<dyn SandboxBackend> {
    let around = Surroundings { home: home.path().to_path_buf(), ours: Vec::new() };
    let config = LinuxConfig { around, allow_bare, ahead: false };
    Arc::new(LinuxSandbox::new(config).with_outside(outside.clone()))
}

/// What was decided about connections and requests, in short.
pub(crate) fn decided(network: &NetworkUse) -> Vec<(NetworkAsk, &str, u16, Option<NetworkReason>)> {
    let of = |it: &'_ NetworkDecision| it.ask != NetworkAsk::Name && it.ask != NetworkAsk::Record;
    let all = network.decisions.iter().filter(|it| of(it));
    all.map(|it| (it.ask, it.host.as_str(), it.port, it.reason)).collect()
}

/// Whether something was refused for this reason.
pub(crate) fn refused(network: &NetworkUse, host: &str, reason: NetworkReason) -> bool {
    network.refused().any(|it| it.host == host && it.reason == Some(reason))
}
