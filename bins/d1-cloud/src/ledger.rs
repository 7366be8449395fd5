//! The books of credits: where they are, and whether they are right.

use crate::{config::Config, say};
use d1_billing::{
    BillingError, Grant, Key, Ledger, Open, Operation, PostgresBooks, Refusal, Source, SqliteBooks,
};
use d1_core::{AccountId, Amount, Clock, Supervisor, SystemClock, Timestamp};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// Where the books are in the state directory.
const FILE: &str = "ledger.db";

/// Exit code of books that do not agree with their history.
const DIFFERENT: u8 = 1;
/// Exit code of books that cannot be read.
const UNREADABLE: u8 = 2;

/// In which order credits are spent that have no reason to be first or last.
const PRIORITY: u8 = 100;

/// Opens the books, making them when they are not there.
pub(crate) async fn open(
    config: &Config,
    clock: Arc<dyn Clock>,
    supervisor: &Supervisor,
) -> Result<Ledger, BillingError> {
    match &config.ledger {
        Some(url) => Ok(Ledger::new(Arc::new(PostgresBooks::open(url, supervisor).await?), clock)),
        None => Ok(Ledger::new(Arc::new(SqliteBooks::open(&path(&config.state_dir))?), clock)),
    }
}

/// Gives an account its first credits, once in its life.
pub(crate) async fn begin(
    ledger: &Ledger,
    account: AccountId,
    amount: Amount,
) -> Result<(), BillingError> {
    let key = |what: &str| Key::of(&["development account", what, &account.to_string()]);
    let open = Open { account, organisation: None, low_mark: Amount::ZERO };
    ledger.apply(key("open"), Operation::Open(open)).await?;
    if amount.is_zero() {
        return Ok(());
    }
    let (from, until) = (Timestamp(0), None);
    let grant = Grant { account, amount, priority: PRIORITY, source: Source::Gift, from, until };
    match ledger.grant(key("begin"), grant).await {
        Err(BillingError::Refused(Refusal::KeyConflict(_))) => {
            tracing::info!("the development account has begun before, with other credits");
            Ok(())
        }
        begun => begun.map(drop),
    }
}

/// Recomputes every account, and tells how it went.
pub(crate) async fn verify(config: &Config) -> ExitCode {
    let missing =
        config.ledger.is_none().then(|| path(&config.state_dir)).filter(|it| !it.exists());
    if let Some(path) = missing {
        say(&format!("error: there is no ledger at `{}`; name its --state-dir", path.display()));
        return ExitCode::from(UNREADABLE);
    }
    let supervisor = Supervisor::default();
    let verified = match open(config, Arc::new(SystemClock::new()), &supervisor).await {
        Ok(ledger) => ledger.verify().await,
        Err(error) => Err(error),
    };
    let (text, code) = match verified {
        Ok((accounts, None)) => (format!("accounts: {accounts}, all as their history says"), 0),
        Ok((accounts, Some(difference))) => {
            (format!("{difference}\naccounts verified before it: {accounts}"), DIFFERENT)
        }
        Err(error) => {
            let cause = std::error::Error::source(&error);
            let cause = cause.map_or_else(String::new, |cause| format!("\n  cause  {cause}"));
            say(&format!("error: {error}{cause}"));
            return ExitCode::from(UNREADABLE);
        }
    };
    let _reader_gone = writeln!(std::io::stdout(), "{text}");
    ExitCode::from(code)
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}
