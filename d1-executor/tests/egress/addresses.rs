//! Addresses: called without a name, and led to by a name that somebody else owns.

use crate::town::{Town, refused};
use d1_core::NetworkReason as Reason;
use d1_executor::{Egress, How};
use std::net::SocketAddr;

const GOOD: &str = "good.example.org";

#[tokio::test]
async fn f04_an_address_without_a_name_is_heard_out_and_refused_in_every_spelling() {
    let town = Town::new();
    let line = "for a in 1.1.1.1 [2606:4700::1111] [::ffff:1.1.1.1] 0x7f.1 2130706433 017700000001 \
        127.0.0.1 0.0.0.0 [::1] [::] localhost; do \
        curl -sS -o /dev/null -m 20 -w \"%{http_code}\\n\" http://$a/ 2>/dev/null; done; true";
    let (said, network) = town.shell(line, &[GOOD]).await;
    assert_eq!(said.lines().collect::<Vec<_>>(), ["403"; 11], "{network:?}");
    assert!(refused(&network, "", Reason::NoName), "{network:?}");
    assert!(network.decisions.iter().all(|it| !it.allowed), "{network:?}");
    let called: Vec<&str> = network.refused().map(|it| it.address.as_str()).collect();
    for address in ["1.1.1.1", "2606:4700::1111", "127.0.0.1", "::1"] {
        assert!(called.contains(&address), "{called:?}");
    }
    let line = "curl -sS -m 20 https://1.1.1.1/ 2>&1; true";
    let (said, network) = town.shell(line, &[GOOD]).await;
    assert!(said.contains("unrecognized name"), "{said}");
    assert!(refused(&network, "", Reason::NoName));
}

#[tokio::test]
async fn f04_a_port_that_was_not_granted_is_closed() {
    let town = Town::new();
    let line = "for p in 22 25 53 8080 3128; do (exec 3<>/dev/tcp/1.1.1.1/$p) 2>&1 | \
        grep -o 'Permission denied\\|Connection refused' | head -n1; done; true";
    let (said, _) = town.shell(line, &[GOOD]).await;
    // The port for names is open, and answers names only.
    assert_eq!(said.lines().collect::<Vec<_>>(), ["Permission denied"; 4]);
}

#[tokio::test]
async fn f05_an_address_is_called_as_such_only_when_it_was_granted_so() {
    let town = Town::new();
    let page = town.page("as such").await;
    let line = format!("curl -sS http://127.0.0.1:{}/", page.port());
    let (said, _) = town.shell(&line, &[&page.to_string()]).await;
    assert_eq!(said, "as such");
    let ended = town.run(&town.grant(&["sh", "-c", &line], &[GOOD])).await.unwrap();
    assert_eq!(ended.report.how, How::Exited(7), "{}", ended.report.stderr);
}

/// The names lead to a server that answers whoever is let through to it.
#[tokio::test]
async fn f07_a_name_that_leads_inside_is_refused_for_where_it_leads() {
    let town = Town::new();
    let page = town.page("inside").await;
    for (address, reason) in [
        ("127.0.0.1:80", Reason::LoopbackAddress),
        ("10.1.2.3:80", Reason::PrivateAddress),
        ("192.168.1.1:80", Reason::PrivateAddress),
        ("169.254.169.254:80", Reason::MetadataAddress),
        ("169.254.7.7:80", Reason::LinkLocalAddress),
        ("100.64.0.1:80", Reason::SharedAddress),
        ("224.0.0.1:80", Reason::MulticastAddress),
        ("0.0.0.0:80", Reason::LoopbackAddress),
        ("255.255.255.255:80", Reason::ReservedAddress),
        ("[::1]:80", Reason::LoopbackAddress),
        ("[::ffff:127.0.0.1]:80", Reason::LoopbackAddress),
        ("[::ffff:169.254.169.254]:80", Reason::MetadataAddress),
        ("[64:ff9b::7f00:1]:80", Reason::LoopbackAddress),
        ("[2002:7f00:1::]:80", Reason::LoopbackAddress),
        ("[2001:0:4136:e378:8000:63bf:80ff:fffe]:80", Reason::LoopbackAddress),
        ("[fe80::1]:80", Reason::LinkLocalAddress),
        ("[fd00::1]:80", Reason::PrivateAddress),
    ] {
        let address: SocketAddr = address.parse().unwrap();
        let there = SocketAddr::new(address.ip(), page.port());
        town.map.lead(GOOD, &[&[there]]);
        let line = format!("curl -sS -w '%{{http_code}}' http://{GOOD}/");
        let mut grant = town.grant(&["sh", "-c", &line], &[GOOD]);
        grant.network.inside.clear();
        let ended = town.run(&grant).await.unwrap();
        assert!(ended.report.stdout.ends_with("403"), "{address}: {}", ended.report.stdout);
        assert!(refused(&ended.isolation.network, GOOD, reason), "{:?}", ended.isolation.network);
    }
    // The positive control: where the owner says so, the same server is reached by the same name.
    town.map.lead(GOOD, &[&[page]]);
    let (said, _) = town.shell(&format!("curl -sS http://{GOOD}/"), &[GOOD]).await;
    assert_eq!(said, "inside");
}

#[tokio::test]
async fn f07_of_several_addresses_only_those_are_called_that_may_be() {
    let town = Town::new();
    let page = town.page("outside").await;
    let bad: SocketAddr = "169.254.169.254:80".parse().unwrap();
    town.map.lead(GOOD, &[&[bad, page]]);
    let (said, network) = town.shell(&format!("curl -sS http://{GOOD}/"), &[GOOD]).await;
    assert_eq!(said, "outside");
    assert!(refused(&network, GOOD, Reason::MetadataAddress), "{network:?}");
}

/// Whoever answers a name may answer otherwise the next time; what was judged is what is called.
#[tokio::test]
async fn f07_a_name_that_leads_elsewhere_at_the_second_look_is_judged_anew() {
    let town = Town::new();
    let page = town.page("outside").await;
    let bad: SocketAddr = "10.0.0.1:80".parse().unwrap();
    town.map.lead(GOOD, &[&[page], &[bad]]);
    let line = format!(
        "curl -sS http://{GOOD}/; curl -sS -o /dev/null -w '%{{http_code}}' http://{GOOD}/"
    );
    let (said, network) = town.shell(&line, &[GOOD]).await;
    assert_eq!(said, "outside403");
    assert!(refused(&network, GOOD, Reason::PrivateAddress), "{network:?}");
    assert_eq!(town.map.looked_up(), [GOOD, GOOD], "once for each connection");
}

#[tokio::test]
async fn f05_an_address_of_this_machine_is_refused_even_in_a_network_of_the_owner() {
    let town = Town::new();
    let own = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    // A machine without any network has no address but loopback.
    let Ok(own) = own.map(|own| own.ip()) else { return };
    let page = town.page("own").await;
    town.map.lead(GOOD, &[&[SocketAddr::new(own, page.port())]]);
    let line = format!("curl -sS -o /dev/null -w '%{{http_code}}' http://{GOOD}/");
    let mut grant = town.grant(&["sh", "-c", &line], &[GOOD]);
    let wide = format!("{own}/8").parse();
    grant.network = Egress { inside: wide.into_iter().collect(), ..grant.network };
    let ended = town.run(&grant).await.unwrap();
    assert_eq!(ended.report.stdout, "403");
    let told: Vec<_> = ended.isolation.network.refused().map(|it| it.reason).collect();
    assert!(
        told.contains(&Some(Reason::OwnAddress)) || told.contains(&Some(Reason::PrivateAddress)),
        "{told:?}"
    );
}

#[tokio::test]
async fn f16_nothing_but_tcp_and_questions_for_names_leaves_the_sandbox() {
    let town = Town::new();
    let line = "(exec 3<>/dev/udp/1.1.1.1/443; echo hi >&3; sleep 0.1; echo hi >&3) 2>&1; ping -c1 -W1 1.1.1.1 2>&1 | head -n1; true";
    let (said, network) = town.shell(line, &[GOOD]).await;
    assert!(said.contains("Connection refused"), "{said}");
    assert!(!said.contains("bytes from"), "{said}");
    assert_eq!(network.decisions, []);
}

#[tokio::test]
async fn f19_f25_nobody_listens_inside_and_no_route_is_changed() {
    let town = Town::new();
    let line = "python3 -c 'import socket; s=socket.socket(); s.bind((\"0.0.0.0\", 8080))' 2>&1 | tail -n1; \
        python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)' 2>&1 | tail -n1";
    let (said, _) = town.shell(line, &[GOOD]).await;
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains("Permission denied"), "{said}");
    assert!(lines[1].contains("Address family not supported"), "{said}");
}
