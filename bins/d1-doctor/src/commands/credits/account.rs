//! `d1-doctor credits`: how the account stands.

use super::caps;
use crate::{
    commands::cloud::failure,
    failure::{ExitCode, Failure},
    terminal::Terminal,
    ui::text::{count, day, inert},
};
use d1_core::Amount;
use d1_protocol::{
    ApiClient,
    api::{BalanceView, CapList, GrantList, GrantView},
};
use serde::Serialize;

/// How many grants are shown one by one.
const GRANTS: usize = 10;

/// Everything about the account, in one document.
#[derive(Serialize)]
struct Account {
    schema: &'static str,
    balance: BalanceView,
    caps: CapList,
    grants: GrantList,
}

/// Shows how the account stands.
pub(super) async fn run(terminal: &Terminal, client: &ApiClient) -> Result<ExitCode, Failure> {
    let balance = client.balance().await.map_err(failure)?;
    let caps = client.credit_caps().await.map_err(failure)?;
    let grants = client.credit_grants().await.map_err(failure)?;
    let account = Account { schema: "d1.credits.v1", balance, caps, grants };
    if terminal.is_text() {
        terminal.print(&text(&account));
    } else {
        terminal.print_json(&account);
    }
    Ok(ExitCode::Ok)
}

fn text(Account { balance, caps, grants, .. }: &Account) -> String {
    let mut text = format!("account    {}\n", balance.account);
    text += &format!("to spend   {}\n", Amount::micro(balance.available_micro));
    if balance.held_micro > 0 {
        let held = Amount::micro(balance.held_micro);
        text += &format!("set aside  {held}, for work that is not over\n");
    }
    if balance.frozen {
        text += "frozen     nothing can be spent; ask who runs the cloud\n";
    }
    if let Some(first) = balance.expires_next {
        let amount = Amount::micro(first.amount_micro);
        text += &format!("lapses     {amount} on {}\n", day(first.at));
    }
    for (at, cap) in caps.caps.iter().enumerate() {
        text += &format!("{:<9}  {}\n", if at == 0 { "caps" } else { "" }, caps::line(cap));
    }
    for (at, grant) in grants.grants.iter().take(GRANTS).enumerate() {
        text += &format!("{:<9}  {}\n", if at == 0 { "grants" } else { "" }, line(grant));
    }
    if let Some(more @ 1..) = grants.grants.len().checked_sub(GRANTS) {
        text += &format!("           and {}\n", count(more, "more grant"));
    }
    text += "history    d1-doctor credits history\n";
    text
}

fn line(grant: &GrantView) -> String {
    let left = Amount::micro(grant.free_micro.saturating_add(grant.held_micro));
    let of = Amount::micro(grant.amount_micro);
    let source = inert(&grant.source);
    let end = grant
        .until
        .map_or_else(|| "does not lapse".to_owned(), |at| format!("lapses on {}", day(at)));
    format!("{left} of {of}, {source}, {end}")
}
