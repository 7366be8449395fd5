//! `d1-doctor keys make|trust|distrust`: the keys with which people sign plans.
//!
//! A key is trusted on the device itself, by whoever owns it, and that is on record before it is
//! good for anything. Nothing that a cloud says adds one, or takes one away.

use super::setups::{key_failure, own_key_file};
use crate::{
    audit,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::text::inert,
};
use d1_core::{
    AuditEntry, AuditKind, AuditLog as _, Category, Clock as _, Problem, Timestamp, TrustedUser,
    UserPublicKey, UserTrust, WallClock,
};
use d1_executor::{EnrolledError, UserTrustFile};
use serde::Serialize;
use std::error::Error as _;

#[derive(Serialize)]
struct Made {
    schema: &'static str,
    key: UserPublicKey,
}

/// Makes the key of whoever is here.
pub(super) fn make(terminal: &Terminal, home: &Home) -> Result<ExitCode, Failure> {
    let file = own_key_file(home);
    let key = file.make().map_err(|error| key_failure(&error))?.public();
    if terminal.is_text() {
        terminal.print_text(&format!(
            "{key}\n  in     {}, for your eyes alone\n  next   on each device: d1-doctor keys trust {key}\n",
            file.path().display()
        ));
    } else {
        terminal.print_json(&Made { schema: "d1.keys.made.v1", key });
    }
    Ok(ExitCode::Ok)
}

/// Trusts a key, after a yes.
pub(super) async fn trust(
    terminal: &Terminal,
    home: &Home,
    (key, name): (UserPublicKey, &str),
    yes: bool,
) -> Result<ExitCode, Failure> {
    if name.is_empty() || name.chars().count() > UserTrust::MAX_NAME {
        let title = format!("a name has 1 to {} characters", UserTrust::MAX_NAME);
        return Err(Problem::new("D1-CLI-002", Category::Usage, title).into());
    }
    let file = UserTrustFile::of(&home.state);
    let mut trust = file.load().map_err(|error| broken(&error))?;
    let now = WallClock::new().now();
    if !trust.trust(TrustedUser { key, name: name.to_owned(), since: now }) {
        return Err(unchanged(format!("the key {key} is trusted here already, or too many are")));
    }
    agree(terminal, key, yes)?;
    note(home, (key, "trusted", name), now).await?;
    file.save(&trust).map_err(|error| broken(&error))?;
    let done = terminal.glyphs.done;
    terminal.print_text(&format!("{done} what {} signs is done here\n", inert(name)));
    Ok(ExitCode::Ok)
}

/// Takes the trust in a key away.
pub(super) async fn distrust(
    terminal: &Terminal,
    home: &Home,
    key: UserPublicKey,
) -> Result<ExitCode, Failure> {
    let file = UserTrustFile::of(&home.state);
    let mut trust = file.load().map_err(|error| broken(&error))?;
    if !trust.distrust(key) {
        return Err(unchanged(format!("the key {key} is not trusted here")));
    }
    note(home, (key, "distrusted", ""), WallClock::new().now()).await?;
    file.save(&trust).map_err(|error| broken(&error))?;
    let done = terminal.glyphs.done;
    terminal.print_text(&format!("{done} nothing that it signed is done here any more\n"));
    Ok(ExitCode::Ok)
}

/// A yes is typed, or given beforehand by the administrator, who could write the file as well.
fn agree(terminal: &Terminal, key: UserPublicKey, yes: bool) -> Result<(), Failure> {
    if yes && rustix::process::geteuid().is_root() {
        return Ok(());
    }
    if yes || !terminal.can_ask() {
        let title = "this needs a yes that is typed at a terminal";
        return Err(Problem::new("D1-INPUT-001", Category::Usage, title)
            .because("only the administrator says yes beforehand to whom the device trusts")
            .leaving("nothing was changed")
            .next(format!("at a terminal: d1-doctor keys trust {key}"))
            .into());
    }
    terminal
        .talk(&format!("  key  {key}\n  compare it with what d1-doctor keys make printed there"));
    match terminal.ask("Trust it? [y/N]").as_deref() {
        Some("y" | "yes") => Ok(()),
        Some(_) | None => {
            Err(Problem::new("D1-INPUT-002", Category::Denied, "you did not say yes")
                .leaving("nothing was changed")
                .into())
        }
    }
}

/// On record before it is so.
async fn note(
    home: &Home,
    (key, what, name): (UserPublicKey, &str, &str),
    now: Timestamp,
) -> Result<(), Failure> {
    let entry = AuditEntry::new(AuditKind::UserKey).about("key", key).about("became", what);
    let entry = entry.saying("by", audit::me()).saying("name", name);
    let noted = audit::open(home, now)?.append(entry, now).await;
    noted.map(drop).map_err(|error| error.problem().into())
}

/// The people whose keys are trusted here.
pub(super) fn known(home: &Home) -> Result<UserTrust, Failure> {
    UserTrustFile::of(&home.state).load().map_err(|error| broken(&error))
}

fn unchanged(title: String) -> Failure {
    Problem::new("D1-GRANT-018", Category::Usage, title)
        .leaving("nothing was changed")
        .next("d1-doctor keys list")
        .into()
}

fn broken(error: &EnrolledError) -> Failure {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    Problem::new("D1-GRANT-015", Category::Task, title).because(cause).next(remedy).into()
}
