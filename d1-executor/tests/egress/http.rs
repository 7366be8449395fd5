//! Plain HTTP: each request has to name the host that was called, and is asked anew.

use crate::town::{Town, refused};
use d1_core::NetworkReason as Reason;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const GOOD: &str = "good.example.org";

/// A server that keeps what it is told, and says "ok" to every request over one connection.
async fn listener(town: &Town) -> (SocketAddr, Arc<Mutex<Vec<u8>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&heard);
    let at = town.server(move |mut stream| {
        let keep = Arc::clone(&keep);
        async move {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut piece).await {
                keep.lock().unwrap().extend_from_slice(&piece[..read]);
                let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                if stream.write_all(ok).await.is_err() {
                    return;
                }
            }
        }
    });
    (at.await, heard)
}

/// What a server hears and the command is answered when it sends these bytes on one connection.
async fn sent(bytes: &str) -> (String, String, d1_core::NetworkUse) {
    let town = Town::new();
    let (at, heard) = listener(&town).await;
    town.map.lead(GOOD, &[&[at]]);
    // It may be refused, and hung up on, before it has said everything.
    let line = format!(
        "trap '' PIPE; exec 3<>/dev/tcp/{GOOD}/80; printf '%b' '{bytes}' >&3; timeout 60 cat <&3; true"
    );
    let (said, network) = town.shell(&line, &[GOOD]).await;
    let heard = String::from_utf8(heard.lock().unwrap().clone()).unwrap();
    (heard, said, network)
}

#[tokio::test]
async fn f12_every_request_of_a_connection_is_checked() {
    let first = r"GET /one HTTP/1.1\r\nHost: good.example.org\r\n\r\n";
    let second = r"GET /two HTTP/1.1\r\nHost: evil.org\r\nConnection: close\r\n\r\n";
    let (heard, said, network) = sent(&format!("{first}{second}")).await;
    assert!(heard.starts_with("GET /one HTTP/1.1\r\n") && !heard.contains("two"), "{heard}");
    assert!(said.contains("200 OK") && said.contains("421 Misdirected Request"), "{said}");
    assert!(said.contains("x-d1-doctor: other_host"), "{said}");
    assert!(refused(&network, "evil.org", Reason::OtherHost), "{network:?}");
    // Whoever names the host it called is heard twice.
    let second = second.replace("evil.org", GOOD);
    let (heard, said, _) = sent(&format!("{first}{second}")).await;
    assert!(heard.contains("GET /one") && heard.contains("GET /two"), "{heard}");
    assert_eq!(said.matches("200 OK").count(), 2);
}

#[tokio::test]
async fn f12_what_two_readers_could_read_in_two_ways_is_refused() {
    for (bytes, reason) in [
        (r"GET http://evil.org/ HTTP/1.1\r\nHost: good.example.org\r\n\r\n", Reason::OtherHost),
        (r"GET / HTTP/1.1\r\nHost: good.example.org\r\nHost: evil.org\r\n\r\n", Reason::OtherHost),
        (r"GET / HTTP/1.1\r\n\r\n", Reason::OtherHost),
        (r"GET / HTTP/1.0\r\n\r\n", Reason::OtherHost),
        (r"GET / HTTP/1.1\r\nHost: good.example.org\r\n folded: yes\r\n\r\n", Reason::NotHttp),
        (r"GET / HTTP/1.1\r\nHost : good.example.org\r\n\r\n", Reason::NotHttp),
        (
            r"POST / HTTP/1.1\r\nHost: good.example.org\r\nTransfer-Encoding: chunked, x\r\n\r\n",
            Reason::NotHttp,
        ),
        (r"CONNECT evil.org:443 HTTP/1.1\r\nHost: good.example.org\r\n\r\n", Reason::OtherHost),
        (
            r"GET / HTTP/1.1\r\nHost: good.example.org\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            Reason::Upgrade,
        ),
        (r"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Reason::NotHttp),
        (r"SSH-2.0-x\r\n\r\n", Reason::NotHttp),
    ] {
        let (heard, said, network) = sent(bytes).await;
        assert_eq!(heard, "", "{bytes}: {said}");
        assert!(network.refused().any(|it| it.reason == Some(reason)), "{bytes}: {network:?}");
    }
}

/// One length, written by us: nobody behind can find a second request in the first.
#[tokio::test]
async fn f12_a_request_with_two_lengths_is_told_with_one() {
    let bytes = r"POST / HTTP/1.1\r\nHost: good.example.org\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let (heard, _said, _) = sent(bytes).await;
    let lengths = heard.to_lowercase();
    let both = lengths.contains("content-length") && lengths.contains("transfer-encoding");
    assert!(!both, "{heard}");
    assert!(heard.is_empty() || heard.contains("abc"), "{heard}");
}

#[tokio::test]
async fn f15_a_redirection_leads_no_further_than_a_call() {
    let town = Town::new();
    let inner = town.page("inner").await;
    let outer = town
        .server(|mut stream| async move {
            let mut piece = [0; 4096];
            let _head = stream.read(&mut piece).await;
            let answer =
                "HTTP/1.1 302 Found\r\nLocation: http://evil.org/\r\nContent-Length: 0\r\n\r\n";
            let _gone = stream.write_all(answer.as_bytes()).await;
        })
        .await;
    town.map.lead(GOOD, &[&[outer]]);
    town.map.lead("evil.org", &[&[inner]]);
    let line = format!("curl -sSL http://{GOOD}/ 2>&1; true");
    let (said, network) = town.shell(&line, &[GOOD]).await;
    assert!(said.contains("Could not resolve host: evil.org"), "{said}");
    assert!(refused(&network, "evil.org", Reason::NameNotAllowed));
    assert_eq!(town.shell(&line, &[GOOD, "evil.org"]).await.0, "inner");
    let there = town
        .shell("curl -sS -o /dev/null -w '%{http_code}' http://169.254.169.254/latest", &[GOOD]);
    assert_eq!(there.await.0, "403");
}

/// A server that hangs up between two requests is called again, and the command never sees it.
#[tokio::test]
async fn a_server_that_hangs_up_between_requests_is_called_again() {
    let town = Town::new();
    let page = town.page("page").await;
    town.map.lead(GOOD, &[&[page]]);
    let line = format!("curl -sS http://{GOOD}/a http://{GOOD}/b http://{GOOD}/c");
    assert_eq!(town.shell(&line, &[GOOD]).await.0, "pagepagepage");
}

#[tokio::test]
async fn a_large_body_goes_both_ways_as_it_was() {
    let town = Town::new();
    let echo = town
        .server(|mut stream| async move {
            let mut all = Vec::new();
            let mut piece = vec![0; 65536];
            let end = |all: &[u8]| all.windows(4).position(|four| four == b"\r\n\r\n");
            while end(&all).is_none_or(|at| all.len() < at + 4 + 3_000_000) {
                match stream.read(&mut piece).await {
                    Ok(read @ 1..) => all.extend_from_slice(&piece[..read]),
                    Ok(0) | Err(_) => return,
                }
            }
            let body = &all[end(&all).unwrap() + 4..];
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _gone = stream.write_all(&[head.as_bytes(), body].concat()).await;
        })
        .await;
    town.map.lead(GOOD, &[&[echo]]);
    let line = format!(
        "head -c 3000000 /dev/urandom > /tmp/x; curl -sS -H 'Expect:' --data-binary @/tmp/x http://{GOOD}/ > /tmp/y; \
        cmp /tmp/x /tmp/y && wc -c < /tmp/y"
    );
    let (said, network) = town.shell(&line, &[GOOD]).await;
    assert_eq!(said, "3000000\n");
    let open = network.decisions.iter().find(|it| it.sent > 0).unwrap();
    assert!(open.sent > 3_000_000 && open.received > 3_000_000, "{open:?}");
}
