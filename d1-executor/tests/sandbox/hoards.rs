//! Commands that take what no bound of a single process counts: memory that nobody's page is,
//! all processors, the room of a disk.

use crate::rig::{PATIENCE, Rig};
use d1_core::{Stop, StopMode};
use d1_executor::{How, Limits};
use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// By its argument: memory of the kernel, taken in one of several ways, and kept until somebody
/// says so. Each takes about 200 MiB, and none of it is a page of a process.
const HOARD: &str = r#"
my ($way, $then) = @ARGV;
my @kept;
sub child {
    if ($way eq 'files') {                          # memfd_create(2)
        my $fd = syscall(319, my $name = "hoard", 0);
        die $! if $fd < 0;
        open(my $file, '>&=', $fd) or die $!;
        syswrite($file, 'x' x (1 << 20)) or die $! for 1..50;
        push @kept, $file;
    } elsif ($way eq 'segments') {                  # shmget(2)
        my $id = shmget(0, 50 << 20, 01600) // die $!;
        shmwrite($id, 'x' x (1 << 20), $_ << 20, 1 << 20) or die $! for 0..49;
    } elsif ($way eq 'pipes') {
        for (1..2000) {
            pipe(my $in, my $out) or die $!;
            syswrite($out, 'x' x 4096) == 4096 or die $!;
            push @kept, $in, $out;
        }
    } elsif ($way eq 'sockets') {
        use Socket;
        for (1..150) {
            socketpair(my $one, my $other, AF_UNIX, SOCK_STREAM, 0) or die $!;
            push @kept, $one, $other;
        }
    }
}
my $children = { files => 4, segments => 4, pipes => 8, sockets => 4 }->{$way};
pipe(my $ready, my $tell);
for (1..$children) {
    next if fork;
    close $ready;
    child();
    syswrite($tell, '.');
    $then eq 'stay' ? sleep(600) : sysread($tell, my $end, 1);
    exit;
}
close $tell;
for (1..$children) { sysread($ready, my $byte, 1) == 1 or die "a child did not get what it wanted" }
sleep(600) if $then eq 'stay';
print "taken\n";
"#;

#[tokio::test]
async fn memory_that_is_no_page_of_a_process_is_counted_all_the_same() {
    let rig = Rig::new();
    for way in ["files", "segments", "pipes", "sockets"] {
        let hoard = |then| rig.grant(&["perl", "-e", HOARD, way, then]);
        let ended = rig.run(&hoard("go")).await.unwrap();
        let said = &ended.report;
        let taken = (said.how, said.stdout.as_str());
        assert_eq!(taken, (How::Exited(0), "taken\n"), "{way}: {}", said.stderr);
        let mut grant = hoard("stay");
        grant.limits = Limits { memory: 100 << 20, ..Limits::USUAL };
        let ended = rig.run(&grant).await.unwrap();
        assert_eq!(ended.report.how, How::OutOfMemory, "{way}: {}", ended.report.stderr);
    }
}

/// Asks for address space of 64 GiB, and touches none of it.
const RESERVE: &str = "syscall(9, 0, 64 << 30, 3, 0x4022, -1, 0) == -1 and die $!";

#[tokio::test]
async fn no_process_reserves_what_it_may_not_have() {
    let outside = Command::new("perl").args(["-e", RESERVE]).status().unwrap();
    assert!(outside.success(), "it works outside");
    let rig = Rig::new();
    let ended = rig.run(&rig.grant(&["perl", "-e", RESERVE])).await.unwrap();
    assert_eq!(ended.report.how, How::Exited(12), "{}", ended.report.stderr);
    assert!(ended.report.stderr.contains("Cannot allocate memory"), "{}", ended.report.stderr);
}

#[tokio::test]
async fn shared_memory_and_temporary_folders_hold_so_many_bytes_and_no_more() {
    let rig = Rig::new();
    for folder in ["/dev/shm", "/tmp"] {
        let line = format!("head -c 8M /dev/zero > {folder}/x");
        let mut grant = rig.grant(&["sh", "-c", &line]);
        assert_eq!(rig.run(&grant).await.unwrap().report.how, How::Exited(0), "{folder}");
        grant.limits.scratch_bytes = 4 << 20;
        let ended = rig.run(&grant).await.unwrap().report;
        assert_eq!(ended.how, How::Exited(1), "{folder}");
        assert!(ended.stderr.contains("No space left"), "{folder}: {}", ended.stderr);
    }
}

/// Sixty-four threads that never rest; the file `work/spins` is there when all of them run.
const SPIN: &str = r#"
#include <fcntl.h>
#include <pthread.h>
static void *spin(void *none) { for (;;) __asm__ volatile(""); return none; }
int main(void) {
  pthread_t thread;
  for (int n = 1; n < 64; n++)
    if (pthread_create(&thread, 0, spin, 0)) return 1;
  open("work/spins", O_CREAT, 0644);
  spin(0);
}
"#;

fn compiled(source: &str, at: &Path) {
    let mut cc = Command::new("cc");
    let cc = cc.args(["-xc", "-O1", "-pthread", "-o"]).arg(at).arg("-").stdin(Stdio::piped());
    let mut cc = cc.spawn().unwrap();
    cc.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    assert!(cc.wait().unwrap().success());
}

#[tokio::test]
async fn a_command_that_takes_all_processors_holds_up_no_other_and_has_an_end_of_its_own() {
    let rig = Rig::new();
    let program = rig.write("work/spin", "");
    compiled(SPIN, &program);
    let (spin, stop) = (rig.grant(&[program.to_str().unwrap()]), Stop::new());
    let others = async {
        while !rig.path("work/spins").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..10 {
            let line = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo done";
            assert_eq!(rig.shell(line).await, "done\n");
        }
        // It had no end of its own until now.
        stop.ask(StopMode::Kill);
    };
    let (ended, ()) = tokio::join!(rig.run_until(&spin, PATIENCE, &stop), others);
    assert_eq!(ended.unwrap().report.how, How::Killed);
    let mut bounded = spin;
    bounded.limits = Limits { cpu_seconds: 1, ..Limits::USUAL };
    let ended = rig.run(&bounded).await.unwrap();
    assert_eq!(ended.report.how, How::CpuTime, "the time of all its threads counts");
}

/// This test sees that it is run again with a small disk in this folder.
const DISK: &str = "D1_SMALL_DISK";
/// A disk of 64 MiB and 4096 files.
const SMALL: &str = "mount -t tmpfs -o size=64m,nr_inodes=4096,mode=755 none \"$D1_SMALL_DISK\" && exec \"$0\" \"$@\"";

/// Runs this test again in a tree of mounts of its own, where a small disk is mounted.
fn with_a_small_disk(test: &str) {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let ran = Command::new("unshare")
        .args(["--mount", "sh", "-c", SMALL])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("hoards::{test}")])
        .env(DISK, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_command_that_fills_a_disk_with_bytes_or_files_is_ended_and_one_that_writes_little_is_not() {
    const NAME: &str = "a_command_that_fills_a_disk_with_bytes_or_files_is_ended_and_one_that_writes_little_is_not";
    match std::env::var_os(DISK) {
        None => with_a_small_disk(NAME),
        Some(disk) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(disks_are_not_filled(Path::new(&disk)));
        }
    }
}

async fn disks_are_not_filled(disk: &Path) {
    let rig = Rig::at(tempfile::tempdir_in(disk).unwrap());
    rig.write("work/seed", "");
    let bytes =
        "cd work; i=0; while :; do head -c 64K /dev/zero > b$i 2>/dev/null; i=$((i+1)); done";
    let files = "cd work; i=0; while :; do true > f$i; i=$((i+1)); done 2>/dev/null";
    // Each file is far below what one file may be.
    for fill in [bytes, files] {
        let ended = rig.run(&rig.grant(&["bash", "-c", fill])).await.unwrap();
        assert_eq!(ended.report.how, How::DiskFull, "{fill}");
        // It is nearly full now, and whoever takes little goes on.
        rig.shell("cd work; rm -f b1 f1; echo little > b1; sleep 0.5; cat b1").await;
        rig.shell("cd work; rm -f b* f*").await;
    }
    // Nobody ends whoever is outside: there the disk is filled to the last byte.
    let line = "head -c 128M /dev/zero > full";
    let full = Command::new("sh").args(["-c", line]).current_dir(rig.home.path()).output();
    let full = full.unwrap();
    assert!(String::from_utf8_lossy(&full.stderr).contains("No space left"));
}
