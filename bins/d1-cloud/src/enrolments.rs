//! Looking after devices that enrol, by whoever may read the state directory.

use crate::{
    config::{Config, EnrolmentsCommand},
    people::{Told, home, open, tell},
    say,
};
use d1_core::{AccountId, DeviceId, LoginName};
use d1_orchestrator::Enrolments;
use std::{fmt::Write as _, process::ExitCode, time::Duration};

/// How many devices are read at once.
const PAGE: usize = 500;

/// Does what is said with enrolments, and tells how it went.
pub(crate) async fn enrolments(config: &Config, command: EnrolmentsCommand) -> ExitCode {
    tell(run(config, command).await)
}

async fn run(config: &Config, command: EnrolmentsCommand) -> Told {
    let (people, clock) = open(config).await?;
    let enrolments = people.enrolments(clock, Duration::from_secs(config.certificate_life));
    match command {
        EnrolmentsCommand::Token { name, minutes } => {
            let account = home(&people, &name).await?;
            make_token(config, &enrolments, account, minutes).await
        }
        EnrolmentsCommand::List { name } => list(&enrolments, home(&people, &name).await?).await,
        EnrolmentsCommand::Revoke { name, what } => {
            let account = home(&people, &name).await?;
            revoke(&enrolments, (&name, account), &what).await
        }
    }
}

async fn make_token(
    config: &Config,
    enrolments: &Enrolments,
    account: AccountId,
    minutes: u32,
) -> Told {
    let life = Duration::from_secs(u64::from(minutes) * 60);
    let made = enrolments.make_token(account, None, life).await?;
    let link = config.link_url.clone();
    let link = link.or_else(|| config.link_listen.map(|address| format!("wss://{address}")));
    let link = link.unwrap_or_else(|| "ADDRESS".to_owned());
    say(&format!("token {} is good for {minutes} min, and once; on the device:", made.name));
    say(&format!(
        "  sudo d1-doctor daemon enroll --cloud {link} --authority {} < FILE",
        made.authority
    ));
    Ok(format!("{}\n", made.secret))
}

async fn list(enrolments: &Enrolments, account: AccountId) -> Told {
    let mut text = String::new();
    for token in enrolments.tokens(account).await? {
        writeln!(text, "token   {:<36}  open", token.name())?;
    }
    let mut after = None;
    loop {
        let devices = enrolments.list(account, after, PAGE).await?;
        let Some(last) = devices.last() else { return Ok(text) };
        after = Some(last.device);
        for kept in devices {
            let certificate = kept.current.generation;
            let (device, stage) = (kept.device, kept.stage);
            writeln!(text, "device  {device}  {stage} (certificate {certificate})")?;
        }
    }
}

async fn revoke(
    enrolments: &Enrolments,
    (name, account): (&LoginName, AccountId),
    what: &str,
) -> Told {
    if let Ok(device) = what.parse::<DeviceId>() {
        if enrolments.revoke(account, device, None).await? {
            return Ok(format!("{device} is not let in any more\n"));
        }
    } else if enrolments.take_token_back(account, what, None).await? {
        return Ok(format!("token {what} enrols nobody any more\n"));
    }
    let shown: String = what.chars().take(64).flat_map(char::escape_debug).collect();
    Err(format!(
        "{name} has no open token and no device `{shown}`; see d1-cloud enrolments list {name}"
    )
    .into())
}
