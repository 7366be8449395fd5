//! One batch of commands, in one transaction.

use super::{
    super::sql::{self, Needs},
    rows::{GREAT, load, lock},
};
use crate::{Applied, BillingError, Command, Reply, books::Books};
use d1_core::Timestamp;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

#[cfg(feature = "testing")]
use d1_core::fault;
#[cfg(not(feature = "testing"))]
mod fault {
    /// Fault points are for tests alone.
    pub(super) const fn point(_name: &str) {}
}

/// How often a command is tried by itself when another process was faster with a row that did
/// not exist before, or when the database had to choose between two. Each time, somebody else
/// has got further.
const TRIES: usize = 8;

pub(super) type Answer = Result<Applied<Reply>, BillingError>;

/// Does a batch. When the database refuses it, its commands are tried one by one, so that none
/// suffers for another.
pub(super) async fn answer(pool: &PgPool, commands: &[Command], now: Timestamp) -> Vec<Answer> {
    match commit(pool, commands, now).await {
        Ok(answers) => return answers,
        Err(error) if is_worth_another_try(&error) => {}
        Err(error) if commands.len() == 1 => return vec![Err(told(error))],
        Err(error) => {
            let text = told(error).to_string();
            let unavailable =
                || BillingError::Unavailable { doing: "commit", source: text.clone().into() };
            return commands.iter().map(|_command| Err(unavailable())).collect();
        }
    }
    let mut answers = Vec::with_capacity(commands.len());
    for command in commands {
        answers.push(alone(pool, command, now).await);
    }
    answers
}

async fn alone(pool: &PgPool, command: &Command, now: Timestamp) -> Answer {
    let mut tries = 1;
    loop {
        match commit(pool, std::slice::from_ref(command), now).await {
            Ok(mut answers) => return answers.pop().unwrap_or_else(|| Err(nobody_answered())),
            Err(error) if tries < TRIES && is_worth_another_try(&error) => tries += 1,
            Err(error) => return Err(told(error)),
        }
    }
}

/// Whether the same may work at once: somebody else has just made the same row, or waits for
/// us while we wait for them. Never true when it is not known whether it was done.
fn is_worth_another_try(error: &BillingError) -> bool {
    let BillingError::Unavailable { source, .. } = error else { return false };
    let Some(sqlx::Error::Database(error)) = source.downcast_ref() else { return false };
    let code = error.code().unwrap_or_default();
    code.starts_with("23") || matches!(&*code, "40001" | "40P01" | "55P03")
}

/// As the caller is told: what the database still refuses is no passing trouble.
fn told(error: BillingError) -> BillingError {
    match &error {
        BillingError::Unavailable { source, .. } => match source.downcast_ref() {
            Some(sqlx::Error::Database(refused))
                if refused.code().is_some_and(|code| code.starts_with("23")) =>
            {
                BillingError::Damaged(refused.message().to_owned())
            }
            Some(_) | None => error,
        },
        BillingError::Refused(_) | BillingError::Damaged(_) => error,
    }
}

async fn commit(
    pool: &PgPool,
    commands: &[Command],
    now: Timestamp,
) -> Result<Vec<Answer>, BillingError> {
    fault::point("ledger.begin");
    let (mut change, mut books) = begin(pool, commands, now).await?;
    let answers: Vec<Answer> = commands.iter().map(|command| books.apply(command, now)).collect();
    let writes = sql::writes(&mut books, GREAT)
        .map_err(|error| BillingError::Unavailable { doing: "write", source: error.into() })?;
    if writes.is_empty() {
        change.rollback().await.map_err(writing)?;
        return Ok(answers);
    }
    for write in writes {
        let statement = sqlx::query(AssertSqlSafe(write.sql)).bind(write.rows);
        statement.execute(&mut *change).await.map_err(writing)?;
    }
    fault::point("ledger.written");
    change.commit().await.map_err(writing)?;
    fault::point("ledger.committed");
    Ok(answers)
}

/// Begins to write, with every row that these commands may touch; nobody else changes them now.
async fn begin(
    pool: &PgPool,
    commands: &[Command],
    now: Timestamp,
) -> Result<(Transaction<'static, Postgres>, Books), BillingError> {
    let mut needs = Needs::of(commands.iter().map(|command| (command, now)));
    loop {
        let mut change = pool.begin().await.map_err(writing)?;
        let owners = lock(&mut change, &needs, "FOR UPDATE").await?;
        let books = load(&mut change, owners, &needs, commands).await?;
        // A hold may have been made while we waited; and the organisation in which it was made
        // counts it, though its account left.
        let holds = books.holds.all();
        let owners = holds.flat_map(|hold| [Some(hold.account), hold.organisation]).flatten();
        let missed: Vec<_> = owners
            .filter(|id| books.accounts.get(&(*id,)).is_none() && !needs.accounts.contains(id))
            .collect();
        if missed.is_empty() {
            return Ok((change, books));
        }
        needs.accounts.extend(missed);
        // From the start, so that all are locked in the order of their names.
        change.rollback().await.map_err(writing)?;
    }
}

fn writing(error: sqlx::Error) -> BillingError {
    BillingError::Unavailable { doing: "write", source: error.into() }
}

fn nobody_answered() -> BillingError {
    BillingError::Damaged("a command had no answer".to_owned())
}
