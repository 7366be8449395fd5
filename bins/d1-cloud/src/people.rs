//! Looking after people and keys, by whoever may read the state directory.

use crate::{
    config::{AuthoritiesCommand, Config, KeysCommand, OrderKeysCommand, UsersCommand},
    identity::{self, People, PeopleError},
    ledger, say,
};
use d1_core::{
    AccountId, Amount, Clock, KeyStage, LoginName, Organisation, Role, Scopes, Supervisor,
    SystemClock, User, UserId,
};
use d1_orchestrator::{AuthorityError, KeyError, NewToken, OrderKeysError};
use std::{
    error::Error,
    fmt::Write as _,
    io::{BufRead as _, Read as _, Write as _},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

/// Exit code of what was not done.
const NOT_DONE: u8 = 1;
/// How many people are read at once.
const PAGE: usize = 500;
/// The most bytes of a password with its line end.
const MAX_LINE: u64 = 2_048;

type Told = Result<String, Box<dyn Error>>;

/// Does what is said with people, and tells how it went.
pub(crate) async fn users(config: &Config, command: UsersCommand) -> ExitCode {
    tell(match open(config).await {
        Ok((people, clock)) => run(config, &people, &clock, command).await,
        Err(error) => Err(error.into()),
    })
}

/// Does what is said with keys, and tells how it went.
pub(crate) async fn keys(config: &Config, command: KeysCommand) -> ExitCode {
    tell(match open(config).await {
        Ok((people, _)) => run_keys(&people, command).await.map_err(Into::into),
        Err(error) => Err(error.into()),
    })
}

/// Does what is said with the authorities of devices, and tells how it went.
pub(crate) async fn authorities(config: &Config, command: AuthoritiesCommand) -> ExitCode {
    tell(match open(config).await {
        Ok((people, _)) => run_authorities(&people, command).await.map_err(Into::into),
        Err(error) => Err(error.into()),
    })
}

/// Does what is said with the keys of orders, and tells how it went.
pub(crate) async fn order_keys(config: &Config, command: OrderKeysCommand) -> ExitCode {
    tell(match open(config).await {
        Ok((people, _)) => run_order_keys(&people, command).await.map_err(Into::into),
        Err(error) => Err(error.into()),
    })
}

async fn open(config: &Config) -> Result<(People, Arc<dyn Clock>), PeopleError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    Ok((identity::open(config, &clock, config.listen).await?, clock))
}

async fn run(
    config: &Config,
    people: &People,
    clock: &Arc<dyn Clock>,
    command: UsersCommand,
) -> Told {
    match command {
        UsersCommand::Add { name, gift } => add(config, people, clock, name, gift).await,
        UsersCommand::List => list(people).await,
        UsersCommand::Password { name } => {
            let user = known(people, &name).await?;
            let password = Some(people.identity.passwords().hash(&password()?).await?);
            let id = user.id;
            people.directory.change_user(&User { password, ..user }).await?;
            people.identity.end_all(id).await?;
            Ok(format!("{name} has another password, and is signed out everywhere\n"))
        }
        UsersCommand::Disable { name } => {
            let user = known(people, &name).await?;
            let id = user.id;
            people.directory.change_user(&User { disabled: true, ..user }).await?;
            people.identity.end_all(id).await?;
            Ok(format!("{name} is kept out\n"))
        }
        UsersCommand::Enable { name } => {
            let user = known(people, &name).await?;
            people.directory.change_user(&User { disabled: false, ..user }).await?;
            Ok(format!("{name} may sign in again\n"))
        }
        UsersCommand::Role { name, of, role } => set_role(people, &name, &of, &role).await,
        UsersCommand::Token { name, scopes, label, days } => {
            make_token(people, &name, scopes, label, days).await
        }
    }
}

async fn add(
    config: &Config,
    people: &People,
    clock: &Arc<dyn Clock>,
    name: LoginName,
    gift: u64,
) -> Told {
    let password = Some(people.identity.passwords().hash(&password()?).await?);
    let (created, account) = (clock.now(), AccountId::generate());
    let id = UserId::generate();
    let user = User { id, login: name.clone(), password, disabled: false, created };
    let home = Organisation { account, name: name.to_string(), created };
    people.directory.add_user(&user, &home).await?;
    // An account that was opened for somebody who was not kept would harm nobody; somebody
    // without an account would be told of a mistake of ours.
    let supervisor = Supervisor::default();
    let books = ledger::open(config, Arc::clone(clock), &supervisor).await?;
    ledger::begin(&books, account, Amount::credits(gift)).await?;
    Ok(format!("{name} may sign in; their account is {account}\n"))
}

async fn list(people: &People) -> Told {
    let (mut text, mut after) = (String::new(), None);
    loop {
        let users = people.directory.users(after.as_ref(), PAGE).await?;
        let Some(last) = users.last() else { break };
        after = Some(last.login.clone());
        for user in users {
            let kept_out = if user.disabled { "  (kept out)" } else { "" };
            writeln!(text, "{}{kept_out}", user.login)?;
            for member in people.directory.memberships(user.id).await? {
                writeln!(text, "  {:<6}  {}", member.role, member.account)?;
            }
        }
    }
    Ok(text)
}

async fn set_role(people: &People, name: &LoginName, of: &LoginName, role: &str) -> Told {
    let role: Option<Role> = if role == "nothing" { None } else { Some(role.parse()?) };
    let (who, whose) = (known(people, name).await?, known(people, of).await?);
    let home = people.directory.memberships(whose.id).await?;
    let home = home.first().ok_or_else(|| format!("{of} is in no organisation"))?;
    people.directory.set_role(home.account, who.id, role).await?;
    Ok(match role {
        Some(role) => format!("{name} is {role} where {of} is\n"),
        None => format!("{name} is nothing any more where {of} is\n"),
    })
}

async fn make_token(
    people: &People,
    name: &LoginName,
    scopes: Scopes,
    label: String,
    days: u32,
) -> Told {
    let user = known(people, name).await?.id;
    let home = people.directory.memberships(user).await?;
    let account = home.first().ok_or_else(|| format!("{name} is in no organisation"))?.account;
    let life = Duration::from_secs(u64::from(days) * 86_400);
    let new = NewToken { user, account, name: label, scopes, life };
    let (_, secret) = people.identity.make_token(new).await?;
    Ok(format!("{secret}\n"))
}

async fn run_keys(people: &People, command: KeysCommand) -> Result<String, KeyError> {
    match command {
        KeysCommand::List => {
            let keys = people.keys.list().await?;
            Ok(keys.iter().map(|(id, at)| format!("{id}  {}\n", stage_text(*at))).collect())
        }
        KeysCommand::Rotate => {
            people.keys.rotate().await?;
            Ok("the next key signs now; servers know it within half a minute\n".to_owned())
        }
        KeysCommand::Withdraw { key } => {
            people.keys.withdraw(&key).await?;
            Ok("the key is gone; what it signed is refused within half a minute\n".to_owned())
        }
    }
}

async fn run_authorities(
    people: &People,
    command: AuthoritiesCommand,
) -> Result<String, AuthorityError> {
    match command {
        AuthoritiesCommand::List => {
            let all = people.authorities.bundle().await?.list();
            Ok(all.iter().map(|(id, at)| format!("{id}  {}\n", stage_text(*at))).collect())
        }
        AuthoritiesCommand::Rotate => {
            people.authorities.rotate().await?;
            Ok("the next authority signs now; servers know it within a minute\n".to_owned())
        }
        AuthoritiesCommand::Withdraw { authority } => {
            people.authorities.withdraw(&authority).await?;
            Ok("the authority is gone; what it signed is refused within a minute\n".to_owned())
        }
    }
}

async fn run_order_keys(
    people: &People,
    command: OrderKeysCommand,
) -> Result<String, OrderKeysError> {
    match command {
        OrderKeysCommand::List => {
            let keys = people.order_keys.current().await?;
            let told = keys.announced().keys.iter();
            Ok(told.map(|it| format!("{}  {}\n", it.key, stage_text(it.stage))).collect())
        }
        OrderKeysCommand::Rotate => {
            people.order_keys.rotate().await?;
            Ok("the next key signs orders now; servers know it within half a minute\n".to_owned())
        }
        OrderKeysCommand::Withdraw { key } => {
            people.order_keys.withdraw(&key).await?;
            Ok("the key is gone; devices are told with their next order\n".to_owned())
        }
    }
}

const fn stage_text(stage: KeyStage) -> &'static str {
    match stage {
        KeyStage::Next => "next",
        KeyStage::Active => "signs",
        KeyStage::Retired => "retired",
    }
}

async fn known(people: &People, name: &LoginName) -> Result<User, Box<dyn Error>> {
    let user = people.directory.user_named(name).await?;
    user.ok_or_else(|| format!("there is no user `{name}`; see d1-cloud users list").into())
}

/// One line of standard input: a password on a command line could be read by others.
fn password() -> Result<String, Box<dyn Error>> {
    let mut line = String::new();
    std::io::stdin().lock().take(MAX_LINE).read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err("there is no password on standard input; write it there, in one line".into());
    }
    Ok(password.to_owned())
}

fn tell(told: Told) -> ExitCode {
    match told {
        Ok(text) => {
            let _reader_gone = write!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let mut text = format!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                text += &format!("\n  cause  {error}");
                cause = error.source();
            }
            say(&text);
            ExitCode::from(NOT_DONE)
        }
    }
}
