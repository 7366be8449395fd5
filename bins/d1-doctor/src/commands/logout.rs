//! `d1-doctor logout`: ends sign-ins at their clouds, then forgets them here.

use crate::{
    accounts::{Account, Vault, revoke},
    args::Logout,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::text::inert,
};
use serde::Serialize;

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    signed_out: Vec<Gone>,
}

#[derive(Serialize)]
struct Gone {
    cloud: String,
    login: String,
    /// Whether the cloud knows it; otherwise the sign-in ends there by itself.
    revoked: bool,
}

/// Signs out.
pub async fn run(terminal: &Terminal, home: &Home, args: &Logout) -> Result<ExitCode, Failure> {
    let vault = Vault::of(home);
    let accounts = vault.read()?;
    let leaving: Vec<Account> = if args.all {
        accounts.accounts
    } else {
        let cloud = args.cloud.as_deref().map(|cloud| cloud.trim_end_matches('/'));
        accounts.pick(cloud, args.account.as_deref()).cloned().into_iter().collect()
    };
    let (mut signed_out, mut trouble) = (Vec::new(), None);
    for account in leaving {
        let revoked = revoke(&account).await;
        // Forgotten here in any case: whoever signs out wants to be out.
        vault.change(|accounts| accounts.remove(&account))?;
        let Account { cloud, login, .. } = account;
        signed_out.push(Gone { cloud, login, revoked: revoked.is_ok() });
        trouble = trouble.or(revoked.err());
    }
    if terminal.is_text() {
        terminal.print(&text(&signed_out));
    } else {
        terminal.print_json(&Document { schema: "d1.logout.v1", signed_out });
    }
    match trouble {
        Some(failure) => {
            let problem = failure.problem.clone();
            let state = "forgotten on this machine; at the cloud it ends when it is not used for \
                         a month";
            Err(Failure { problem: problem.leaving(state), ..failure })
        }
        None => Ok(ExitCode::Ok),
    }
}

fn text(signed_out: &[Gone]) -> String {
    if signed_out.is_empty() {
        return "nobody was signed in\n".to_owned();
    }
    let line =
        |gone: &Gone| format!("signed out of {} as {}\n", inert(&gone.cloud), inert(&gone.login));
    signed_out.iter().map(line).collect()
}
