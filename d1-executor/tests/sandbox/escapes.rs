//! Ways out, each tried outside first: there it works, so a refusal inside means something.
//!
//! The numbers are those of the corpus that the probes come from: A files, B processes,
//! C terminals, D the kernel, E other programs, F the network.

use crate::rig::Rig;
use d1_executor::{Access, How, LinuxConfig, LinuxSandbox, SandboxError, Surroundings, Touch};
use std::{
    collections::BTreeMap,
    fs,
    net::{TcpListener, UdpSocket},
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            fs::PermissionsExt as _,
            net::{SocketAddr, UnixListener},
        },
    },
    path::Path,
    process::Command,
    sync::Arc,
};

/// What the kernel has to say inside; outside, everything is let through.
const ANSWERS: [(&str, &str); 61] = [
    ("A01 write /etc", "EROFS"),
    ("A02 read shadow", "EACCES"),
    ("A03 read a secret", "ENOENT"),
    ("A04 stat a secret", "ENOENT"),
    ("A05 chmod a secret", "ENOENT"),
    ("A05 utime a secret", "ENOENT"),
    ("A05 setxattr a secret", "ENOENT"),
    ("A06 link a file of the system", "EXDEV"),
    ("A07 write through a link", "EACCES"),
    ("A12 shadow by the daemon's root", "ENOENT"),
    ("A12 shadow by its own root", "EACCES"),
    ("A13 write scratch", "YES"),
    ("A14 write core_pattern", "EACCES"),
    ("A14 see /sys", "ENOENT"),
    ("A15 open kmsg", "ENOENT"),
    ("A15 mknod a device", "EPERM"),
    ("A16 open by handle", "EPERM"),
    ("A18 set-user-id bit", "EPERM"),
    ("A18 created set-user-id", "EPERM"),
    ("A24 a program in memory", "YES"),
    ("B01 signal the daemon", "ESRCH"),
    ("B03 the daemon's environment", "ENOENT"),
    ("B03 the daemon's memory", "ENOENT"),
    ("B03 the daemon's words", "ENOENT"),
    ("B03 the daemon's files", "ENOENT"),
    ("B04 handle on the daemon", "ESRCH"),
    ("B04 read the daemon's memory", "EPERM"),
    ("B04 trace itself", "EPERM"),
    ("B20 no randomness", "EPERM"),
    ("C04 TIOCLINUX", "EPERM"),
    ("C04 TIOCSETD", "EPERM"),
    ("C04 TIOCSTI", "EPERM"),
    ("C05 TIOCSTI with high bits", "EPERM"),
    ("D01 clone a user namespace", "EPERM"),
    ("D01 unshare a user namespace", "EPERM"),
    ("D01 unshare mounts", "EPERM"),
    ("D02 clone3 a user namespace", "ENOSYS"),
    ("D03 chroot", "EPERM"),
    ("D03 copy a mount", "EPERM"),
    ("D03 open a file system", "EPERM"),
    ("D05 add_key", "EPERM"),
    ("D05 bpf", "EPERM"),
    ("D05 io_uring", "EPERM"),
    ("D05 perf_event_open", "EPERM"),
    ("D05 userfaultfd", "EPERM"),
    ("D06 reboot", "EPERM"),
    ("D06 set the clock", "EPERM"),
    ("D06 sethostname", "EPERM"),
    ("D06 syslog", "EPERM"),
    ("D09 port access", "EPERM"),
    ("E02 a Unix socket", "ENOENT"),
    ("E03 anything in /run", "ENOENT"),
    ("E03 the spools of other programs", "ENOENT"),
    ("E04 an abstract socket", "ECONNREFUSED"),
    ("E06 a datagram to a Unix socket", "ENOENT"),
    ("E07 netlink", "EAFNOSUPPORT"),
    ("E07 packet", "EAFNOSUPPORT"),
    ("E07 vsock", "EAFNOSUPPORT"),
    ("E07 xdp", "EAFNOSUPPORT"),
    ("F05 TCP to the machine", "EACCES"),
    ("F16 UDP to the machine", "ENETUNREACH"),
];

/// Builds the probe; the home it is put in is where it runs.
fn probe(at: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox/probe.c");
    let built = Command::new("cc").args(["-O1", "-w", "-o"]).arg(at).arg(source).status().unwrap();
    assert!(built.success());
}

fn answers(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.split_once('\t')).collect()
}

#[tokio::test]
async fn what_works_outside_is_refused_inside_and_for_the_reason_it_should_be() {
    let rig = Rig::new();
    let program = rig.path("probe");
    probe(&program);
    let hall = tempfile::tempdir_in("/var/lib").unwrap();
    let (secret, door) = (hall.path().join("secret"), hall.path().join("door"));
    fs::write(&secret, "secret").unwrap();
    let _door = UnixListener::bind(&door).unwrap();
    let name = format!("d1-probe-{}", std::process::id());
    let _abstract = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap());
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let words = [
        program.to_str().unwrap().to_owned(),
        std::process::id().to_string(),
        secret.to_str().unwrap().to_owned(),
        door.to_str().unwrap().to_owned(),
        name,
        tcp.local_addr().unwrap().port().to_string(),
        udp.local_addr().unwrap().port().to_string(),
    ];
    let outside = Command::new(&words[0]).args(&words[1..]).output().unwrap();
    let outside = String::from_utf8(outside.stdout).unwrap();
    let refused: Vec<_> = answers(&outside).into_iter().filter(|(_, saw)| *saw != "YES").collect();
    assert_eq!(refused, [], "these probes do not work even outside");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = rig.run(&rig.grant(&words)).await.unwrap();
    assert_eq!(ended.report.how, How::Exited(0), "{}", ended.report.stderr);
    let mut inside = answers(&ended.report.stdout);
    // Its number is not one of ours, so that whoever has no right at all has it here, too.
    assert_eq!(inside.remove("F16 raw socket"), Some("EPERM"));
    let wrong: Vec<_> =
        inside.iter().filter(|(name, saw)| !ANSWERS.contains(&(**name, **saw))).collect();
    assert_eq!(wrong, Vec::<(&&str, &&str)>::new());
    assert_eq!(inside.len(), ANSWERS.len());
}

#[tokio::test]
async fn what_the_next_shell_would_run_cannot_be_changed_or_made() {
    let rig = Rig::new();
    for name in [".bashrc", ".gitconfig", ".config/autostart/x", ".local/bin/ls", ".config/app/x"] {
        rig.write(name, "as it was");
    }
    // Outside, all of it works.
    for name in [".zshrc", ".config/new"] {
        fs::remove_file(rig.write(name, "")).unwrap();
    }
    let tries = [
        "echo x >> ~/.bashrc",
        "echo x > ~/.gitconfig",
        "rm ~/.bashrc",
        "mv ~/.bashrc ~/.config/app/b",
        "touch ~/.config/app/b && mv ~/.config/app/b ~/.bashrc",
        "mv ~/.config ~/.config2",
        "echo x > ~/.config/autostart/x",
        "touch ~/.config/autostart/y",
        "touch ~/.local/bin/ls2",
        "echo x > ~/.local/bin/ls",
        "echo x > ~/.zshrc",
        "ln -s /etc/hosts ~/.zshrc",
        "mkdir ~/.ssh",
        "mkdir ~/.config/systemd",
        "ln ~/.bashrc ~/.config/app/c",
        // `renameat2(2)` with RENAME_EXCHANGE.
        "perl -e 'my ($a, $b) = map { qq($ENV{HOME}/$_) } @ARGV; syscall(316, -100, $a, -100, $b, 2) and die $!' .bashrc .config/app/x",
    ];
    for line in tries {
        let ended = rig.run(&rig.grant(&["bash", "-c", line])).await.unwrap();
        assert_ne!(ended.report.how, How::Exited(0), "{line}");
        let why =
            ["Read-only", "Permission denied", "busy", "cross-device", "Operation not permitted"];
        let said = &ended.report.stderr;
        assert!(why.iter().any(|why| said.contains(why)), "{line}: {said}");
    }
    for name in [".bashrc", ".gitconfig", ".config/autostart/x", ".local/bin/ls"] {
        assert_eq!(fs::read_to_string(rig.path(name)).unwrap(), "as it was", "{name}");
    }
    rig.shell("echo x > ~/.config/app/x && touch ~/.config/app/new").await;
    assert_eq!(fs::read_to_string(rig.path(".config/app/x")).unwrap(), "x\n");
}

#[tokio::test]
async fn the_keys_to_other_machines_are_not_there() {
    let rig = Rig::new();
    for name in [".ssh/id", ".aws/credentials", ".netrc", ".config/gh/hosts.yml"] {
        rig.write(name, "top secret");
    }
    let seen = rig.shell("cat ~/.netrc; cat ~/.ssh/* ~/.aws/* ~/.config/gh/* 2>&1; find ~ -type f -exec cat {} +; true").await;
    assert!(!seen.contains("top secret"), "{seen}");
    let mut grant = rig.grant(&["cat", rig.path(".aws/credentials").to_str().unwrap()]);
    grant.touches = vec![Touch { path: rig.path(".aws"), access: Access::Read }];
    let ended = rig.run(&grant).await.unwrap();
    assert_eq!(ended.report.stdout, "top secret", "what is named by itself is meant");
}

#[tokio::test]
async fn links_planted_for_the_next_run_lead_nowhere() {
    let rig = Rig::new();
    let outside = tempfile::tempdir_in("/var/lib").unwrap();
    let target = outside.path().join("target");
    fs::write(&target, "as it was").unwrap();
    for name in [".bashrc", ".ssh", ".config", "work"] {
        std::os::unix::fs::symlink(outside.path(), rig.path(name)).unwrap();
    }
    let line = "echo x > ~/work/target; echo x > ~/.bashrc/target; ls ~/.ssh/; echo x > ~/.config/new; exit 0";
    let seen = rig.run(&rig.grant(&["sh", "-c", line])).await.unwrap().report;
    assert!(seen.stdout.is_empty(), "{}", seen.stdout);
    assert_eq!(fs::read_to_string(&target).unwrap(), "as it was");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    // A grant cannot name a link either: it would be whatever it leads to then.
    let mut grant = rig.grant(&["true"]);
    grant.touches = vec![Touch { path: rig.path("work"), access: Access::Write }];
    let error = rig.run(&grant).await.unwrap_err();
    assert!(matches!(error, SandboxError::Path { .. }), "{error}");
}

#[tokio::test]
async fn only_what_was_named_is_changed_outside_the_home() {
    let rig = Rig::new();
    let shelf = tempfile::tempdir_in("/var/lib").unwrap();
    fs::set_permissions(shelf.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["given", "kept"] {
        fs::create_dir(shelf.path().join(name)).unwrap();
    }
    let place = shelf.path().display();
    let line = format!("touch {place}/given/new; touch {place}/kept/new; ls {place}");
    let mut grant = rig.grant(&["sh", "-c", &line]);
    grant.touches = vec![Touch { path: shelf.path().join("given"), access: Access::Write }];
    let ended = rig.run(&grant).await.unwrap();
    assert_eq!(ended.report.stdout, "given\n");
    assert!(shelf.path().join("given/new").exists() && !shelf.path().join("kept/new").exists());
    fs::remove_file(shelf.path().join("given/new")).unwrap();
    let mut read = grant.clone();
    read.touches[0].access = Access::Read;
    let ended = rig.run(&read).await.unwrap();
    let said = ended.report.stderr;
    assert!(said.contains("given/new': Read-only file system"), "{said}");
}

#[tokio::test]
async fn our_own_state_is_not_there_even_inside_the_home() {
    let rig = Rig::new();
    let state = rig.write(".local/state/d1/journal", "ours");
    let ours = vec![state.parent().unwrap().to_path_buf()];
    let around = Surroundings { home: rig.home.path().to_path_buf(), ours };
    let config = LinuxConfig { around, allow_bare: false, ahead: false };
    let rig = Rig { home: rig.home, sandbox: Arc::new(LinuxSandbox::new(config)) };
    let seen = rig
        .shell("cat ~/.local/state/d1/journal 2>&1; echo x > ~/.local/state/d1/journal; exit 0")
        .await;
    assert!(seen.contains("No such file"), "{seen}");
    assert_eq!(fs::read_to_string(state).unwrap(), "ours");
}

#[tokio::test]
async fn programs_that_lift_rights_lift_none_and_a_foreign_convention_is_no_way_around() {
    let rig = Rig::new();
    let seen =
        rig.shell("grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups)' /proc/self/status; id -G").await;
    let zero = "0000000000000000";
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert!(seen.contains(&format!("{set}:\t{zero}")), "{seen}");
    }
    assert!(seen.contains("NoNewPrivs:\t1") && seen.contains("Seccomp:\t2"), "{seen}");
    // `getpid` of x32, a call of the future, and `getpid` of i386.
    let source = rig.write("calls.c", r#"
        #include <errno.h>
        #include <stdio.h>
        #include <string.h>
        #include <unistd.h>
        int main(int count, char **argv) {
          if (count > 1) { int r; __asm__("int $0x80" : "=a"(r) : "a"(20)); printf("%d\n", r); return 0; }
          long numbers[] = {0x40000000 + 39, 470, 999};
          for (int i = 0; i < 3; i++) { errno = 0; long r = syscall(numbers[i], 0, 0, 0, 0); printf("%ld %s\n", r, strerror(errno)); }
        }"#);
    let built = Command::new("cc").arg("-w").arg("-o").arg(rig.path("calls")).arg(source).status();
    assert!(built.unwrap().success());
    let seen = rig.shell("./calls").await;
    assert_eq!(seen, "-1 Function not implemented\n".repeat(3));
    let ended = rig.run(&rig.grant(&["./calls", "i386"])).await.unwrap();
    assert!(matches!(ended.report.how, How::Signalled(31)), "{:?}", ended.report);
}
