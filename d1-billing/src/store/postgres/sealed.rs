//! A batch that is decided with what was on the shelf, and is not written yet.
//!
//! It can wait, and be on its way while the next one is decided with what it leaves behind. Whether
//! what it was decided with is true is asked when it is written; if it is not, nothing is.

use super::{
    super::sql::Needs,
    batch::Answer,
    rows::stands,
    write::{Stamp, Statement},
};
use crate::BillingError;
use d1_core::AccountId;
use sqlx::PgConnection;
use std::collections::BTreeMap;

#[cfg(feature = "testing")]
use d1_core::fault;
#[cfg(not(feature = "testing"))]
mod fault {
    /// Fault points are for tests alone.
    pub(super) const fn point(_name: &str) {}
}

/// The transactions that wrote some accounts.
pub(super) type Stamps = BTreeMap<AccountId, Stamp>;

/// A batch that is decided and not written.
pub(super) struct Sealed {
    pub(super) answers: Vec<Answer>,
    /// Every account that it is about.
    pub(super) concerned: Vec<AccountId>,
    /// Those of them that are there when it is written.
    pub(super) there: Vec<AccountId>,
    /// The names in what was refused, if something was.
    pub(super) refused: Option<Needs>,
    /// What it writes, if something was not.
    pub(super) statement: Option<Statement>,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) enum Landed {
    /// All of it is written, by this transaction, or there was nothing to write.
    Kept { answers: Vec<Answer>, there: Vec<AccountId>, stamp: Option<Stamp> },
    /// Somebody else has changed what it was decided with; nothing is written.
    Stale,
}

impl Sealed {
    /// Writes it, when all accounts are there as they were `seen`.
    pub(super) async fn send(
        self,
        db: &mut PgConnection,
        seen: &Stamps,
    ) -> Result<Landed, BillingError> {
        let Self { answers, there, refused, statement, .. } = self;
        if let Some(needs) = refused
            && !stands(db, &needs, seen).await?
        {
            return Ok(Landed::Stale);
        }
        let Some(statement) = statement else {
            return Ok(Landed::Kept { answers, there, stamp: None });
        };
        let stamp = statement.send(db, seen).await?;
        // Written and committed is one and the same here.
        fault::point("ledger.written");
        fault::point("ledger.committed");
        Ok(Landed::Kept { answers, there, stamp: Some(stamp) })
    }
}
