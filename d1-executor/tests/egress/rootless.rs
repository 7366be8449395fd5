//! The same for somebody who is not root.

use crate::town::{Town, refused};
use d1_core::{NetworkReason, NetworkUse};
use rustix::{
    process::{DumpableBehavior, Gid, Uid, set_dumpable_behavior},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

/// Somebody.
const USER: u32 = 12_345;

/// Does this as somebody else, on a thread of its own.
fn as_somebody(line: &'static str, host: &'static str) -> (String, NetworkUse) {
    let work = move || {
        let (user, group) = (Uid::from_raw(USER), Gid::from_raw(USER));
        set_thread_groups(&[]).unwrap();
        set_thread_res_gid(group, group, group).unwrap();
        set_thread_res_uid(user, user, user).unwrap();
        // As a program that was started by this user is.
        set_dumpable_behavior(DumpableBehavior::Dumpable).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let town = Town::new();
            let page = town.page("hello").await;
            town.map.lead(host, &[&[page]]);
            town.shell(line, &[host]).await
        })
    };
    std::thread::spawn(work).join().unwrap()
}

#[test]
fn without_root_an_allowed_name_is_reached_and_another_one_is_not() {
    let line = "id -u; curl -sS http://good.example.org/; \
        curl -sS http://evil.org/ 2>&1; curl -sS -o /dev/null -w '%{http_code}' http://1.1.1.1/";
    let (said, network) = as_somebody(line, "good.example.org");
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said[0], USER.to_string());
    assert!(said[1].starts_with("hellocurl: (6) Could not resolve host: evil.org"), "{said:?}");
    assert_eq!(said[2], "403");
    assert!(refused(&network, "evil.org", NetworkReason::NameNotAllowed));
    assert!(refused(&network, "", NetworkReason::NoName));
}
