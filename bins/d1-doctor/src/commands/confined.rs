//! `d1-doctor run`: one command behind walls, its words and its exit code passed through.
//!
//! With `--json`, one document instead: how it ended, what it said, and which walls were up
//! (`confined_end.rs`).

use super::{confined_book::Book, confined_end::tell, consent::agree, policy};
use crate::{
    args::{Consent, Global, Run},
    failure::Failure,
    home::{Home, Places},
    terminal::Terminal,
    ui::Harmless,
};
use d1_core::{Argv, Category, Output, Problem, Stop, StopMode, Stream};
use d1_executor::{
    Access, Decision, Demand, Device, Fence, Grant, Limits, Policy, Request, SandboxBackend,
    SandboxError, Surroundings, Touch, Walls, clean_environment, run_confined, unapproved,
};
use std::{
    collections::BTreeSet,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// Between a polite request to end and the end.
const GRACE: Duration = Duration::from_secs(5);
/// Pieces of output between the command and the terminal.
const QUEUE: usize = 16;

/// Runs it.
pub async fn run(terminal: &Terminal, global: &Global, args: &Run) -> Result<ExitCode, Failure> {
    let request = request(args)?;
    let home = Home::open(global.state_dir.as_deref(), &Places::present())?;
    let policy = policy::of_owner()?;
    let grant = granted(terminal, &request, (args, &policy))?;
    let book = Book::open(&home, &grant)?;
    let sandbox = sandbox(around(global)?, policy)?;
    let (to, from) = mpsc::channel(QUEUE);
    let stop = Stop::new();
    let timeout = Duration::from_secs(args.timeout);
    let fence = Fence { timeout, grace: GRACE, interruptible: true };
    book.begin(&grant).await?;
    let passed_on = pass_on(terminal.is_text(), from);
    let ended = async {
        let run = run_confined(&sandbox, &grant, fence, &to, &stop);
        let ended = tokio::select! {
            ended = run => ended,
            never = interrupts(&stop) => match never {},
        };
        drop(to);
        ended
    };
    let (ended, ()) = tokio::join!(ended, passed_on);
    book.end(ended.as_ref()).await?;
    let ended = ended.map_err(|error| failure(&error))?;
    tell(terminal, &ended, args)
}

/// What is asked for.
pub fn request(args: &Run) -> Result<Request, Failure> {
    let argv = Argv::new(args.command.iter().cloned())
        .map_err(|error| Problem::new("D1-CLI-002", Category::Usage, error.to_string()))?;
    let mut env = clean_environment(&|name| std::env::var(name).ok());
    // It has temporary folders of its own.
    env.remove("TMPDIR");
    let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let looks = args.profile == crate::args::Profile::Diagnose;
    let cwd = if looks { PathBuf::from("/") } else { cwd };
    let walls = Walls {
        profile: args.profile.into(),
        touches: args.touch.iter().map(|path| touch(path)).collect::<Result<_, _>>()?,
        network: args.hosts.granted(),
        limits: Limits::USUAL,
        demand: if args.best_effort { Demand::BestEffort } else { Demand::Required },
    };
    // The environment is that of whoever sits here; nobody else gave any of it.
    let given = BTreeSet::new();
    Ok(Request { argv, is_script: false, env, given, cwd, walls: Some(walls) })
}

/// What the owner's policy grants of it; a person at the terminal may say yes.
fn granted(
    terminal: &Terminal,
    request: &Request,
    (args, policy): (&Run, &Policy),
) -> Result<Grant, Failure> {
    let device = Device::look(request, &home()?);
    let grant = match policy.decide(request, &device) {
        Decision::Allow { grant, .. } => grant,
        Decision::NeedsApproval { grant, digest, .. } if args.approve == Some(digest) => grant,
        Decision::NeedsApproval { grant, digest, reasons } => {
            let command = policy::command(&request.argv);
            if !terminal.can_ask() || args.approve.is_some() {
                let next = policy::how_to_say_yes(&grant, digest, &command);
                return Err(unapproved(digest, &reasons, next).into());
            }
            let why = policy::reasons_text(&reasons);
            terminal.talk(&format!("this needs a yes: {command}\n{}", why.trim_end()));
            agree(terminal, Consent { yes: false, dry_run: false }, "Run it? [y/N]")?;
            grant
        }
        Decision::Deny(denial) => return Err(denial.problem().into()),
    };
    grant.confined().ok_or_else(|| {
        Problem::new("D1-BUG-003", Category::Bug, "the policy granted it without walls").into()
    })
}

/// The path that is really meant: a person may name it by a link, a grant may not.
fn touch(path: &Path) -> Result<Touch, Failure> {
    let real = path.canonicalize().map_err(|error| {
        let title = format!("`{}` cannot be given to the command", path.display());
        Problem::new("D1-BOX-003", Category::Usage, title)
            .because(error.to_string())
            .leaving("nothing was run")
            .next("make it first, or name another path")
    })?;
    Ok(Touch { path: real, access: Access::Write })
}

/// The home to work in, by its real name.
pub fn home() -> Result<PathBuf, Failure> {
    let home = Places::present().home.and_then(|home| home.canonicalize().ok());
    home.ok_or_else(|| {
        Problem::new("D1-BOX-004", Category::Usage, "there is no home to work in")
            .because("HOME is not set, or names no folder")
            .leaving("nothing was run")
            .into()
    })
}

/// The home, and the folders of ours that no command sees.
pub fn around(global: &Global) -> Result<Surroundings, Failure> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    // The user's own policy is there.
    let config = config.map(|config| config.join("d1-doctor"));
    let ours = [global.state_dir.clone(), Places::present().state_dir(), config];
    let ours = ours.into_iter().flatten().filter_map(|path| path.canonicalize().ok());
    Ok(Surroundings { home: home()?, ours: ours.collect() })
}

#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn sandbox(around: Surroundings, owner: Policy) -> Result<Arc<dyn SandboxBackend>, Failure> {
    let config = d1_executor::LinuxConfig { around, allow_bare: true, ahead: false };
    // Whoever owns this machine may think again while the command runs.
    let outside = d1_executor::Outside::new()
        .with_proxies_of(&|name| std::env::var(name).ok())
        .with_owner(Arc::new(owner));
    Ok(Arc::new(d1_executor::LinuxSandbox::new(config).with_outside(outside)))
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")))]
fn sandbox(_around: Surroundings, _owner: Policy) -> Result<Arc<dyn SandboxBackend>, Failure> {
    let problem =
        Problem::new("D1-BOX-005", Category::Denied, "there is no sandbox for this system")
            .because("it is made for Linux on x86-64 with the GNU C library")
            .leaving("nothing was run");
    Err(problem.into())
}

/// Prints what the command says, as it comes; with JSON it is in the document.
async fn pass_on(print: bool, mut from: mpsc::Receiver<Output>) {
    let (mut out, mut err) = (Harmless::default(), Harmless::default());
    let (out_obeys, err_obeys) = (io::stdout().is_terminal(), io::stderr().is_terminal());
    while let Some(Output { stream, bytes }) = from.recv().await {
        let _reader_gone = match stream {
            _ if !print => Ok(()),
            Stream::Stdout if out_obeys => written(io::stdout().lock(), &out.pass(&bytes)),
            Stream::Stderr if err_obeys => written(io::stderr().lock(), &err.pass(&bytes)),
            Stream::Stdout => written(io::stdout().lock(), &bytes),
            Stream::Stderr => written(io::stderr().lock(), &bytes),
            Stream::Note => written(io::stderr().lock(), &on_a_line_of_its_own(&bytes)),
        };
    }
}

/// What the command says may have no end of line.
fn on_a_line_of_its_own(note: &[u8]) -> Vec<u8> {
    [b"\nd1-doctor: ", note, b"\n"].concat()
}

fn written(mut to: impl io::Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).and_then(|()| to.flush())
}

/// The first Ctrl-C asks the command to end, the second ends it.
async fn interrupts(stop: &Stop) -> std::convert::Infallible {
    for mode in [StopMode::Now, StopMode::Kill] {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.ask(mode);
        }
    }
    std::future::pending().await
}

fn failure(error: &SandboxError) -> Failure {
    let problem = error.problem();
    if let SandboxError::Directory { .. } = error {
        let next = ["start in your home: cd", "or give the folder to the command: add --touch ."];
        return Problem { next: next.map(str::to_owned).to_vec(), ..problem }.into();
    }
    problem.into()
}
