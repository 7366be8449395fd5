//! Looking after people and keys, by whoever may read the state directory.

use crate::{
    audit,
    config::{Config, UsersCommand},
    identity::{self, People, PeopleError},
    ledger, say,
};
use d1_core::{
    AccountId, Amount, AuditEntry, AuditKind, AuditLog, Clock, DirectoryError, FederatedId,
    LoginName, Organisation, Role, Scopes, Supervisor, SystemClock, User, UserId,
};
use d1_orchestrator::NewToken;
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
/// Who it is that may read the state directory, in the audit log.
pub(crate) const OPERATOR: &str = "the operator";
/// How many people are read at once.
const PAGE: usize = 500;
/// The most bytes of a password with its line end.
const MAX_LINE: u64 = 2_048;

pub(crate) type Told = Result<String, Box<dyn Error>>;

/// Does what is said with people, and tells how it went.
pub(crate) async fn users(config: &Config, command: UsersCommand) -> ExitCode {
    tell(match open(config).await {
        Ok((people, clock)) => run(config, &people, &clock, command).await,
        Err(error) => Err(error.into()),
    })
}

pub(crate) async fn open(config: &Config) -> Result<(People, Arc<dyn Clock>), PeopleError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let log: Arc<dyn AuditLog> = Arc::new(audit::open(config, clock.now())?);
    Ok((identity::open(config, &clock, config.listen, log).await?, clock))
}

async fn run(
    config: &Config,
    people: &People,
    clock: &Arc<dyn Clock>,
    command: UsersCommand,
) -> Told {
    match command {
        UsersCommand::Add { name, subject, gift } => {
            add(config, people, clock, (name, subject), gift).await
        }
        UsersCommand::List => list(people).await,
        UsersCommand::Password { name } => {
            let user = known(people, &name).await?;
            let password = Some(people.identity.passwords().hash(&password()?).await?);
            let id = user.id;
            note(people, clock, person(id, "another password")).await?;
            people.directory.change_user(&User { password, ..user }).await?;
            people.identity.end_all(id).await?;
            Ok(format!("{name} has another password, and is signed out everywhere\n"))
        }
        UsersCommand::Link { name, subject } => {
            let (id, user) = (elsewhere(config, subject)?, known(people, &name).await?.id);
            note(people, clock, person(user, "linked to another provider")).await?;
            people.directory.link_user(user, &id).await?;
            Ok(format!("{name} is {id}\n"))
        }
        UsersCommand::Unlink { name, subject } => {
            let (id, user) = (elsewhere(config, subject)?, known(people, &name).await?.id);
            note(people, clock, person(user, "unlinked from another provider")).await?;
            people.directory.unlink_user(user, &id).await?;
            people.identity.end_all(user).await?;
            Ok(format!("{name} is not {id}, and is signed out everywhere\n"))
        }
        UsersCommand::Disable { name } => {
            let user = known(people, &name).await?;
            let id = user.id;
            note(people, clock, person(id, "kept out")).await?;
            people.directory.change_user(&User { disabled: true, ..user }).await?;
            people.identity.end_all(id).await?;
            Ok(format!("{name} is kept out\n"))
        }
        UsersCommand::Enable { name } => {
            let user = known(people, &name).await?;
            note(people, clock, person(user.id, "let in again")).await?;
            people.directory.change_user(&User { disabled: false, ..user }).await?;
            Ok(format!("{name} may sign in again\n"))
        }
        UsersCommand::Role { name, of, role } => set_role(people, clock, (&name, &of), &role).await,
        UsersCommand::Token { name, scopes, label, days } => {
            make_token(people, &name, scopes, label, days).await
        }
    }
}

async fn add(
    config: &Config,
    people: &People,
    clock: &Arc<dyn Clock>,
    (name, subject): (LoginName, Option<String>),
    gift: u64,
) -> Told {
    let elsewhere = subject.map(|subject| elsewhere(config, subject)).transpose()?;
    // Before anybody is added: they would be left without a way to sign in.
    if let Some(id) = &elsewhere
        && people.directory.user_federated(id).await?.is_some()
    {
        return Err(DirectoryError::Linked(id.clone()).into());
    }
    let password = match elsewhere {
        Some(_) => None,
        None => Some(people.identity.passwords().hash(&password()?).await?),
    };
    let (created, account) = (clock.now(), AccountId::generate());
    let id = UserId::generate();
    let user = User { id, login: name.clone(), password, disabled: false, created };
    let home = Organisation { account, name: name.to_string(), created };
    note(people, clock, person(id, "added").about("account", account)).await?;
    people.directory.add_user(&user, &home).await?;
    if let Some(elsewhere) = elsewhere {
        people.directory.link_user(id, &elsewhere).await?;
    }
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
            for id in people.directory.federated_ids(user.id).await? {
                writeln!(text, "  is      {id}")?;
            }
            for member in people.directory.memberships(user.id).await? {
                writeln!(text, "  {:<6}  {}", member.role, member.account)?;
            }
        }
    }
    Ok(text)
}

async fn set_role(
    people: &People,
    clock: &Arc<dyn Clock>,
    (name, of): (&LoginName, &LoginName),
    role: &str,
) -> Told {
    let role: Option<Role> = if role == "nothing" { None } else { Some(role.parse()?) };
    let (who, account) = (known(people, name).await?, home(people, of).await?);
    let entry = AuditEntry::new(AuditKind::RoleChanged)
        .about("user", who.id)
        .about("account", account)
        .about("role", role.map_or_else(|| "nothing".to_owned(), |role| role.to_string()));
    note(people, clock, entry.about("by", OPERATOR)).await?;
    people.directory.set_role(account, who.id, role).await?;
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
    let (user, account) = (known(people, name).await?.id, home(people, name).await?);
    let life = Duration::from_secs(u64::from(days) * 86_400);
    let new = NewToken { user, account, name: label, scopes, life };
    let (_, secret) = people.identity.make_token(new).await?;
    Ok(format!("{secret}\n"))
}

/// Writes down what is about to be done. What cannot be written is not done.
pub(crate) async fn note(
    people: &People,
    clock: &Arc<dyn Clock>,
    entry: AuditEntry,
) -> Result<(), Box<dyn Error>> {
    people.audit.append(entry, clock.now()).await?;
    Ok(())
}

/// Somebody at the provider that is configured.
fn elsewhere(config: &Config, subject: String) -> Result<FederatedId, Box<dyn Error>> {
    let issuer = config.upstream.oidc_issuer.as_ref();
    let issuer = issuer.ok_or(
        "no provider of identities is configured; name one with --oidc-issuer and --oidc-client",
    )?;
    Ok(FederatedId::new(issuer.clone(), subject)?)
}

fn person(id: UserId, change: &str) -> AuditEntry {
    let entry = AuditEntry::new(AuditKind::PersonChanged).about("user", id);
    entry.about("change", change).about("by", OPERATOR)
}

async fn known(people: &People, name: &LoginName) -> Result<User, Box<dyn Error>> {
    let user = people.directory.user_named(name).await?;
    user.ok_or_else(|| format!("there is no user `{name}`; see d1-cloud users list").into())
}

/// The account of somebody's own organisation, the first they came to.
pub(crate) async fn home(people: &People, name: &LoginName) -> Result<AccountId, Box<dyn Error>> {
    let user = known(people, name).await?;
    let homes = people.directory.memberships(user.id).await?;
    let home = homes.first().ok_or_else(|| format!("{name} is in no organisation"))?;
    Ok(home.account)
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

pub(crate) fn tell(told: Told) -> ExitCode {
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
