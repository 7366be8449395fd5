//! The account that a command works with, its token good for as long as the command needs it.

use super::{Account, Cloud, Vault};
use crate::failure::Failure;
use d1_core::{Category, Clock, Problem};
use d1_protocol::ApiClient;
use std::time::Duration;

/// A token is replaced this long before it ends: clocks differ, and commands take a while.
const EARLY: Duration = Duration::from_secs(60);

/// A client that is let in as the account that is meant.
pub async fn client_of(
    vault: &Vault,
    (cloud, login): (Option<&str>, Option<&str>),
    clock: &dyn Clock,
) -> Result<ApiClient, Failure> {
    let account = pick(vault, cloud, login)?;
    let account =
        if is_over(&account, clock) { renew(vault, account, clock).await? } else { account };
    let client = ApiClient::new(&account.cloud, &account.access_token);
    client.map_err(|error| error.problem().into())
}

fn pick(vault: &Vault, cloud: Option<&str>, login: Option<&str>) -> Result<Account, Failure> {
    let accounts = vault.read()?;
    accounts.pick(cloud, login).cloned().ok_or_else(|| signed_out(cloud, login))
}

/// Has the next token, one process after the other: the same one used twice would end the
/// sign-in.
async fn renew(vault: &Vault, account: Account, clock: &dyn Clock) -> Result<Account, Failure> {
    let turn = vault.take_turn()?;
    let (cloud, login) = (account.cloud.as_str(), account.login.as_str());
    let account = pick(vault, Some(cloud), Some(login))?;
    // Whoever had the turn before may have done it.
    let Some(token) = account.refresh_token.as_deref().filter(|_| is_over(&account, clock)) else {
        return Ok(account);
    };
    let server = Cloud::at(&account.cloud)?;
    match server.refresh(token).await {
        Ok(tokens) => {
            let next = Account {
                good_until: tokens.good_until(clock.now()),
                access_token: tokens.access,
                refresh_token: tokens.refresh.or_else(|| account.refresh_token.clone()),
                ..account
            };
            vault.change_in(&turn, |accounts| accounts.replace(next.clone()))?;
            Ok(next)
        }
        Err(failure) => {
            if failure.problem.code == "D1-AUTH-010" {
                vault.change_in(&turn, |accounts| accounts.remove(&account))?;
            }
            Err(failure)
        }
    }
}

fn is_over(account: &Account, clock: &dyn Clock) -> bool {
    account.good_until.is_some_and(|until| clock.now().after(EARLY) >= until)
}

/// Ends the sign-in of an account at its cloud.
pub async fn revoke(account: &Account) -> Result<(), Failure> {
    let token = account.refresh_token.as_deref().unwrap_or(&account.access_token);
    Cloud::at(&account.cloud)?.end(token).await
}

fn signed_out(cloud: Option<&str>, login: Option<&str>) -> Failure {
    let who = login.map_or_else(String::new, |login| format!(" as {login}"));
    let title = match cloud {
        Some(cloud) => format!("nobody is signed in to {cloud}{who}"),
        None => format!("nobody is signed in{who}"),
    };
    let login = match cloud {
        Some(cloud) => format!("d1-doctor login --cloud {cloud}"),
        None => "d1-doctor login --cloud URL".to_owned(),
    };
    Problem::new("D1-AUTH-010", Category::Auth, title)
        .leaving("nothing was changed")
        .next(login)
        .next("or name a token with --token-file, or D1_TOKEN_FILE")
        .into()
}
