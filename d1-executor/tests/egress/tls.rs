//! TLS: whom it asks for has to be whom it called.

use crate::town::{Town, decided, refused};
use d1_core::{NetworkAsk, NetworkReason};

const GOOD: &str = "good.example.org";
const EVIL: &str = "evil.org";

async fn town() -> Town {
    let town = Town::new();
    let page = town.safe_page(&[GOOD, EVIL], "safe").await;
    town.map.lead(GOOD, &[&[page]]);
    town.map.lead(EVIL, &[&[page]]);
    town
}

#[tokio::test]
async fn an_allowed_name_is_reached_over_tls_and_its_bytes_are_counted() {
    let town = town().await;
    let line = "curl -sS --cacert ca.pem https://good.example.org/";
    let (said, network) = town.shell(line, &[GOOD]).await;
    assert_eq!(said, "safe");
    assert_eq!(decided(&network), [(NetworkAsk::Connection, GOOD, 443, None)]);
    let connection = network.decisions.iter().find(|it| it.ask == NetworkAsk::Connection).unwrap();
    assert!(connection.sent > 200 && connection.received > 200, "{connection:?}");
    assert_eq!(connection.address, "127.0.0.1");
}

/// The same server, the same address, another name in the greeting: the way around a proxy that
/// looks at names only when it is asked for them.
#[tokio::test]
async fn another_name_in_the_greeting_or_none_at_all_is_refused() {
    let town = town().await;
    let connect = "curl -sS -k --connect-to evil.org:443:good.example.org:443 https://evil.org/";
    // Whoever may call both, may do that, too.
    let both = [GOOD, EVIL];
    let positive = format!("{}; true", connect.replace("good.example.org", EVIL));
    assert_eq!(town.shell(&positive, &both).await.0, "safe");
    let (said, network) = town.shell(&format!("{connect} 2>&1; true"), &[GOOD]).await;
    assert!(said.contains("unrecognized name"), "{said}");
    assert!(refused(&network, GOOD, NetworkReason::OtherServerName), "{network:?}");
    let nameless =
        "openssl s_client -noservername -connect good.example.org:443 </dev/null 2>&1; true";
    let (said, network) = town.shell(nameless, &[GOOD]).await;
    assert!(said.contains("unrecognized name"), "{said}");
    assert!(refused(&network, GOOD, NetworkReason::OtherServerName), "{network:?}");
    let named = nameless.replace("-noservername", "-servername good.example.org");
    assert!(town.shell(&named, &[GOOD]).await.0.contains("BEGIN CERTIFICATE"));
    assert!(!town.map.looked_up().is_empty());
}

#[tokio::test]
async fn what_is_not_tls_does_not_pass_the_port_for_tls() {
    let town = town().await;
    let plain = "curl -sS http://good.example.org:443/ 2>&1; true";
    let (said, network) = town.shell(plain, &[GOOD]).await;
    assert!(!said.contains("safe"), "{said}");
    assert!(refused(&network, GOOD, NetworkReason::NotTls), "{network:?}");
    assert_eq!(town.map.looked_up(), Vec::<String>::new(), "nobody was called");
}

#[tokio::test]
async fn on_a_port_that_was_granted_by_its_number_the_same_holds_for_tls_and_others_pass() {
    let town = town().await;
    let ssh = town
        .server(|mut stream| async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let _gone = stream.write_all(b"SSH-2.0-town\r\n").await;
            let mut said = [0; 64];
            let read = stream.read(&mut said).await.unwrap_or(0);
            let _gone = stream.write_all(&said[..read]).await;
        })
        .await;
    let page = town.safe_page(&[GOOD, EVIL], "other port").await;
    town.map.lead(GOOD, &[&[page]]);
    town.map.lead("git.example.org", &[&[ssh]]);
    let hosts = ["good.example.org:8443", "git.example.org:22"];
    let line = "curl -sS -k https://good.example.org:8443/; \
        curl -sS -k --connect-to evil.org:8443:good.example.org:8443 https://evil.org:8443/ 2>&1; \
        exec 3<>/dev/tcp/git.example.org/22; head -n1 <&3; echo hello >&3; head -n1 <&3";
    let (said, network) = town.shell(line, &hosts).await;
    assert!(said.starts_with("other port"), "{said}");
    assert!(said.ends_with("SSH-2.0-town\r\nhello\n"), "{said}");
    assert!(refused(&network, GOOD, NetworkReason::OtherServerName), "{network:?}");
    // The ports of HTTP were not granted with it: the kernel refuses them.
    let line = "curl -sS -k https://good.example.org/ 2>&1; true";
    let (said, _) = town.shell(line, &hosts).await;
    assert!(said.contains("Failed to connect") || said.contains("Couldn't connect"), "{said}");
}

/// What is asked for inside TLS is between the two ends: nobody on the way has the keys.
#[tokio::test]
async fn f11_inside_tls_another_host_can_be_asked_for_and_the_record_names_the_one_that_was_called()
{
    let town = Town::new();
    let page = town.safe_page(&[GOOD], "safe").await;
    town.map.lead(GOOD, &[&[page]]);
    let fronted = "curl -sS --cacert ca.pem -H 'Host: evil.org' https://good.example.org/";
    let (said, network) = town.shell(fronted, &[GOOD]).await;
    assert_eq!(said, "safe", "a server that answers for others answers for them");
    assert_eq!(decided(&network), [(NetworkAsk::Connection, GOOD, 443, None)]);
    // Where it can be read, it is refused.
    let plain = "curl -sS -H 'Host: evil.org' http://good.example.org/ 2>&1; true";
    let (said, network) = town.shell(plain, &[GOOD]).await;
    assert!(!said.contains("safe"), "{said}");
    assert!(refused(&network, "evil.org", NetworkReason::OtherHost), "{network:?}");
}
