//! A command without walls: it may do what we may, and still ends with us, in its time.

use crate::rig::{PATIENCE, Rig};
use d1_core::{Digest, Stop};
use d1_executor::{Access, Confinement, Egress, Grant, How, Profile, SandboxError, Script, Touch};
use std::{fs, time::Duration};

fn grant(rig: &Rig, argv: &[&str]) -> Grant {
    Grant { profile: Profile::Unconfined, ..rig.grant(argv) }
}

async fn shell(rig: &Rig, line: &str) -> Confinement {
    rig.run(&grant(rig, &["sh", "-c", line])).await.unwrap()
}

#[tokio::test]
async fn it_is_who_we_are_and_sees_what_we_see() {
    let rig = Rig::new();
    let place = tempfile::tempdir_in("/opt").unwrap();
    let file = place.path().join("made");
    let line = format!("id -u; id -g; readlink /proc/self/ns/mnt; echo x > {}", file.display());
    let said = shell(&rig, &line).await.report.stdout;
    let (user, group) = (rustix::process::getuid(), rustix::process::getgid());
    let mounts = fs::read_link("/proc/self/ns/mnt").unwrap();
    let expected = format!("{}\n{}\n{}\n", user.as_raw(), group.as_raw(), mounts.display());
    assert_eq!(said, expected);
    assert_eq!(fs::read_to_string(file).unwrap(), "x\n");
}

#[tokio::test]
async fn its_receipt_says_that_there_were_no_walls_but_its_bounds() {
    let rig = Rig::new();
    let ended = shell(&rig, "ulimit -c; ulimit -n").await;
    assert_eq!(ended.report.stdout, "0\n4096\n");
    assert_eq!(ended.isolation.profile, "unconfined");
    let up: Vec<&str> = ended
        .isolation
        .layers
        .iter()
        .filter(|layer| layer.in_force)
        .map(|layer| layer.name.as_str())
        .collect();
    assert_eq!(up, ["limits"]);
    let why = |name: &str| {
        let layer = ended.isolation.layers.iter().find(|layer| layer.name == name);
        layer.unwrap().why_not.clone()
    };
    assert_eq!(why("landlock"), "`unconfined` was asked for and said yes to");
}

#[tokio::test]
async fn nothing_of_our_environment_reaches_it() {
    let rig = Rig::new();
    let said = shell(&rig, "env | cut -d= -f1 | sort").await.report.stdout;
    assert_eq!(said, "D1_TASK\nHOME\nLANG\nPATH\nPWD\n");
}

#[tokio::test]
async fn what_it_started_ends_with_it_even_in_a_session_of_its_own() {
    let rig = Rig::new();
    let file = rig.home.path().join("pid");
    let line = format!(
        "setsid sh -c 'trap \"\" TERM; echo $$ > {0}; while :; do sleep 100; done' & \
         while ! test -s {0}; do :; done; exec sleep 100",
        file.display()
    );
    let stop = Stop::new();
    let grant = grant(&rig, &["sh", "-c", &line]);
    let ended = rig.run_until(&grant, Duration::from_secs(2), &stop).await.unwrap();
    assert_eq!(ended.report.how, How::TimedOut);
    let pid = fs::read_to_string(file).unwrap();
    assert!(!fs::exists(format!("/proc/{}", pid.trim())).unwrap(), "{pid} lives");
}

#[tokio::test]
async fn what_it_has_already_cannot_be_given_to_it() {
    let rig = Rig::new();
    let touch = Touch { path: "/opt".into(), access: Access::Write };
    let hosts = Egress::of(vec!["example.org".parse().unwrap()]);
    let path = Grant { touches: vec![touch], ..grant(&rig, &["true"]) };
    let network = Grant { network: hosts, ..grant(&rig, &["true"]) };
    for (grant, said) in [(path, "it has every path"), (network, "it has the network")] {
        let error = rig.run_until(&grant, PATIENCE, &Stop::new()).await.unwrap_err();
        assert!(matches!(error, SandboxError::SetUp { .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[tokio::test]
async fn without_walls_too_a_script_is_the_agreed_one_when_it_starts() {
    let rig = Rig::new();
    let path = rig.write("work/script", "echo agreed\n");
    let mut grant = grant(&rig, &["sh", path.to_str().unwrap()]);
    let digest = Digest::of(b"echo agreed\n");
    grant.script = Some(Script { path: path.clone(), digest });
    assert_eq!(rig.run(&grant).await.unwrap().report.stdout, "agreed\n");
    fs::write(&path, "echo other\n").unwrap();
    let error = rig.run(&grant).await.unwrap_err();
    assert!(matches!(error, SandboxError::Changed { .. }), "{error}");
}
