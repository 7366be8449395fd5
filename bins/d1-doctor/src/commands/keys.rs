//! `d1-doctor keys`: by which keys orders of clouds, and plans that people sign, are known here.

use super::keys_of_people;
use crate::{
    args,
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::text::inert,
};
use d1_core::{
    Category, OrderPublicKey, OrderTrust, Problem, Timestamp, TrustedKey, TrustedUser,
    UserPublicKey, UserTrust,
};
use d1_executor::{EnrolledError, OrderKeysFile};
use serde::Serialize;
use std::{error::Error as _, fmt::Write as _};

#[derive(Serialize)]
struct Told {
    schema: &'static str,
    clouds: Vec<Cloud>,
    people: Vec<TrustedUser>,
    distrusted: Vec<UserPublicKey>,
}

#[derive(Serialize)]
struct Cloud {
    cloud: String,
    keys: Vec<Key>,
    withdrawn: Vec<OrderPublicKey>,
}

#[derive(Serialize)]
struct Key {
    key: OrderPublicKey,
    since: Timestamp,
    until: Option<Timestamp>,
}

/// Lists the keys, or forgets those of a cloud.
pub async fn run(terminal: &Terminal, home: &Home, what: &args::Keys) -> Result<ExitCode, Failure> {
    match what {
        args::Keys::List => list(terminal, home),
        args::Keys::ForgetCloud { cloud } => forget(terminal, home, cloud),
        args::Keys::Make => keys_of_people::make(terminal, home),
        args::Keys::Trust { key, name, yes } => {
            keys_of_people::trust(terminal, home, (*key, name), *yes).await
        }
        args::Keys::Distrust { key } => keys_of_people::distrust(terminal, home, *key).await,
    }
}

fn list(terminal: &Terminal, home: &Home) -> Result<ExitCode, Failure> {
    let clouds = OrderKeysFile::all(&home.state).map_err(|error| broken(&error))?;
    let clouds: Vec<Cloud> = clouds.into_iter().map(|(cloud, trust)| told(cloud, trust)).collect();
    if terminal.is_text() {
        let mut text = text(&clouds);
        text += &of_people(&keys_of_people::known(home)?);
        terminal.print_text(&text);
    } else {
        let UserTrust { users: people, distrusted } = keys_of_people::known(home)?;
        terminal.print_json(&Told { schema: "d1.keys.v1", clouds, people, distrusted });
    }
    Ok(ExitCode::Ok)
}

fn told(cloud: String, trust: OrderTrust) -> Cloud {
    let key = |TrustedKey { key, since, until }| Key { key, since, until };
    let keys = trust.keys.into_iter().map(key).collect();
    Cloud { cloud, keys, withdrawn: trust.withdrawn }
}

fn text(clouds: &[Cloud]) -> String {
    let mut text = String::new();
    for Cloud { cloud, keys, withdrawn } in clouds {
        // Writing into a string never fails.
        let _fine = writeln!(text, "{}", inert(cloud));
        for Key { key, until, .. } in keys {
            let stage = if until.is_some() { "retired" } else { "good" };
            let _fine = writeln!(text, "  {key}  {stage}");
        }
        for key in withdrawn {
            let _fine = writeln!(text, "  {key}  withdrawn");
        }
        if keys.is_empty() {
            text += "  no key; no order of this cloud is heeded\n";
        }
    }
    if text.is_empty() {
        text += "no cloud has keys here; see: d1-doctor daemon enroll\n";
    }
    text
}

/// Whose signatures under plans are taken; nothing where nobody was ever trusted.
fn of_people(trust: &UserTrust) -> String {
    let mut text = String::new();
    for TrustedUser { key, name, .. } in &trust.users {
        text += &format!("{}\n  {key}  signs plans\n", inert(name));
    }
    for key in &trust.distrusted {
        text += &format!("nobody any more\n  {key}  distrusted\n");
    }
    text
}

fn forget(terminal: &Terminal, home: &Home, cloud: &str) -> Result<ExitCode, Failure> {
    let file = OrderKeysFile::of(&home.state, cloud);
    if !file.forget().map_err(|error| broken(&error))? {
        let title = format!("no keys of `{cloud}` are known here");
        return Err(Problem::new("D1-ORDER-020", Category::Usage, title)
            .leaving("nothing was changed")
            .next("d1-doctor keys list")
            .into());
    }
    let done = terminal.glyphs.done;
    terminal.print_text(&format!("{done} no order of {} is heeded any more\n", inert(cloud)));
    if terminal.is_text() { Ok(ExitCode::Ok) } else { list(terminal, home) }
}

fn broken(error: &EnrolledError) -> Failure {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    Problem::new("D1-ORDER-018", Category::Task, title).because(cause).next(remedy).into()
}
