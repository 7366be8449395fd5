//! Bounds: each has its reason, and nothing beyond it is passed on.

use crate::town::{Town, refused};
use d1_core::{NetworkReason as Reason, NetworkUse};
use d1_executor::{EgressBudget, How};

const GOOD: &str = "good.example.org";
const HOSTS: [&str; 1] = ["good.example.org:7"];

/// What a shell line may do with a server that says back what it is told.
async fn bounded(line: &str, change: impl Fn(&mut EgressBudget)) -> (String, NetworkUse) {
    let town = Town::new();
    let echo = town
        .server(|mut stream| async move {
            let (mut read, mut write) = stream.split();
            let _gone = tokio::io::copy(&mut read, &mut write).await;
        })
        .await;
    town.map.lead(GOOD, &[&[echo]]);
    let mut grant = town.grant(&["bash", "-c", line], &HOSTS);
    change(&mut grant.network.budget);
    let ended = town.run(&grant).await.unwrap();
    assert_eq!(ended.report.how, How::Exited(0), "{}", ended.report.stderr);
    (ended.report.stdout, ended.isolation.network)
}

fn cut(network: &NetworkUse) -> Vec<Reason> {
    network.decisions.iter().filter_map(|it| it.reason).collect()
}

/// Sends so many bytes and counts what comes back.
const SEND: &str = "exec 3<>/dev/tcp/good.example.org/7; head -c 100000 /dev/zero >&3 & \
    head -c 100000 <&3 | wc -c; wait; true";

#[tokio::test]
async fn f20_what_is_sent_and_received_ends_at_its_bound() {
    let (said, network) = bounded(SEND, |_| {}).await;
    assert_eq!((said.trim(), cut(&network)), ("100000", vec![]));
    let (said, network) = bounded(SEND, |it| it.sent_bytes = 40_000).await;
    assert!(said.trim().parse::<u64>().unwrap() <= 40_000, "{said}");
    assert_eq!(cut(&network), [Reason::SentTooMuch]);
    let (said, network) = bounded(SEND, |it| it.received_bytes = 40_000).await;
    assert!(said.trim().parse::<u64>().unwrap() <= 40_000, "{said}");
    assert_eq!(cut(&network), [Reason::ReceivedTooMuch]);
    let open = network.decisions.iter().find(|it| it.port == 7).unwrap();
    assert!(open.received <= 40_000, "{open:?}");
}

#[tokio::test]
async fn f20_so_many_connections_and_names_and_no_more() {
    let three = "for i in 1 2 3; do exec {fd}<>/dev/tcp/good.example.org/7; echo $i >&$fd; \
        read -t 60 -u $fd x && echo $x; done 2>&1; true";
    let (said, network) = bounded(three, |_| {}).await;
    assert_eq!((said.as_str(), cut(&network)), ("1\n2\n3\n", vec![]));
    let (said, network) = bounded(three, |it| it.at_once = 2).await;
    assert_eq!(said.lines().filter(|line| line.len() == 1).count(), 2, "{said}");
    assert!(cut(&network).contains(&Reason::TooManyAtOnce), "{network:?}");
    let one_after_the_other = three.replace("done", "exec {fd}>&-; done");
    let (said, network) = bounded(&one_after_the_other, |it| it.in_all = 2).await;
    assert_eq!(said.lines().filter(|line| line.len() == 1).count(), 2, "{said}");
    assert!(cut(&network).contains(&Reason::TooManyInAll), "{network:?}");
}

#[tokio::test]
async fn f17_so_many_names_and_no_more() {
    let town = Town::new();
    let line = "for i in 1 2 3 4; do getent hosts n$i.wide.example.org; done; true";
    let mut grant = town.grant(&["sh", "-c", line], &["*.wide.example.org"]);
    grant.network.budget.names = 3;
    let ended = town.run(&grant).await.unwrap();
    assert_eq!(ended.report.stdout.lines().count(), 3, "{}", ended.report.stdout);
    assert!(refused(&ended.isolation.network, "n4.wide.example.org", Reason::TooManyNames));
}

#[tokio::test]
async fn f20_who_says_nothing_is_cut_off() {
    let silent = "exec 3<>/dev/tcp/good.example.org/7; echo one >&3; read -u 3 x; echo $x; \
        timeout 60 cat <&3; echo over";
    let (said, network) = bounded(silent, |it| it.idle_ms = 300).await;
    assert_eq!(said, "one\nover\n");
    assert_eq!(cut(&network), [Reason::Idle]);
    // A head that never ends, one letter at a time.
    let town = Town::new();
    let slow = "exec 3<>/dev/tcp/good.example.org/80; (printf 'GET / HTTP/1.1\\r\\nX: '; \
        while printf x; do sleep 0.05; done) >&3 2>/dev/null & timeout 60 cat <&3; echo over";
    let mut grant = town.grant(&["bash", "-c", slow], &[GOOD]);
    grant.network.budget.greeting_ms = 400;
    let ended = town.run(&grant).await.unwrap();
    assert!(ended.report.stdout.ends_with("over\n"), "{}", ended.report.stdout);
    assert!(refused(&ended.isolation.network, GOOD, Reason::TooSlow), "{:?}", ended.isolation);
    let hello = "exec 3<>/dev/tcp/good.example.org/443; printf '\\x16\\x03' >&3; timeout 60 cat <&3 | od -An -c; echo over";
    let mut grant = town.grant(&["bash", "-c", hello], &[GOOD]);
    grant.network.budget.greeting_ms = 400;
    let ended = town.run(&grant).await.unwrap();
    assert!(refused(&ended.isolation.network, GOOD, Reason::TooSlow), "{:?}", ended.isolation);
}
