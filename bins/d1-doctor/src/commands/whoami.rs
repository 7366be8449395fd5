//! `d1-doctor whoami`: who is signed in, by what is kept here; no cloud is asked.

use crate::{
    accounts::{Account, Vault},
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::text::inert,
};
use d1_core::{AccountId, Category, Problem, Scopes};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    accounts: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    cloud: &'a str,
    login: &'a str,
    account: AccountId,
    scopes: &'a Scopes,
    /// Whether it is the one that is used when none is named.
    current: bool,
}

/// Tells who is signed in.
pub fn run(terminal: &Terminal, home: &Home) -> Result<ExitCode, Failure> {
    let accounts = Vault::of(home).read()?.accounts;
    if accounts.is_empty() {
        return Err(Problem::new("D1-AUTH-010", Category::Auth, "nobody is signed in")
            .because("work that no cloud plans needs nobody to be")
            .leaving("nothing was changed")
            .next("d1-doctor login --cloud URL")
            .into());
    }
    if terminal.is_text() {
        terminal.print(&text(&accounts));
    } else {
        let mut lines = Vec::new();
        for (at, Account { cloud, login, account, scopes, .. }) in accounts.iter().enumerate() {
            lines.push(Line { cloud, login, account: *account, scopes, current: at == 0 });
        }
        terminal.print_json(&Document { schema: "d1.whoami.v1", accounts: lines });
    }
    Ok(ExitCode::Ok)
}

fn text(accounts: &[Account]) -> String {
    let line = |(at, it): (usize, &Account)| {
        let mark = if at == 0 && accounts.len() > 1 { "  (used when none is named)" } else { "" };
        format!("{} at {}{mark}\n  account  {}\n", inert(&it.login), inert(&it.cloud), it.account)
    };
    accounts.iter().enumerate().map(line).collect()
}
