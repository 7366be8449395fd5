//! What is allowed works, for programs that know nothing of all this; what is not is refused.

use crate::town::{Town, decided, refused};
use d1_core::{NetworkAsk, NetworkReason};

#[tokio::test]
async fn f01_an_allowed_name_is_reached_and_another_one_is_not() {
    let town = Town::new();
    let page = town.page("hello").await;
    town.map.lead("good.example.org", &[&[page]]);
    town.map.lead("evil.org", &[&[page]]);
    let line = "curl -sS http://good.example.org/; curl -sS -m 20 http://evil.org/ 2>&1; true";
    let (said, network) = town.shell(line, &["good.example.org"]).await;
    assert!(said.starts_with("hellocurl: (6) Could not resolve host: evil.org"), "{said}");
    assert!(refused(&network, "evil.org", NetworkReason::NameNotAllowed), "{network:?}");
    let connection = (NetworkAsk::Connection, "good.example.org", 80, None);
    let request = (NetworkAsk::Request, "good.example.org", 80, None);
    assert_eq!(decided(&network), [request, connection]);
    assert_eq!(town.map.looked_up(), ["good.example.org"], "nothing else left the machine");
    // Whoever may call it, reaches it.
    let (said, _) = town.shell("curl -sS http://evil.org/", &["evil.org"]).await;
    assert_eq!(said, "hello");
}
