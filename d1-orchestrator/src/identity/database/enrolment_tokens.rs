//! Enrolment tokens that all servers share.

use super::{PostgresIdentity, enrolments::Not};
use crate::store::pool::{int, uuid};
use d1_core::{AccountId, Digest, EnrolmentStoreError, EnrolmentToken, Timestamp};
use sqlx::types::Uuid;

/// A token as it is kept, in the order of its columns.
type KeptToken = (String, Uuid, Option<Uuid>, i64);

fn token_of((secret, account, by, ends): KeptToken) -> Result<EnrolmentToken, Not> {
    Ok(EnrolmentToken {
        secret: secret.parse()?,
        account: account.to_string().parse()?,
        by: by.map(|by| by.to_string().parse()).transpose()?,
        ends: Timestamp(u64::try_from(ends)?),
    })
}

impl PostgresIdentity {
    /// Whoever makes a token for an account locks the account's other ones, so that those who
    /// race count one after the other.
    pub(super) async fn add(&self, token: &EnrolmentToken, now: Timestamp) -> Result<(), Not> {
        let account = uuid(&token.account)?;
        let mut change = self.0.begin().await?;
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))";
        sqlx::query(sql).bind(format!("enrolment {account}")).execute(&mut *change).await?;
        let sql = "DELETE FROM enrolment_token WHERE ends <= $1";
        sqlx::query(sql).bind(int(now.0)).execute(&mut *change).await?;
        let sql = "SELECT count(*) FROM enrolment_token WHERE account = $1";
        let open: i64 = sqlx::query_scalar(sql).bind(account).fetch_one(&mut *change).await?;
        if usize::try_from(open)? >= EnrolmentToken::MOST {
            return Err(Not::Refused(EnrolmentStoreError::TooManyTokens));
        }
        let sql = "INSERT INTO enrolment_token (secret, account, made_by, ends)
                   VALUES ($1, $2, $3, $4)";
        let kept = sqlx::query(sql).bind(token.secret.to_string()).bind(account);
        let by = token.by.map(|by| uuid(&by)).transpose()?;
        kept.bind(by).bind(int(token.ends.0)).execute(&mut *change).await?;
        Ok(change.commit().await?)
    }

    pub(super) async fn good_token(
        &self,
        secret: Digest,
        now: Timestamp,
    ) -> Result<Option<EnrolmentToken>, Not> {
        let sql = "SELECT secret, account, made_by, ends FROM enrolment_token
                   WHERE secret = $1 AND ends > $2";
        let found = sqlx::query_as::<_, KeptToken>(sql).bind(secret.to_string()).bind(int(now.0));
        found.fetch_optional(&self.0).await?.map(token_of).transpose()
    }

    pub(super) async fn good_tokens(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<EnrolmentToken>, Not> {
        let sql = "SELECT secret, account, made_by, ends FROM enrolment_token
                   WHERE account = $1 AND ends > $2 ORDER BY ends, secret";
        let found = sqlx::query_as::<_, KeptToken>(sql).bind(uuid(&account)?).bind(int(now.0));
        found.fetch_all(&self.0).await?.into_iter().map(token_of).collect()
    }
}
