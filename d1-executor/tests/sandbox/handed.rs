//! Words, variables and paths that would not arrive as they are: refused, never cut.

use crate::rig::Rig;
use d1_executor::{Access, Grant, How, SandboxError, Touch};
use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt as _, path::PathBuf};

/// Runs it, and gives the reason of the refusal.
async fn refused(rig: &Rig, grant: &Grant) -> String {
    match rig.run(grant).await {
        Err(SandboxError::Handed { why, .. } | SandboxError::Path { why, .. }) => why,
        other => format!("it was not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_variable_that_would_be_another_one_inside_is_refused() {
    let rig = Rig::new();
    let with = |name: &str, value: &str| {
        let mut grant = rig.grant(&["env"]);
        grant.env.insert(name.to_owned(), value.to_owned());
        grant
    };
    for name in ["", "A=B", "A\nB", "A\0B"] {
        let why = refused(&rig, &with(name, "x")).await;
        assert_eq!(why, "no variable can have that name", "{name:?}");
    }
    let why = refused(&rig, &with("A", "x\0B=y")).await;
    assert!(why.starts_with("there is a NUL"), "{why}");
    let why = refused(&rig, &with("A", &"x".repeat(2 << 20))).await;
    assert_eq!(why, "it has 2097155 bytes; the most is 131072");
    let mut many = rig.grant(&["env"]);
    many.env.extend((0..1000).map(|n| (format!("N{n}"), "x".repeat(2000))));
    assert!(refused(&rig, &many).await.ends_with("the most is 1048576"));
}

#[tokio::test]
async fn what_may_arrive_arrives_byte_for_byte() {
    let rig = Rig::new();
    // As long as the kernel takes one: the name, `=` and the end count.
    let long = "é\n\u{1b}".repeat(20_000);
    let most = "x".repeat(128 * 1024 - "MOST=".len() - 1);
    let mut grant = rig.grant(&[
        "sh",
        "-c",
        "printf %s \"$LONG\" | wc -c; printf %s \"$MOST\" | wc -c; printf %s \"$1\"; pwd",
    ]);
    grant.env.extend([("LONG".to_owned(), long.clone()), ("MOST".to_owned(), most.clone())]);
    let odd = rig.path("a\nb c\u{202e}");
    fs::create_dir(&odd).unwrap();
    grant.cwd.clone_from(&odd);
    let ended = rig.run(&grant).await.unwrap();
    assert_eq!(ended.report.how, How::Exited(0), "{}", ended.report.stderr);
    let wanted = format!("{}\n{}\n{}\n", long.len(), most.len(), odd.display());
    assert_eq!(ended.report.stdout, wanted);
}

#[tokio::test]
async fn a_path_that_would_be_cut_or_that_leads_elsewhere_is_refused() {
    let rig = Rig::new();
    let work = rig.write("work/seed", "").parent().unwrap().to_path_buf();
    let odd = |bytes: &[u8]| rig.home.path().join(OsStr::from_bytes(bytes));
    fs::create_dir(odd(b"\xff\xfe")).unwrap();
    let long = PathBuf::from(format!("/{}", "x/".repeat(3000)));
    let cases = [
        (odd(b"\xff\xfe"), "it is not UTF-8"),
        (odd(b"work\0/etc"), "there is a NUL"),
        (long, "it has 6001 bytes; the most is 4095"),
        (PathBuf::from("work"), "name it by its whole path"),
    ];
    for (path, reason) in cases {
        let mut grant = rig.grant(&["true"]);
        grant.touches = vec![Touch { path: path.clone(), access: Access::Write }];
        let why = refused(&rig, &grant).await;
        assert!(why.starts_with(reason), "{why}");
        let mut grant = rig.grant(&["true"]);
        grant.cwd = path;
        let why = refused(&rig, &grant).await;
        assert!(why.starts_with(reason), "{why}");
    }
    let mut grant = rig.grant(&["true"]);
    grant.touches = vec![Touch { path: work.join("../../.."), access: Access::Write }];
    assert!(refused(&rig, &grant).await.starts_with("it leads to"));
}

#[test]
fn two_grants_that_cannot_be_written_down_are_still_two() {
    let rig = Rig::new();
    let at = |bytes: &[u8]| {
        let mut grant = rig.grant(&["true"]);
        grant.cwd = PathBuf::from(OsStr::from_bytes(bytes));
        grant.digest()
    };
    assert_ne!(at(b"/\xff"), at(b"/\xfe"));
    assert_eq!(at(b"/\xff"), at(b"/\xff"));
}
