//! What a command reads and writes: nothing to read, and as much to write as it likes.

use crate::rig::{PATIENCE, Rig};
use d1_core::{Output, Stop, Stream};
use d1_executor::{Fence, How, run_confined};
use std::{fs, time::Duration};
use tokio::sync::mpsc;

#[tokio::test]
async fn there_is_nothing_to_read_and_who_tries_sees_the_end_at_once() {
    let rig = Rig::new();
    let ended = rig.run(&rig.grant(&["cat"])).await.unwrap();
    assert_eq!((ended.report.how, ended.report.stdout.as_str()), (How::Exited(0), ""));
    let seen = rig.shell("readlink /proc/self/fd/0; tty; echo x >/dev/tty; exit 0").await;
    assert_eq!(seen, "/dev/null\nnot a tty\n");
    assert_eq!(rig.shell("ulimit -c").await, "0\n", "nor is anything left of its memory");
}

#[tokio::test]
async fn who_tampers_with_its_own_pipes_harms_nobody_else() {
    let rig = Rig::new();
    // Non-blocking for whoever shares the pipe; its own words cannot be read back.
    let script = "use Fcntl; fcntl(STDOUT, F_SETFL, O_NONBLOCK) or die $!; \
        open(my $back, '<', '/proc/self/fd/1') and die 'read back'; print STDERR qq($!); exit 4";
    let ended = rig.run(&rig.grant(&["perl", "-e", script])).await.unwrap();
    let seen = (ended.report.how, ended.report.stderr.as_str());
    assert_eq!(seen, (How::Exited(4), "Permission denied"));
    let flood = "head -c 300000 /dev/zero | tr '\\0' y";
    assert!(rig.shell(flood).await.ends_with('y'), "the next one has pipes of its own");
}

#[tokio::test]
async fn a_flood_on_both_streams_is_bounded_and_counted_to_the_byte() {
    const EACH: u64 = 48 << 20;
    let rig = Rig::new();
    let (to, mut from) = mpsc::channel::<Output>(4);
    let line = "head -c 48M /dev/zero & head -c 48M /dev/zero >&2; wait";
    let grant = rig.grant(&["sh", "-c", line]);
    let stop = Stop::new();
    let run = run_confined(&rig.sandbox, &grant, Fence::within(PATIENCE), &to, &stop);
    let listen = async {
        let mut passed = (0_u64, 0_u64);
        while let Some(output) = from.recv().await {
            let count = output.bytes.len() as u64;
            match output.stream {
                Stream::Stdout => passed.0 += count,
                Stream::Stderr => passed.1 += count,
                Stream::Note => {}
            }
            if passed.0 + passed.1 == 2 * (1024 + 64) * 1024 {
                break;
            }
        }
        passed
    };
    let (ended, passed) = tokio::join!(run, listen);
    let report = ended.unwrap().report;
    assert_eq!((report.how, report.usage.output_bytes), (How::Exited(0), 2 * EACH));
    // A megabyte of head and 64 KiB of tail, each.
    assert_eq!(passed, (1088 * 1024, 1088 * 1024));
    assert_eq!(report.dropped, 2 * EACH - passed.0 - passed.1);
    assert!(report.stdout.len() + report.stderr.len() < 1 << 20, "the record is short");
}

#[tokio::test]
async fn a_listener_that_stalls_slows_the_command_and_does_not_save_it_from_its_timeout() {
    let rig = Rig::new();
    let mark = format!("8{}", std::process::id());
    let lives = || {
        let lines = fs::read_dir("/proc").unwrap().flatten();
        let mut lines = lines.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        lines.any(|line| line.split(|byte| *byte == 0).any(|word| word == mark.as_bytes()))
    };
    let (to, mut from) = mpsc::channel::<Output>(1);
    let grant = rig.grant(&["sh", "-c", "yes", &mark]);
    let fence = Fence { grace: Duration::ZERO, ..Fence::within(Duration::from_secs(1)) };
    let stop = Stop::new();
    let run = run_confined(&rig.sandbox, &grant, fence, &to, &stop);
    let stalled = async {
        while !lives() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // Nobody listens until it is gone.
        while lives() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        from.close();
        while from.recv().await.is_some() {}
    };
    let (ended, ()) = tokio::join!(run, stalled);
    let report = ended.unwrap().report;
    assert_eq!(report.how, How::TimedOut);
    assert!(report.usage.output_bytes < 8 << 20, "it was not slowed: {:?}", report.usage);
}
