//! The network port, against real servers on the loopback: who is believed, who stays silent,
//! what a proxy lets through.

use d1_core::{Clock, Timestamp, memory::ManualClock};
use d1_executor::{Destination, Network, NetworkError, Proxy, Refusal, ThisNetwork};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader,
    },
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer},
    },
};

/// A day of 2026 on which the certificates of these tests are valid, in milliseconds.
const TODAY: Timestamp = Timestamp(1_796_083_200_000);
/// The same day as an answer says it.
const TODAY_SAID: &str = "Tue, 01 Dec 2026 00:00:00 GMT";

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::starting_at(TODAY))
}

/// An authority that vouches for servers.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }

    /// What a server of this name needs, valid in these years.
    fn vouch(&self, name: &str, years: (i32, i32)) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Answers one connection, beside what is asked of it.
async fn beside<T, F: Future<Output = ()>>(
    answer: impl FnOnce(TcpListener) -> F,
    ask: impl AsyncFnOnce(u16) -> T,
) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answering = answer(listener);
    tokio::select! {
        biased;
        asked = ask(port) => asked,
        () = async { answering.await; std::future::pending().await } => unreachable!(),
    }
}

async fn shake_hands(acceptor: TlsAcceptor, listener: TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    // Whether it is believed is not for the server to say.
    let _refused = acceptor.accept(stream).await;
}

/// Reads a request, and says this.
async fn say(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str) -> String {
    let mut asked = String::new();
    let mut lines = BufReader::new(&mut *stream);
    while !asked.ends_with("\r\n\r\n") {
        assert_ne!(lines.read_line(&mut asked).await.unwrap(), 0, "{asked}");
    }
    stream.write_all(head.as_bytes()).await.unwrap();
    asked
}

fn to(address: &str) -> Destination {
    Destination { uri: address.parse().unwrap(), proxy: None }
}

fn none() -> RootCertStore {
    RootCertStore::empty()
}

#[tokio::test]
async fn a_certificate_is_judged_by_the_system_and_by_what_tools_bring_along() {
    let (known, other) = (Authority::new("Known Trust"), Authority::new("Other Trust"));
    let (name, unknown) = ("localhost", Err(Refusal::UnknownAuthority));
    for (vouched, system, bundled, by_system, by_bundled) in [
        (known.vouch(name, (2026, 2028)), known.roots(), known.roots(), Ok(()), Ok(())),
        // As in a company's network.
        (known.vouch(name, (2026, 2028)), known.roots(), other.roots(), Ok(()), unknown.clone()),
        (known.vouch(name, (2026, 2028)), none(), none(), unknown.clone(), unknown.clone()),
        (
            known.vouch(name, (2020, 2025)),
            known.roots(),
            known.roots(),
            Err(Refusal::Expired),
            Err(Refusal::Expired),
        ),
        (
            known.vouch(name, (2028, 2029)),
            known.roots(),
            known.roots(),
            Err(Refusal::NotYet),
            Err(Refusal::NotYet),
        ),
        (
            known.vouch("elsewhere.example", (2026, 2028)),
            known.roots(),
            known.roots(),
            Err(Refusal::OtherName),
            Err(Refusal::OtherName),
        ),
    ] {
        let network = ThisNetwork::trusting(clock(), system, bundled);
        let presented = beside(
            |listener| shake_hands(vouched, listener),
            async |port| network.handshake(&to(&format!("https://localhost:{port}"))).await,
        );
        let presented = presented.await.unwrap();
        assert_eq!(presented.issuer.as_deref(), Some("Known Trust"));
        assert_eq!((presented.by_system, presented.by_bundled), (by_system, by_bundled));
    }
}

#[tokio::test]
async fn an_answer_tells_the_time_its_age_and_whom_it_sends_us_to() {
    let network = ThisNetwork::trusting(clock(), none(), none());
    let head = format!(
        "HTTP/1.1 302 Found\r\nDate: {TODAY_SAID}\r\nAge: 7\r\nLocation: http://Other.example/x\r\n\r\n"
    );
    let answer = beside(
        async |listener| {
            let (mut stream, _) = listener.accept().await.unwrap();
            let asked = say(&mut stream, &head).await;
            assert!(asked.starts_with("HEAD /debian HTTP/1.1\r\n"), "{asked}");
        },
        async |port| network.head(&to(&format!("http://localhost:{port}/debian"))).await,
    );
    let answer = answer.await.unwrap();
    assert_eq!((answer.status, answer.date), (302, Some(TODAY)));
    assert_eq!(
        (answer.age, answer.sent_to.as_deref()),
        (Duration::from_secs(7), Some("other.example"))
    );
}

#[tokio::test]
async fn a_date_that_is_none_is_no_date() {
    let network = ThisNetwork::trusting(clock(), none(), none());
    let answer = beside(
        async |listener| {
            let (mut stream, _) = listener.accept().await.unwrap();
            say(&mut stream, "HTTP/1.1 200 OK\r\nDate: yesterday\r\n\r\n").await;
        },
        async |port| network.head(&to(&format!("http://localhost:{port}"))).await,
    );
    assert_eq!(answer.await.unwrap().date, None);
}

#[tokio::test]
async fn nothing_is_asked_of_somebody_who_is_not_believed() {
    let known = Authority::new("Known Trust");
    let network = ThisNetwork::trusting(clock(), none(), known.roots());
    let vouched = known.vouch("localhost", (2026, 2028));
    let asked = beside(
        |listener| shake_hands(vouched, listener),
        async |port| network.head(&to(&format!("https://localhost:{port}"))).await,
    );
    let why = asked.await.unwrap_err().to_string();
    assert_eq!(why, "it breaks off: no authority that is known vouches for it");
}

#[tokio::test]
async fn whoever_takes_a_connection_and_stays_silent_is_left() {
    let network = ThisNetwork::trusting(clock(), none(), none());
    for address in ["http://localhost", "https://localhost"] {
        let silent = beside(
            async |listener| {
                let _open = listener.accept().await.unwrap();
                // From now on the bound is all that can end it.
                tokio::time::pause();
                std::future::pending().await
            },
            async |port| {
                let to = to(&format!("{address}:{port}"));
                match to.uri.scheme_str() {
                    Some("https") => network.handshake(&to).await.map(drop),
                    _ => network.head(&to).await.map(drop),
                }
            },
        );
        let error = silent.await.unwrap_err();
        assert!(matches!(error, NetworkError::TimedOut { .. }), "{error:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn where_nobody_listens_there_is_no_connection() {
    let network = ThisNetwork::trusting(clock(), none(), none());
    // An address of its own, so that no other test gets the port.
    let listener = TcpListener::bind("127.0.0.9:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let refused = network.connect(closed).await.unwrap_err();
    assert!(matches!(refused, NetworkError::NoConnection { .. }), "{refused:?}");
    let refused = network.handshake(&to(&format!("https://{closed}"))).await.unwrap_err();
    assert!(matches!(refused, NetworkError::NoConnection { .. }), "{refused:?}");
}

/// A proxy that checks who asks, and connects to `behind` whatever is asked for.
async fn proxy(listener: TcpListener, behind: SocketAddr, says: &str) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let asked = say(&mut stream, says).await;
    assert!(asked.starts_with("CONNECT localhost:9 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("proxy-authorization: Basic bWF5YTpzZWNyZXQ=\r\n"), "{asked}");
    if says.contains("200") {
        let mut server = TcpStream::connect(behind).await.unwrap();
        let _ended = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
    }
}

fn through(port: u16, address: &str) -> Destination {
    let authorization = Some("Basic bWF5YTpzZWNyZXQ=".parse().unwrap());
    let proxy = Proxy { host: "127.0.0.1".into(), port, is_plain: true, authorization };
    Destination { uri: address.parse().unwrap(), proxy: Some(proxy) }
}

#[tokio::test]
async fn a_handshake_goes_through_a_proxy_that_wants_to_know_who_asks() {
    let known = Authority::new("Known Trust");
    let network = ThisNetwork::trusting(clock(), known.roots(), known.roots());
    let vouched = known.vouch("localhost", (2026, 2028));
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = through(listener.local_addr().unwrap().port(), "https://localhost:9");
    let behind = server.local_addr().unwrap();
    let established = "HTTP/1.1 200 Connection established\r\n\r\n";
    let ((), (), presented) = tokio::join!(
        shake_hands(vouched, server),
        proxy(listener, behind, established),
        network.handshake(&to),
    );
    assert_eq!(presented.unwrap().by_system, Ok(()));
}

#[tokio::test]
async fn a_proxy_that_lets_nobody_through_says_so() {
    let network = ThisNetwork::trusting(clock(), none(), none());
    let refused = beside(
        |listener| async move {
            let nowhere = listener.local_addr().unwrap();
            proxy(listener, nowhere, "HTTP/1.1 407 Who are you\r\n\r\n").await;
        },
        async |port| network.handshake(&through(port, "https://localhost:9")).await,
    );
    assert_eq!(refused.await.unwrap_err().to_string(), "the proxy says 407");
}

#[tokio::test]
async fn a_proxy_is_told_whom_to_ask() {
    let network = ThisNetwork::trusting(clock(), none(), none());
    let answer = beside(
        async |listener| {
            let (mut stream, _) = listener.accept().await.unwrap();
            let asked = say(&mut stream, "HTTP/1.1 200 OK\r\n\r\n").await;
            assert!(asked.starts_with("HEAD http://deb.example/debian HTTP/1.1\r\n"), "{asked}");
            assert!(asked.contains("host: deb.example:80\r\n"), "{asked}");
            // What was asked for has no body.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            assert!(rest.is_empty());
        },
        async |port| network.head(&through(port, "http://deb.example/debian")).await,
    );
    assert_eq!(answer.await.unwrap().status, 200);
}
