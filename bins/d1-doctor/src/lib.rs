//! The `d1-doctor` command: plan, install, undo, from a terminal or a script.
//!
//! `main.rs` hands over here. [`args`] is the command line, [`failure`] the exit codes
//! and the shape of errors, [`ui`] everything a person sees, [`commands`] what each
//! command does, [`compose`] the one place where the libraries are joined.

pub mod accounts;
pub mod args;
pub mod audit;
pub mod commands;
pub mod compose;
pub mod failure;
pub mod home;
pub mod mistyped;
pub mod pick;
pub mod reach;
pub mod terminal;
mod tether;
pub mod ui;
pub mod watch;

use args::{Cli, Command, Daemon};
use clap::Parser as _;
use commands::{
    approvals, cancel, confined, credits, devices, diagnose, enroll, fix, history, install, keys,
    login, logout, logs, manual, policy, resume, setups, status, undo, whoami, why,
};
use d1_core::{Category, Problem, SetupStore, StoreError, SystemClock};
use failure::{ExitCode, Failure};
use home::{Home, Places};
use std::{error::Error as _, future::Future, io};
use terminal::{Surroundings, Terminal};

/// Reads the command line, does what it says, and tells how it went.
#[must_use]
pub fn main() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if mistyped::is_a_question(&error) => {
            // A reader that left does not matter.
            let _reader_gone = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Ok }.into();
        }
        Err(error) => {
            let failure = mistyped::failure(&error);
            tell(&mistyped::terminal(), &failure);
            return failure.exit.into();
        }
    };
    log_if_asked();
    tell_of_panics();
    let terminal = Terminal::new(&cli.global, Surroundings::present());
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&terminal, cli)));
    let ended = ended.unwrap_or_else(|_| Err(bug()));
    ended.unwrap_or_else(|failure| {
        tell(&terminal, &failure);
        failure.exit.into()
    })
}

fn run(terminal: &Terminal, cli: Cli) -> Result<std::process::ExitCode, Failure> {
    let Cli { command, global } = cli;
    let home = || Home::open(global.state_dir.as_deref(), &Places::present());
    let ended = match command {
        // Its exit codes are not ours.
        Command::Run(args) => return work(confined::run(terminal, &global, &args)),
        Command::Audit { what } => on_one_thread(commands::audit::run(terminal, &home()?, &what)),
        Command::Policy { what } => policy::run(terminal, &what),
        Command::Credits(args) => on_one_thread(credits::run(terminal, home, &args)),
        Command::Devices(args) => on_one_thread(devices::run(terminal, home, &args)),
        Command::Daemon { what: Daemon::Enroll(args) } => {
            on_one_thread(enroll::run(terminal, &home()?, &args))
        }
        Command::Keys { what } => on_one_thread(keys::run(terminal, &home()?, &what)),
        Command::Approvals { what } => {
            on_one_thread(approvals::run(terminal, &global, &home()?, &what))
        }
        Command::Setups(args) => on_one_thread(setups::run(terminal, home()?, &args)),
        Command::Login(args) => on_one_thread(login::run(terminal, &home()?, &args)),
        Command::Logout(args) => on_one_thread(logout::run(terminal, &home()?, &args)),
        Command::Whoami => whoami::run(terminal, &home()?),
        Command::Completion { shell } => Ok(manual::completion(terminal, shell)),
        Command::Man { dir } => manual::man(terminal, dir.as_deref()),
        Command::ExitCodes => Ok(manual::exit_codes(terminal)),
        Command::Schema => Ok(manual::schema(terminal)),
        Command::Install(args) => work(install::install(terminal, &global, &home()?, &args)),
        Command::Plan(args) => work(install::plan(terminal, &global, &home()?, &args)),
        Command::Diagnose(args) => work(diagnose::run(terminal, &global, &args)),
        Command::Fix(args) => work(fix::run(terminal, &global, &home()?, &args)),
        Command::Undo(args) => work(undo::run(terminal, &global, &home()?, &args)),
        Command::Resume(args) => work(resume::run(terminal, &global, &home()?, &args)),
        Command::Cancel(args) => look(home()?, async |home, store, _clock| {
            cancel::run(terminal, &global, (home, store), &args).await
        }),
        Command::Status(args) => look(home()?, async |home, store, clock| {
            status::run(terminal, &global, (home, store, clock), &args).await
        }),
        Command::History(args) => look(home()?, async |home, store, clock| {
            history::run(terminal, (home, store, clock), &args).await
        }),
        Command::Why(args) => look(home()?, async |_home, store, clock| {
            why::run(terminal, (store, clock), &args).await
        }),
        Command::Logs(args) => look(home()?, async |home, store, _clock| {
            logs::run(terminal, (home, store), &args).await
        }),
    };
    ended.map(Into::into)
}

/// Runs a command that works on what is kept, and not on the machine.
fn look(
    home: Home,
    command: impl AsyncFnOnce(&Home, &dyn SetupStore, &SystemClock) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    on_one_thread(async {
        let store = compose::store(&home)?;
        command(&home, &*store, &SystemClock::new()).await
    })
}

fn on_one_thread<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    on(tokio::runtime::Builder::new_current_thread().enable_all().build(), command)
}

/// Runs a command that speaks to a machine.
fn work<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    on(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build(), command)
}

fn on<T>(
    runtime: io::Result<tokio::runtime::Runtime>,
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let runtime = runtime.map_err(|error| {
        Problem::new("D1-STATE-005", Category::Task, "this process cannot start its threads")
            .because(error.to_string())
            .leaving("nothing was changed")
    })?;
    let ended = runtime.block_on(command);
    // A question that nobody answered must not keep the process.
    runtime.shutdown_background();
    ended
}

/// Logs go to standard error, and only when `D1_LOG` asks for them (`D1_LOG=debug`).
fn log_if_asked() {
    if let Ok(filter) = std::env::var("D1_LOG") {
        let filter = tracing_subscriber::EnvFilter::new(filter);
        let subscriber =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).finish();
        // Set once, at the start of the process.
        let _already_set = tracing::subscriber::set_global_default(subscriber);
    }
}

fn tell_of_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        ui::live::restore(io::stderr());
        usual(panic);
    }));
}

fn bug() -> Failure {
    Problem::new("D1-BUG-001", Category::Bug, "d1-doctor made a mistake and stopped")
        .because("the lines above say where; please report them")
        .leaving("what was running goes on; what was kept is still there")
        .next("d1-doctor status")
        .into()
}

fn tell(terminal: &Terminal, failure: &Failure) {
    if !terminal.is_text() {
        terminal.print(&failure.json(terminal.format == args::Output::Ndjson));
    }
    terminal.talk(failure.text().trim_end());
}

/// The store of setups is in trouble, told so that a person can act on it.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(crate) fn store_failure(error: StoreError) -> Failure {
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    Problem::new("D1-STATE-003", Category::Task, error.to_string())
        .because(cause)
        .leaving("what was kept before is still there")
        .next("see that the disk of the state directory has room, then try again")
        .into()
}
