//! The command line.

mod account;
mod approvals;
mod audit;
mod credits;
mod daemon;
mod devices;
mod hosts;
mod keys;
mod setups;

use clap::{Args, Parser, Subcommand, ValueEnum};
use d1_core::{HostName, Source, ThingName};
use std::path::PathBuf;

pub use account::{Login, Logout};
pub use approvals::{Approvals, Waiting};
pub use audit::{Audit, AuditExport, AuditRedact, AuditShow, AuditVerify};
pub use credits::{CapChange, Cloud, Credits, CreditsCommand, CreditsHistory, Scope};
pub use daemon::{Daemon, Enroll};
pub use devices::{Devices, DevicesCommand, DevicesPurge};
pub use hosts::Hosts;
pub use keys::Keys;
pub use setups::{Setups, SetupsCommand};

/// Sets up and repairs this machine: every change is a plan first, leaves a receipt, and can be undone.
#[derive(Debug, Parser)]
#[command(
    name = "d1-doctor",
    version,
    propagate_version = true,
    after_help = "Examples:\n  \
        d1-doctor plan ripgrep        see what would happen\n  \
        d1-doctor install ripgrep     do it\n  \
        d1-doctor undo last           take it back\n\n\
        Exit codes: d1-doctor exit-codes"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options that every command has.
    #[command(flatten)]
    pub global: Global,
}

/// Options that every command has.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Print exactly one JSON document on standard output
    #[arg(long, global = true, conflicts_with = "output")]
    pub json: bool,
    /// How to print results
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    pub output: Output,
    /// Where everything is kept
    #[arg(long, global = true, env = "D1_STATE_DIR", value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// The daemon's socket; without it the usual places are tried
    #[arg(long, global = true, env = "D1_SOCKET", value_name = "FILE")]
    pub socket: Option<PathBuf>,
    /// Never use a daemon, even if one is running
    #[arg(long, global = true, conflicts_with = "socket")]
    pub no_daemon: bool,
    /// Colours: by themselves on a terminal, always, or never
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Progress: a live block on a terminal, plain lines, or none
    #[arg(long, global = true, value_enum, default_value_t = ProgressStyle::Auto, value_name = "STYLE", env = "D1_PROGRESS")]
    pub progress: ProgressStyle,
    /// Never ask; a question becomes an error that names the flag
    #[arg(long, global = true)]
    pub no_input: bool,
}

impl Default for Global {
    /// As without any option.
    fn default() -> Self {
        Self {
            json: false,
            output: Output::Text,
            state_dir: None,
            socket: None,
            no_daemon: false,
            color: Color::Auto,
            progress: ProgressStyle::Auto,
            no_input: false,
        }
    }
}

impl Global {
    /// How results are printed.
    #[must_use]
    pub fn format(&self) -> Output {
        if self.json { Output::Json } else { self.output }
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// One JSON document a line, as things happen
    Ndjson,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that knows them, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// A live block on a terminal, plain lines elsewhere
    Auto,
    /// A live block
    Tty,
    /// Plain lines
    Plain,
    /// Nothing
    None,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Install things: a tool, a language, a database, a bundle
    #[command(
        after_help = "Examples:\n  d1-doctor install ripgrep\n  d1-doctor install docker jq --yes\n  d1-doctor install typescript --from npm"
    )]
    Install(Install),
    /// Show what installing would do, and change nothing
    #[command(after_help = "Examples:\n  d1-doctor plan docker\n  d1-doctor plan --list")]
    Plan(Plan),
    /// Look for what is wrong with this machine, and change nothing
    #[command(
        after_help = "Examples:\n  d1-doctor diagnose\n  d1-doctor diagnose apt git.identity\n  d1-doctor diagnose --since last\n  d1-doctor diagnose --report report.txt"
    )]
    Diagnose(Diagnose),
    /// Mend what `diagnose` found, and see that it is mended
    #[command(
        after_help = "Examples:\n  d1-doctor fix ssh.perms\n  d1-doctor fix --all --dry-run\n  d1-doctor undo last      take it back"
    )]
    Fix(Fix),
    /// Take back what a setup changed
    #[command(after_help = "Examples:\n  d1-doctor undo last\n  d1-doctor undo 7c1e0d2a --dry-run")]
    Undo(Undo),
    /// Go on where a setup failed or was interrupted
    #[command(after_help = "Examples:\n  d1-doctor resume last\n  d1-doctor resume 7c1e0d2a --yes")]
    Resume(Resume),
    /// Stop a setup that is running
    #[command(
        after_help = "Examples:\n  d1-doctor cancel last\n  d1-doctor cancel 7c1e0d2a --kill"
    )]
    Cancel(Cancel),
    /// Show the daemon, and a setup
    #[command(after_help = "Examples:\n  d1-doctor status\n  d1-doctor status 7c1e0d2a --json")]
    Status(Status),
    /// List setups, newest first
    #[command(after_help = "Examples:\n  d1-doctor history\n  d1-doctor history --limit 5 --json")]
    History(History),
    /// Tell which setup brought or changed something
    #[command(after_help = "Examples:\n  d1-doctor why ripgrep\n  d1-doctor why /etc/hosts")]
    Why(Why),
    /// Show what a setup's steps wrote
    #[command(after_help = "Examples:\n  d1-doctor logs last\n  d1-doctor logs 7c1e0d2a --follow")]
    Logs(Logs),
    /// Run one command behind walls: it sees and changes what it was given, and nothing else
    #[command(
        after_help = "Examples:\n  d1-doctor run -- make test\n  d1-doctor run --profile diagnose -- df -h\n  d1-doctor run --touch /srv/site -- ./publish\n  d1-doctor run --allow-host example.org -- curl https://example.org/\n\nThe command has no network but the hosts that it is allowed. Exit codes are those of the command."
    )]
    Run(Run),
    /// Ask what the owner's policy says to a command, or say yes to one
    #[command(
        after_help = "Examples:\n  d1-doctor policy check -- rm -rf build\n  d1-doctor policy check --shell 'make && ./install'\n  d1-doctor policy approve <digest>\n\nThe policy is /etc/d1-doctor/policy.toml, and below it ~/.config/d1-doctor/policy.toml."
    )]
    Policy {
        /// What about it.
        #[command(subcommand)]
        what: Policy,
    },
    /// Show what was done on this machine, and prove that nobody changed the record of it
    #[command(
        after_help = "Examples:\n  d1-doctor audit show\n  d1-doctor audit verify\n  d1-doctor audit export log.jsonl\n\nWhat cannot be written into the audit log is not done."
    )]
    Audit {
        /// What about it.
        #[command(subcommand)]
        what: Audit,
    },
    /// Look after the daemon of this machine
    Daemon {
        /// What about it.
        #[command(subcommand)]
        what: Daemon,
    },
    /// See what a cloud ordered that waits for a yes at this machine, and answer
    #[command(
        after_help = "Examples:\n  d1-doctor approvals list\n  d1-doctor approvals approve 7c1e\n  d1-doctor approvals decline 7c1e\n\nA yes is typed at a terminal; nothing else gives one. What waits is said by `orders.yes` in policy.toml."
    )]
    Approvals {
        /// What about them.
        #[command(subcommand)]
        what: Approvals,
    },
    /// Sign the plan of a setup, for a device whose owner wants it signed
    #[command(
        after_help = "Example:\n  d1-doctor setups sign 7c1e0d2a-5b3f-4c1a-9e55-0f6f3e1f2a10"
    )]
    Setups(Setups),
    /// Show by which keys orders and plans are known on this machine, trust a person's, or make yours
    #[command(
        after_help = "Examples:\n  d1-doctor keys list\n  d1-doctor keys make\n  d1-doctor keys trust <key> --name ada\n  d1-doctor keys forget-cloud wss://d1.example:7702\n\nCompare them with what d1-cloud order-keys list prints at the cloud."
    )]
    Keys {
        /// What about them.
        #[command(subcommand)]
        what: Keys,
    },
    /// Sign in to a cloud
    #[command(
        after_help = "Examples:\n  d1-doctor login --cloud http://127.0.0.1:7701\n  d1-doctor login --no-browser\n  d1-doctor login --no-wait --json\n  d1-doctor login --with-token < token\n\nWork that no cloud plans needs nobody to sign in."
    )]
    Login(Login),
    /// Sign out: at the cloud, and then here
    #[command(after_help = "Examples:\n  d1-doctor logout\n  d1-doctor logout --all")]
    Logout(Logout),
    /// Tell who is signed in, and ask no cloud
    #[command(after_help = "Examples:\n  d1-doctor whoami\n  d1-doctor whoami --json")]
    Whoami,
    /// Show what an account in a cloud has, how it came to that, and what it may spend
    #[command(
        after_help = "Examples:\n  d1-doctor credits\n  d1-doctor credits history\n  d1-doctor credits caps set day 10\n\nWork that no cloud plans costs nothing and needs no account."
    )]
    Credits(Credits),
    /// List the devices of an account in a cloud and how they are, or end what waits for one
    #[command(
        after_help = "Examples:\n  d1-doctor devices\n  d1-doctor devices --json\n  d1-doctor devices purge 0b5a6f3e"
    )]
    Devices(Devices),
    /// Print a completion script for a shell
    #[command(
        after_help = "Examples:\n  d1-doctor completion bash > ~/.local/share/bash-completion/completions/d1-doctor\n  d1-doctor completion zsh > ~/.zfunc/_d1-doctor"
    )]
    Completion {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one file for every command
    #[command(
        after_help = "Examples:\n  d1-doctor man | man -l -\n  d1-doctor man --dir /usr/local/share/man/man1"
    )]
    Man {
        /// Write one page for every command into this directory
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// List the exit codes and what they mean
    ExitCodes,
    /// Print the JSON Schema of what `diagnose` and `fix` print with --json
    #[command(after_help = "Examples:\n  d1-doctor schema > doctor.v1.json")]
    Schema,
}

/// What every command that changes something understands.
#[derive(Clone, Copy, Debug, Args)]
pub struct Consent {
    /// Say yes to the plan beforehand
    #[arg(short, long)]
    pub yes: bool,
    /// Show the plan and stop
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// `diagnose`
#[derive(Debug, Args)]
pub struct Diagnose {
    /// Areas or checks to look at; all when none is named
    #[arg(value_name = "AREA|CHECK")]
    pub names: Vec<String>,
    /// List the checks and stop
    #[arg(long)]
    pub list: bool,
    /// Also the checks that take long
    #[arg(long)]
    pub deep: bool,
    /// Leave the network alone
    #[arg(long)]
    pub offline: bool,
    /// Exit with 9 when something is wrong
    #[arg(long)]
    pub exit_code: bool,
    /// Tell only what is different since the last look
    #[arg(long, value_enum, value_name = "WHEN")]
    pub since: Option<Since>,
    /// Write everything to a file that can be passed on, or to standard output with `-`: without
    /// the home, names and secrets; JSON when it is called so
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// An earlier look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Since {
    /// What each check said last
    Last,
}

/// `install`
#[derive(Debug, Args)]
pub struct Install {
    /// What to install
    #[arg(required = true, value_name = "THING", num_args = 1..=64)]
    pub things: Vec<ThingName>,
    /// Take it from a language registry instead of the system's packages
    #[arg(long, value_enum, value_name = "REGISTRY")]
    pub from: Option<Registry>,
    /// Also let its steps call this host: NAME, or NAME:PORT for a port other than 80 and 443; may
    /// be given several times
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<HostName>,
    /// Consent.
    #[command(flatten)]
    pub consent: Consent,
}

/// `plan`
#[derive(Debug, Args)]
pub struct Plan {
    /// What would be installed
    #[arg(required_unless_present = "list", value_name = "THING", num_args = 1..=64)]
    pub things: Vec<ThingName>,
    /// Take it from a language registry instead of the system's packages
    #[arg(long, value_enum, value_name = "REGISTRY")]
    pub from: Option<Registry>,
    /// Also let its steps call this host: NAME, or NAME:PORT for a port other than 80 and 443; may
    /// be given several times
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<HostName>,
    /// List everything there is a recipe for
    #[arg(long, conflicts_with_all = ["things", "from", "allow_host"])]
    pub list: bool,
    /// Exit with 9 when there is something to do
    #[arg(long)]
    pub exit_code: bool,
}

/// A language registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registry {
    /// Node
    Npm,
    /// Rust
    Cargo,
    /// Python tools
    Pipx,
    /// Go
    Go,
}

impl From<Registry> for Source {
    fn from(registry: Registry) -> Self {
        match registry {
            Registry::Npm => Self::Npm,
            Registry::Cargo => Self::Cargo,
            Registry::Pipx => Self::Pipx,
            Registry::Go => Self::Go,
        }
    }
}

/// `fix`
#[derive(Debug, Args)]
pub struct Fix {
    /// Areas or checks whose findings are mended
    #[arg(value_name = "AREA|CHECK", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Mend everything that can be mended
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// Leave the network alone while looking
    #[arg(long)]
    pub offline: bool,
    /// Consent.
    #[command(flatten)]
    pub consent: Consent,
}

/// `undo`
#[derive(Debug, Args)]
pub struct Undo {
    /// A setup's id, the beginning of one, or `last`
    pub setup: String,
    /// Consent.
    #[command(flatten)]
    pub consent: Consent,
}

/// `resume`
#[derive(Debug, Args)]
pub struct Resume {
    /// A setup's id, the beginning of one, or `last`
    pub setup: String,
    /// Also when a step was cut off and nobody can tell how far it came
    #[arg(long)]
    pub force: bool,
    /// Consent.
    #[command(flatten)]
    pub consent: Consent,
}

/// `cancel`
#[derive(Debug, Args)]
pub struct Cancel {
    /// A setup's id, the beginning of one, or `last`
    pub setup: String,
    /// End the running step now, in good order, where that does no harm
    #[arg(long, conflicts_with = "kill")]
    pub now: bool,
    /// End it at once, whatever that leaves behind
    #[arg(long)]
    pub kill: bool,
}

/// `status`
#[derive(Debug, Args)]
pub struct Status {
    /// A setup's id, the beginning of one, or `last`; without it an overview
    pub setup: Option<String>,
}

/// `history`
#[derive(Debug, Args)]
pub struct History {
    /// At most this many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub limit: u16,
    /// Only setups before this one: the cursor the last page ended with
    #[arg(long, value_name = "ID")]
    pub cursor: Option<String>,
}

/// `why`
#[derive(Debug, Args)]
pub struct Why {
    /// A package, a file, a service, a group
    pub what: String,
}

/// `logs`
#[derive(Debug, Args)]
pub struct Logs {
    /// A setup's id, the beginning of one, or `last`
    pub setup: String,
    /// Only this step, by its number or name
    #[arg(long)]
    pub step: Option<String>,
    /// Go on until the setup is over
    #[arg(short, long)]
    pub follow: bool,
}

/// `run`
#[derive(Debug, Args)]
pub struct Run {
    /// What it may do: look, or also work in your home
    #[arg(long, value_enum, default_value_t = Profile::Home)]
    pub profile: Profile,
    /// Also let it change this path, and what is below; may be given several times
    #[arg(long, value_name = "PATH")]
    pub touch: Vec<PathBuf>,
    /// What of the network it is given.
    #[command(flatten)]
    pub hosts: Hosts,
    /// How long it may run, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: u64,
    /// Run it even where a wall is missing, and tell which
    #[arg(long)]
    pub best_effort: bool,
    /// Say yes to exactly this grant, where the policy asks for one
    #[arg(long, value_name = "DIGEST")]
    pub approve: Option<d1_core::Digest>,
    /// The command and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub command: Vec<String>,
}

/// `policy`
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Tell whether a command may run, and why; nothing runs
    #[command(
        after_help = "Examples:\n  d1-doctor policy check -- cat notes\n  d1-doctor policy check --step -- make install\n  d1-doctor policy check --shell 'ls | wc -l' --json\n\nExit codes: 0 it may run, 9 it needs a yes, 6 it may not."
    )]
    Check(PolicyCheck),
    /// Say yes to exactly one grant, by its digest, for steps of setups
    #[command(
        after_help = "The yes is one line of the file `approved` beside the policy, and lasts until the line is taken away. The administrator's yes is for the machine; a user's is for what the user's own policy asks."
    )]
    Approve {
        /// The digest, as it was told
        digest: d1_core::Digest,
    },
}

/// `policy check`
#[derive(Debug, Args)]
pub struct PolicyCheck {
    /// As `run` would start it: look, or also work in your home
    #[arg(long, value_enum, default_value_t = Profile::Home)]
    pub profile: Profile,
    /// As `run` would with this path given to it; may be given several times
    #[arg(long, value_name = "PATH")]
    pub touch: Vec<PathBuf>,
    /// As `run` would with these hosts.
    #[command(flatten)]
    pub hosts: Hosts,
    /// As `run` would where a wall is missing
    #[arg(long)]
    pub best_effort: bool,
    /// As a step of a setup would run it that names these paths; with `--profile diagnose`, one
    /// that only looks
    #[arg(long, conflicts_with = "best_effort")]
    pub step: bool,
    /// A script, for `sh -c`, in place of a command
    #[arg(long, value_name = "TEXT", conflicts_with = "command")]
    pub shell: Option<String>,
    /// The command and its arguments
    #[arg(
        required_unless_present = "shell",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "COMMAND"
    )]
    pub command: Vec<String>,
}

/// What a command may do that runs behind walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// See the system, and change nothing
    Diagnose,
    /// Also work in your home, but for keys, credentials and what your shell starts
    Home,
    /// Everything you may do yourself, without walls: only where the policy lists it, and after a
    /// yes to each command
    #[cfg(feature = "unconfined")]
    Unconfined,
}

impl From<Profile> for d1_executor::Profile {
    fn from(profile: Profile) -> Self {
        match profile {
            Profile::Diagnose => Self::Diagnose,
            Profile::Home => Self::Home,
            #[cfg(feature = "unconfined")]
            Profile::Unconfined => Self::Unconfined,
        }
    }
}
