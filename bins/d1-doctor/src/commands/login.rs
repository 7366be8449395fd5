//! `d1-doctor login`: signs this person in to a cloud.
//!
//! The page and the code are printed first, so that they can be used from any screen; only
//! then a browser is tried, where there is one.

use crate::{
    accounts::{Account, Begun, Cloud, Vault, begin, finish, in_browser},
    args::Login,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::text::inert,
};
use d1_core::{AccountId, Category, Problem, Scopes, SystemClock};
use d1_protocol::ApiClient;
use serde::Serialize;
use std::{
    io::{self, BufRead as _, Read as _},
    process::{Command, Stdio},
};

/// The most bytes of a token with its line end.
const MAX_LINE: u64 = 4_096;

/// What programs are told.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Told<'a> {
    /// The person has not decided yet.
    Pending {
        schema: &'static str,
        verification_uri: &'a str,
        verification_uri_complete: &'a str,
        user_code: &'a str,
        expires_in: u64,
        handle: &'a str,
        next: String,
    },
    /// Somebody is signed in.
    SignedIn {
        schema: &'static str,
        cloud: &'a str,
        login: &'a str,
        account: AccountId,
        scopes: &'a Scopes,
    },
}

const SCHEMA: &str = "d1.login.v1";

/// Signs in.
pub async fn run(terminal: &Terminal, home: &Home, args: &Login) -> Result<ExitCode, Failure> {
    let (vault, clock) = (Vault::of(home), SystemClock::new());
    if let Some(handle) = &args.resume {
        let begun = Begun::take_up(&vault, handle)?;
        let ended = finish(&Cloud::at(begun.cloud())?, &begun, &vault, &clock).await;
        // What was decided is over; what could not be asked can be asked again.
        if !matches!(&ended, Err(failure) if failure.exit == ExitCode::Network) {
            Begun::forget(&vault, handle)?;
        }
        return Ok(welcome(terminal, &ended?));
    }
    let cloud = Cloud::at(&args.cloud)?;
    if args.with_token {
        return Ok(welcome(terminal, &bring(&cloud, &vault).await?));
    }
    let device = device();
    let at_hand = !args.no_browser && !args.no_wait && terminal.can_ask() && has_browser();
    if at_hand {
        let show = |page: &str| {
            terminal.talk(&format!("open this page, if it does not open by itself:\n  {page}"));
            open(page);
        };
        return Ok(welcome(terminal, &in_browser(&cloud, &device, &vault, &clock, show).await?));
    }
    let begun = begin(&cloud, &device).await?;
    // A program that cannot wait for a person begins, tells them, and comes back.
    if args.no_wait {
        return pending(terminal, &vault, &begun);
    }
    terminal.talk(&format!(
        "open    {}\nand type {}\n\nwaiting for your yes; it can come from any screen ({} min)",
        inert(begun.page()),
        inert(begun.user_code()),
        begun.expires_in() / 60
    ));
    Ok(welcome(terminal, &finish(&cloud, &begun, &vault, &clock).await?))
}

fn pending(terminal: &Terminal, vault: &Vault, begun: &Begun) -> Result<ExitCode, Failure> {
    let handle = begun.keep(vault)?;
    let next = format!("d1-doctor login --resume {handle}");
    if terminal.is_text() {
        terminal.print(&format!(
            "open    {}\nand type {}\nthen    {next}\n",
            inert(begun.page()),
            inert(begun.user_code())
        ));
    } else {
        terminal.print_json(&Told::Pending {
            schema: SCHEMA,
            verification_uri: begun.page(),
            verification_uri_complete: begun.whole_page(),
            user_code: begun.user_code(),
            expires_in: begun.expires_in(),
            handle: &handle,
            next,
        });
    }
    Ok(ExitCode::Ok)
}

/// Keeps a token that was made for this machine, once the cloud knows it.
async fn bring(cloud: &Cloud, vault: &Vault) -> Result<Account, Failure> {
    let mut line = String::new();
    let read = io::stdin().lock().take(MAX_LINE).read_line(&mut line);
    let token = line.trim();
    if read.is_err() || token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let title = "there is no token on standard input";
        return Err(Problem::new("D1-AUTH-018", Category::Usage, title)
            .leaving("nothing was changed")
            .next("write it there, in one line: d1-doctor login --with-token < token")
            .into());
    }
    let client = ApiClient::new(&cloud.address, token).map_err(|error| error.problem())?;
    let me = client.me().await.map_err(|error| error.problem())?;
    let account = Account {
        cloud: cloud.address.clone(),
        login: me.login.unwrap_or_else(|| me.account.to_string()),
        account: me.account,
        scopes: me.scopes,
        access_token: token.to_owned(),
        good_until: None,
        refresh_token: None,
    };
    vault.put(account.clone())?;
    Ok(account)
}

fn welcome(terminal: &Terminal, account: &Account) -> ExitCode {
    let Account { cloud, login, account, scopes, .. } = account;
    if terminal.is_text() {
        let done = terminal.glyphs.done;
        terminal.print_text(&format!("{done} signed in to {} as {}\n", inert(cloud), inert(login)));
    } else {
        terminal.print_json(&Told::SignedIn {
            schema: SCHEMA,
            cloud,
            login,
            account: *account,
            scopes,
        });
    }
    ExitCode::Ok
}

/// What this device calls itself, so that the person knows it again.
fn device() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    name
}

/// Whether a page can be shown on this screen. Over ssh it would open elsewhere.
fn has_browser() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let screen =
        cfg!(any(target_os = "macos", windows)) || set("DISPLAY") || set("WAYLAND_DISPLAY");
    screen && !set("SSH_CONNECTION") && !set("SSH_TTY")
}

/// Tries to open a page; the person can do it, too.
fn open(page: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(program);
    command.arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // There is none, or it does not start: the page was printed.
    drop(command.spawn());
}
