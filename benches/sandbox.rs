//! What walls cost: `/bin/true` by the bare system call, behind our walls, and behind those of
//! bubblewrap, by a small program and by one that holds a gigabyte; a gigabyte of output; and
//! ten commands at once.
//!
//! Promises: at most 3.5 times the bare call and 0.45 times bubblewrap, whatever memory we
//! hold (with a moment between two commands, as a daemon has it; in a row is shown beside it);
//! output at no less than 0.4 times the speed of a pipe into `cat`, in bounded memory; of ten at
//! once, none takes more than twice as long as the median.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use d1_core::{Argv, Output, Stop, Supervisor};
use d1_executor::{
    Confinement, Fence, Grant, How, LinuxConfig, LinuxSandbox, Profile, SandboxBackend,
    Surroundings, run_confined,
};
use d1_world::Contest;
use std::{
    fs,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

const TURNS: usize = 300;
const IN_A_ROW: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);
/// A gigabyte takes a while.
const FLOODS: usize = 7;
const FLOOD: &str = "1073741824";
const AT_ONCE: usize = 10;
/// How many commands each of the ten runs, one after the other.
const EACH: usize = 20;
/// What the daemon holds: little, and much.
const SMALL: usize = 16 << 20;
const LARGE: usize = 1 << 30;
const PAGE: usize = 4096;
/// Called by its path: a name would have the standard library copy our memory to look for it.
const BUBBLEWRAP_PATH: &str = "/usr/bin/bwrap";
/// What bubblewrap is asked for: as many of our walls as it has.
const BUBBLEWRAP: [&str; 14] = [
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
];

/// Where commands run, and who hears what they say.
struct Place {
    sandbox: Arc<dyn SandboxBackend>,
    words: mpsc::Sender<Output>,
}

impl Place {
    async fn run(&self, argv: &[&str]) -> Confinement {
        let grant = Grant::new(Profile::Diagnose, Argv::new(argv.iter().copied()).unwrap());
        let fence = Fence::within(Duration::from_secs(600));
        let ended = run_confined(&self.sandbox, &grant, fence, &self.words, &Stop::new()).await;
        let ended = ended.unwrap();
        assert_eq!(ended.report.how, How::Exited(0), "{}", ended.report.stderr);
        ended
    }
}

/// Like a task of the daemon, not like a program around it: whoever waits for the runtime from
/// outside is woken by another thread at each piece of output.
#[tokio::main]
async fn main() {
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(everything());
    tasks.join_next().await.unwrap().unwrap();
}

async fn everything() {
    let (words, mut heard) = mpsc::channel(16);
    let supervisor = Supervisor::default();
    supervisor.run("listener", async move { while heard.recv().await.is_some() {} });
    // As the daemon has it.
    let config = LinuxConfig { around: Surroundings::of("/root"), allow_bare: false, ahead: true };
    let place = Place { sandbox: Arc::new(LinuxSandbox::new(config)), words };
    let walls = place.run(&["/bin/true"]).await.isolation;
    println!("walls on this machine: {}\n", walls.summary());
    let bubblewrap = has_bubblewrap();
    if !bubblewrap {
        println!("bubblewrap does not take part; to let it: apt-get install bubblewrap\n");
    }
    start("run /bin/true, holding 16 MiB", SMALL, &place, bubblewrap).await;
    start("run /bin/true, holding 1 GiB", LARGE, &place, bubblewrap).await;
    in_a_row(&place, bubblewrap).await;
    flood(&place).await;
    ten_at_once(&place).await;
}

fn has_bubblewrap() -> bool {
    let mut bubblewrap = Command::new(BUBBLEWRAP_PATH);
    let tried = bubblewrap.args(BUBBLEWRAP).arg("/bin/true").stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

async fn start(title: &'static str, holding: usize, place: &Place, bubblewrap: bool) {
    let mut memory = vec![0_u8; holding];
    // Memory counts when it was written to.
    memory.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
    let mut contest = Contest::new(title);
    for _ in 0..TURNS {
        contest.time("posix_spawn and wait", || bare("/bin/true", &[]));
        settle().await;
        contest.wait("behind our walls", place.run(&["/bin/true"])).await;
        settle().await;
        if bubblewrap {
            contest.time("bubblewrap", behind_bubblewrap);
            settle().await;
        }
    }
    std::hint::black_box(&memory);
    contest.report();
}

/// What a turn left behind is cleared away before somebody else is timed: the kernel takes
/// namespaces down later, and we make the next first process ahead.
async fn settle() {
    tokio::time::sleep(PAUSE).await;
}

/// The same without a pause, in which nothing can be made ahead.
async fn in_a_row(place: &Place, bubblewrap: bool) {
    let mut contest = Contest::new("run /bin/true ten times in a row");
    for _ in 0..TURNS / IN_A_ROW {
        contest.time("posix_spawn and wait", || {
            (0..IN_A_ROW).for_each(|_| bare("/bin/true", &[]));
        });
        settle().await;
        let row = async {
            for _ in 0..IN_A_ROW {
                place.run(&["/bin/true"]).await;
            }
        };
        contest.wait("behind our walls", row).await;
        settle().await;
        if bubblewrap {
            contest.time("bubblewrap", || (0..IN_A_ROW).for_each(|_| behind_bubblewrap()));
            settle().await;
        }
    }
    contest.report();
}

fn behind_bubblewrap() {
    bare(BUBBLEWRAP_PATH, &[&BUBBLEWRAP[..], &["/bin/true"]].concat());
}

fn bare(program: &str, args: &[&str]) {
    // Without hooks of ours the standard library calls posix_spawn.
    let path = "/usr/bin:/bin";
    let status = Command::new(program).args(args).env_clear().env("PATH", path).status().unwrap();
    assert!(status.success());
}

async fn flood(place: &Place) {
    let mut contest = Contest::new("a gigabyte of output");
    let before = resident();
    for _ in 0..FLOODS {
        contest.time("head | cat", || {
            let mut head = Command::new("head");
            let mut head =
                head.args(["-c", FLOOD, "/dev/zero"]).stdout(Stdio::piped()).spawn().unwrap();
            let from = head.stdout.take().unwrap();
            let cat = Command::new("cat").stdin(from).stdout(Stdio::null()).status().unwrap();
            assert!(cat.success() && head.wait().unwrap().success());
        });
        let ended =
            contest.wait("behind our walls", place.run(&["head", "-c", FLOOD, "/dev/zero"]));
        assert_eq!(ended.await.report.usage.output_bytes.to_string(), FLOOD);
    }
    contest.report();
    println!("  memory more at its most than before: {} KiB\n", resident().saturating_sub(before));
}

/// The most memory this program had so far, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

async fn ten_at_once(place: &Place) {
    let ten = (0..AT_ONCE).map(|_| async {
        let began = Instant::now();
        for _ in 0..EACH {
            place.run(&["/bin/true"]).await;
        }
        began.elapsed()
    });
    let mut took: Vec<Duration> = futures_util::future::join_all(ten).await;
    took.sort_unstable();
    let (median, slowest) = (took[AT_ONCE / 2], took[AT_ONCE - 1]);
    println!("{AT_ONCE} at once, {EACH} commands each");
    println!(
        "  median {median:.1?}, slowest {slowest:.1?}: {:.2}×",
        slowest.as_secs_f64() / median.as_secs_f64()
    );
}
