//! The profile of packages: the system, and nothing by which more could be had.

use crate::rig::Rig;
use d1_core::Argv;
use d1_executor::{Egress, Grant, How, Limits, Profile, Wall};
use std::fs;

/// Where the question is asked whether a service may be started.
const SERVICES: &str = "/usr/sbin/policy-rc.d";

fn grant(line: &str) -> Grant {
    let argv = Argv::new(["sh", "-c", line]).unwrap();
    Grant { limits: Limits::PACKAGES, ..Grant::new(Profile::Packages, argv) }
}

async fn run(rig: &Rig, line: &str) -> (How, String) {
    let ended = rig.run(&grant(line)).await.unwrap();
    (ended.report.how, format!("{}{}", ended.report.stdout, ended.report.stderr))
}

/// Only one test at a time may look at what is put into the system.
fn turn() -> fs::File {
    let file = fs::File::create(std::env::temp_dir().join("d1-apt-test.lock")).unwrap();
    file.lock().unwrap();
    file
}

#[tokio::test]
async fn packages_bring_programs_that_run_as_their_owner_and_users_and_files_of_others() {
    let _turn = turn();
    let rig = Rig::new();
    let line = "set -e; d=$(mktemp -d /usr/share/d1-test.XXXXXX); trap 'rm -r $d' EXIT; \
                touch $d/x; chown daemon:mail $d/x; chmod 4755 $d/x; stat -c '%U %G %a' $d/x; \
                su daemon -s /bin/sh -c 'id -u' >/dev/null; echo became";
    let (how, said) = run(&rig, line).await;
    assert_eq!((how, said.as_str()), (How::Exited(0), "daemon mail 4755\nbecame\n"));
}

#[tokio::test]
async fn what_packages_must_not_have_is_refused_by_the_wall_that_is_there_for_it() {
    let _turn = turn();
    let rig = Rig::new();
    for (line, said) in [
        ("echo x > /etc/apt/sources.list.d/d1-test.list", "Read-only file system"),
        ("echo x > /etc/apt/trusted.gpg.d/d1-test.gpg", "Read-only file system"),
        ("mv /etc/apt /etc/apt-d1-test", "Device or resource busy"),
        ("echo x > /proc/sys/kernel/core_pattern", ""),
        ("mount -t tmpfs none /mnt", ""),
        ("mknod /usr/d1-test b 8 0", "Operation not permitted"),
        ("echo x > /d1-test", "Read-only file system"),
    ] {
        let (how, told) = run(&rig, line).await;
        assert_ne!(how, How::Exited(0), "{line} was let through");
        assert!(told.contains(said), "{line}: {told}");
    }
    assert!(!fs::exists("/etc/apt/sources.list.d/d1-test.list").unwrap());
}

#[tokio::test]
async fn packages_see_no_home_no_state_of_ours_and_no_socket_of_the_system() {
    let _turn = turn();
    let rig = Rig::new();
    fs::create_dir_all("/etc/d1-doctor").unwrap();
    let secret = tempfile::NamedTempFile::new_in("/root").unwrap();
    assert!(secret.path().exists());
    let line = "ls -A /root /home /run /etc/d1-doctor /tmp /var/tmp; ls /sys 2>/dev/null; true";
    let (_, said) = run(&rig, line).await;
    let shown: Vec<&str> = said.lines().filter(|l| !l.is_empty() && !l.ends_with(':')).collect();
    assert_eq!(shown, [] as [&str; 0], "{said}");
    // What it leaves in a home is gone with it.
    run(&rig, "touch /root/d1-test").await;
    assert!(!fs::exists("/root/d1-test").unwrap());
}

#[tokio::test]
async fn packages_that_were_given_no_host_call_nobody_and_every_name_they_ask_for_is_told() {
    let _turn = turn();
    let rig = Rig::new();
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let call = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    let outside = std::process::Command::new("bash").args(["-c", &call]).status().unwrap();
    assert!(outside.success(), "outside it works");
    let line = format!("getent hosts evil.example; bash -c '{call}' || echo nobody");
    let ended = rig.run(&grant(&line)).await.unwrap();
    assert_eq!(ended.report.stdout, "nobody\n");
    assert_eq!(ended.isolation.network.turned_away(), ["evil.example"]);
    let off: Vec<&str> =
        ended.isolation.layers.iter().filter(|l| !l.in_force).map(|l| &*l.name).collect();
    assert_eq!(off, [Wall::TaskUser.name()], "{:?}", ended.isolation);
}

#[tokio::test]
async fn packages_may_serve_themselves_and_the_network_of_the_machine_is_told_where_they_have_it() {
    let _turn = turn();
    let rig = Rig::new();
    let line = "python3 -c \"import socket; s = socket.create_server(('127.0.0.1', 5432)); \
                c = socket.create_connection(('127.0.0.1', 5432)); print('served')\"";
    assert_eq!(run(&rig, line).await, (How::Exited(0), "served\n".to_owned()));
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let whole = Grant {
        network: Egress::of_the_machine(),
        ..grant(&format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' && echo reached"))
    };
    let ended = rig.run(&whole).await.unwrap();
    assert_eq!(ended.report.stdout, "reached\n");
    let network = ended.isolation.layers.iter().find(|l| l.name == Wall::Network.name()).unwrap();
    assert_eq!(network.why_not, "its packages come over the network of the machine");
    assert!(ended.isolation.layers.iter().all(|layer| layer.name != Wall::Egress.name()));
    // Nobody else gets that.
    let other = Grant { profile: Profile::Home, ..whole };
    let refused = rig.run(&other).await.unwrap_err().to_string();
    assert!(refused.contains("only package managers have the network"), "{refused}");
}

#[tokio::test]
async fn whoever_asks_whether_to_start_a_service_is_told_no_and_the_machine_is_left_as_it_was() {
    let _turn = turn();
    let rig = Rig::new();
    let before = fs::read(SERVICES).ok();
    let ask = format!("{SERVICES} nothing start; echo $?");
    assert_eq!(run(&rig, &ask).await, (How::Exited(0), "101\n".to_owned()));
    assert_eq!(fs::read(SERVICES).ok(), before);
    // Where the machine has no such file.
    let kept = tempfile::TempDir::new_in("/usr/sbin").unwrap();
    if before.is_some() {
        fs::rename(SERVICES, kept.path().join("kept")).unwrap();
    }
    let asked = run(&rig, &ask).await;
    let left = fs::exists(SERVICES).unwrap();
    if before.is_some() {
        fs::rename(kept.path().join("kept"), SERVICES).unwrap();
    }
    assert_eq!(asked, (How::Exited(0), "101\n".to_owned()));
    assert!(!left, "what was put there was not taken away");
    assert_eq!(fs::read(SERVICES).ok(), before);
}

#[tokio::test]
async fn nothing_that_packages_start_outlives_them() {
    let _turn = turn();
    let rig = Rig::new();
    let name = format!("d1-test-{}", std::process::id());
    let line = format!("(exec -a {name} setsid sleep 3600 &) ; true");
    let argv = Argv::new(["bash", "-c", &line]).unwrap();
    rig.run(&Grant { argv, ..grant("true") }).await.unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lives = processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .any(|words| words.starts_with(name.as_bytes()));
    assert!(!lives);
}
