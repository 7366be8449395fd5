//! Who people are at other providers.

use super::{connection::failed, people::has_person};
use crate::store::pool::{Trouble, uuid};
use d1_core::{DirectoryError, FederatedId, UserId};
use sqlx::{PgPool, types::Uuid};

const LINK: &str = "say who a user is elsewhere";

/// Who it is here.
pub(super) async fn owner(db: &PgPool, id: &FederatedId) -> Result<Option<UserId>, DirectoryError> {
    let failed = failed("look up a user");
    let sql = "SELECT person FROM federated_id WHERE issuer = $1 AND subject = $2";
    let found = sqlx::query_scalar(sql).bind(id.issuer()).bind(id.subject());
    let found = found.fetch_optional(db).await.map_err(|error| failed(Trouble::from(error)))?;
    let read =
        |id: Uuid| id.to_string().parse().map_err(|error: d1_core::IdError| failed(error.into()));
    found.map(read).transpose()
}

pub(super) async fn list(db: &PgPool, user: UserId) -> Result<Vec<FederatedId>, DirectoryError> {
    let failed = failed("list who a user is elsewhere");
    let sql = "SELECT issuer, subject FROM federated_id WHERE person = $1 ORDER BY 1, 2";
    let listed = sqlx::query_as(sql).bind(uuid(&user).map_err(failed)?).fetch_all(db).await;
    let listed: Vec<(String, String)> = listed.map_err(|error| failed(error.into()))?;
    let read = |(issuer, subject)| FederatedId::new(issuer, subject);
    let read = listed.into_iter().map(read).collect::<Result<_, _>>();
    read.map_err(|error| failed(error.into()))
}

pub(super) async fn link(
    db: &PgPool,
    user: UserId,
    id: &FederatedId,
) -> Result<(), DirectoryError> {
    let mut change = db.begin().await.map_err(failed(LINK))?;
    if !has_person(&mut change, user).await? {
        return Err(DirectoryError::NoUser(user.to_string()));
    }
    // Whoever says so at the same moment is waited for, and was first.
    let sql = "INSERT INTO federated_id (issuer, subject, person) VALUES ($1, $2, $3)
               ON CONFLICT DO NOTHING";
    let linked = sqlx::query(sql).bind(id.issuer()).bind(id.subject());
    let linked = linked.bind(uuid(&user).map_err(failed(LINK))?).execute(&mut *change).await;
    linked.map_err(failed(LINK))?;
    change.commit().await.map_err(failed(LINK))?;
    match owner(db, id).await? {
        Some(owner) if owner == user => Ok(()),
        _ => Err(DirectoryError::Linked(id.clone())),
    }
}

pub(super) async fn unlink(
    db: &PgPool,
    user: UserId,
    id: &FederatedId,
) -> Result<(), DirectoryError> {
    let failed = failed("forget who a user is elsewhere");
    let sql = "DELETE FROM federated_id WHERE person = $1 AND issuer = $2 AND subject = $3";
    let unlinked = sqlx::query(sql).bind(uuid(&user).map_err(failed)?).bind(id.issuer());
    let unlinked = unlinked.bind(id.subject()).execute(db).await;
    unlinked.map(drop).map_err(|error| failed(error.into()))
}
