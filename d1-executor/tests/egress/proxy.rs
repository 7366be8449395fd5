//! The owner's proxy: what is let through goes by it, and the record says so.

use crate::town::{Town, refused};
use d1_core::{NetworkReason as Reason, NetworkUse};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

const GOOD: &str = "good.example.org";

/// A proxy that passes on to `to`, or refuses when there is nobody; and what it was asked.
struct Proxy {
    at: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    listener: Option<TcpListener>,
    serving: JoinSet<()>,
}

impl Proxy {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        Self { at, asked: Arc::default(), listener: Some(listener), serving: JoinSet::new() }
    }

    /// A town behind it.
    fn town(&self, no: &str) -> Town {
        let (at, no) = (self.at, no.to_owned());
        Town::with(move |outside| {
            outside.with_proxies_of(&|name| match name {
                "http_proxy" | "https_proxy" => Some(format!("http://ada:secret@{at}")),
                "no_proxy" => Some(no.clone()),
                _ => None,
            })
        })
    }

    fn serve(&mut self, to: Option<SocketAddr>) {
        let (listener, asked) = (self.listener.take().unwrap(), Arc::clone(&self.asked));
        self.serving.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                pass_on(stream, &asked, to).await;
            }
        });
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn pass_on(mut stream: TcpStream, asked: &Mutex<Vec<String>>, to: Option<SocketAddr>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.to_lowercase().contains("proxy-authorization: basic"), "{head}");
    let line = head.lines().next().unwrap().to_owned();
    asked.lock().unwrap().push(line.clone());
    let Some(to) = to else {
        let _gone = stream.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").await;
        return;
    };
    let mut outside = TcpStream::connect(to).await.unwrap();
    if line.starts_with("CONNECT") {
        stream.write_all(b"HTTP/1.1 200 Go\r\n\r\n").await.unwrap();
    } else {
        outside.write_all(head.as_bytes()).await.unwrap();
    }
    let _ended = copy_bidirectional(&mut stream, &mut outside).await;
}

fn by_proxy(network: &NetworkUse, at: SocketAddr) -> bool {
    let called = format!("proxy {at}");
    network.proxy == at.to_string() && network.decisions.iter().any(|it| it.address == called)
}

#[tokio::test]
async fn tls_goes_through_it_and_the_name_in_the_greeting_counts_as_ever() {
    let mut proxy = Proxy::new().await;
    let town = proxy.town("");
    let page = town.safe_page(&[GOOD, "evil.org"], "safe").await;
    proxy.serve(Some(page));
    let line = "curl -sS --cacert ca.pem https://good.example.org/; \
        curl -sS -k --connect-to evil.org:443:good.example.org:443 https://evil.org/ 2>/dev/null; true";
    let (said, network) = town.shell(line, &[GOOD]).await;
    assert_eq!(said, "safe");
    assert_eq!(proxy.asked(), ["CONNECT good.example.org:443 HTTP/1.1"]);
    assert!(by_proxy(&network, proxy.at), "{network:?}");
    assert!(refused(&network, GOOD, Reason::OtherServerName), "{network:?}");
    assert_eq!(town.map.looked_up(), Vec::<String>::new(), "the proxy looks names up");
}

#[tokio::test]
async fn plain_http_is_asked_of_it_by_the_whole_address() {
    let mut proxy = Proxy::new().await;
    let town = proxy.town("near.example.org");
    let page = town.page("plain").await;
    let near = town.page("near").await;
    town.map.lead("near.example.org", &[&[near]]);
    proxy.serve(Some(page));
    let line = "curl -sS http://good.example.org/x?y=1; curl -sS http://near.example.org/; \
        env | grep -i proxy; true";
    let (said, network) = town.shell(line, &[GOOD, "near.example.org"]).await;
    assert_eq!(said, "plainnear");
    assert_eq!(proxy.asked(), ["GET http://good.example.org/x?y=1 HTTP/1.1"]);
    assert!(by_proxy(&network, proxy.at), "{network:?}");
    assert!(!format!("{network:?}").contains("secret"));
    assert_eq!(town.map.looked_up(), ["near.example.org"]);
}

#[tokio::test]
async fn what_it_does_not_let_through_is_told_as_that() {
    let mut proxy = Proxy::new().await;
    let town = proxy.town("");
    proxy.serve(None);
    let (_, network) = town.shell("curl -sS https://good.example.org/ 2>&1; true", &[GOOD]).await;
    let reasons: Vec<_> = network.decisions.iter().filter_map(|it| it.reason).collect();
    assert_eq!(reasons, [Reason::ProxyRefused], "{network:?}");
}

/// Whoever knows of a proxy and goes there by itself does not get there.
#[tokio::test]
async fn f13_a_proxy_that_the_command_names_itself_is_a_host_like_any_other() {
    let mut proxy = Proxy::new().await;
    let town = Town::new();
    let page = town.page("page").await;
    proxy.serve(Some(page));
    let line = format!("curl -sS -m 20 -x http://{} http://evil.org/ 2>&1; true", proxy.at);
    let (said, _) = town.shell(&line, &[GOOD]).await;
    assert!(said.contains("Failed to connect") || said.contains("Couldn't connect"), "{said}");
    assert_eq!(proxy.asked(), Vec::<String>::new());
}
