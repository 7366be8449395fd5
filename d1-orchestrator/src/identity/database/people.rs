//! People, organisations and devices that all servers share.

use super::{PostgresIdentity, connection::failed, federated};
use crate::store::pool::{Trouble, int, uuid};
use d1_core::{
    AccountId, DeviceId, Directory, DirectoryError, FederatedId, LoginName, Membership,
    Organisation, Role, Timestamp, User, UserId,
};
use sqlx::{PgConnection, types::Uuid};

type Person = (Uuid, String, Option<String>, bool, i64);
type Member = (Uuid, Uuid, String);

const ADD_USER: &str = "keep a new user";
const ADD_ORGANISATION: &str = "keep a new organisation";
const FIND_USER: &str = "look up a user";
const SET_ROLE: &str = "change a role";

#[async_trait::async_trait]
impl Directory for PostgresIdentity {
    async fn add_user(&self, user: &User, home: &Organisation) -> Result<(), DirectoryError> {
        let mut change = self.0.begin().await.map_err(failed(ADD_USER))?;
        // Whoever adds the same at the same moment is waited for, and was first.
        let sql = "INSERT INTO person (id, login, password, disabled, created)
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let kept = sqlx::query(sql)
            .bind(uuid(&user.id).map_err(failed(ADD_USER))?)
            .bind(user.login.as_str())
            .bind(&user.password)
            .bind(user.disabled)
            .bind(int(user.created.0));
        if kept.execute(&mut *change).await.map_err(failed(ADD_USER))?.rows_affected() == 0 {
            return Err(DirectoryError::Taken(user.login.to_string()));
        }
        add_organisation(&mut change, home, user.id).await?;
        change.commit().await.map_err(failed(ADD_USER))
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, DirectoryError> {
        let sql = "SELECT id, login, password, disabled, created FROM person WHERE id = $1";
        let found = sqlx::query_as(sql).bind(uuid(&id).map_err(failed(FIND_USER))?);
        let found = found.fetch_optional(&self.0).await.map_err(failed(FIND_USER))?;
        found.map(user).transpose().map_err(failed(FIND_USER))
    }

    async fn user_named(&self, name: &LoginName) -> Result<Option<User>, DirectoryError> {
        let sql = "SELECT id, login, password, disabled, created FROM person WHERE login = $1";
        let found = sqlx::query_as(sql).bind(name.as_str()).fetch_optional(&self.0).await;
        found.map_err(failed(FIND_USER))?.map(user).transpose().map_err(failed(FIND_USER))
    }

    async fn user_federated(&self, id: &FederatedId) -> Result<Option<User>, DirectoryError> {
        match federated::owner(&self.0, id).await? {
            Some(owner) => self.user(owner).await,
            None => Ok(None),
        }
    }

    async fn federated_ids(&self, user: UserId) -> Result<Vec<FederatedId>, DirectoryError> {
        federated::list(&self.0, user).await
    }

    async fn link_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError> {
        federated::link(&self.0, user, id).await
    }

    async fn unlink_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError> {
        federated::unlink(&self.0, user, id).await
    }

    async fn users(
        &self,
        after: Option<&LoginName>,
        limit: usize,
    ) -> Result<Vec<User>, DirectoryError> {
        let sql = "SELECT id, login, password, disabled, created FROM person
                   WHERE login > $1 ORDER BY login LIMIT $2";
        let after = after.map(LoginName::as_str).unwrap_or_default();
        let listed = sqlx::query_as(sql).bind(after).bind(int(limit as u64));
        let listed = listed.fetch_all(&self.0).await.map_err(failed("list users"))?;
        listed.into_iter().map(user).collect::<Result<_, _>>().map_err(failed("list users"))
    }

    async fn change_user(&self, user: &User) -> Result<(), DirectoryError> {
        let failed = failed("change a user");
        let sql = "UPDATE person SET password = $2, disabled = $3 WHERE id = $1";
        let changed = sqlx::query(sql).bind(uuid(&user.id).map_err(failed)?);
        let changed = changed.bind(&user.password).bind(user.disabled).execute(&self.0).await;
        match changed.map_err(|error| failed(error.into()))?.rows_affected() {
            0 => Err(DirectoryError::NoUser(user.id.to_string())),
            _ => Ok(()),
        }
    }

    async fn add_organisation(
        &self,
        organisation: &Organisation,
        owner: UserId,
    ) -> Result<(), DirectoryError> {
        let mut change = self.0.begin().await.map_err(failed(ADD_ORGANISATION))?;
        if !has_person(&mut change, owner).await? {
            return Err(DirectoryError::NoUser(owner.to_string()));
        }
        add_organisation(&mut change, organisation, owner).await?;
        change.commit().await.map_err(failed(ADD_ORGANISATION))
    }

    async fn organisation(
        &self,
        account: AccountId,
    ) -> Result<Option<Organisation>, DirectoryError> {
        let failed = failed("look up an organisation");
        let sql = "SELECT name, created FROM organisation WHERE account = $1";
        let found = sqlx::query_as(sql).bind(uuid(&account).map_err(failed)?);
        let found: Option<(String, i64)> =
            found.fetch_optional(&self.0).await.map_err(|error| failed(error.into()))?;
        let read = |(name, created)| {
            Ok(Organisation { account, name, created: Timestamp(u64::try_from(created)?) })
        };
        found.map(read).transpose().map_err(failed)
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, DirectoryError> {
        let sql = "SELECT account, person, role FROM member WHERE person = $1 ORDER BY place";
        self.list(sql, &user, "list organisations").await
    }

    async fn members(&self, account: AccountId) -> Result<Vec<Membership>, DirectoryError> {
        let sql = "SELECT account, person, role FROM member WHERE account = $1 ORDER BY place";
        self.list(sql, &account, "list members").await
    }

    async fn role(&self, account: AccountId, user: UserId) -> Result<Option<Role>, DirectoryError> {
        let failed = failed("look up a role");
        let sql = "SELECT role FROM member WHERE account = $1 AND person = $2";
        let found = sqlx::query_scalar(sql).bind(uuid(&account).map_err(failed)?);
        let found = found.bind(uuid(&user).map_err(failed)?).fetch_optional(&self.0).await;
        let found: Option<String> = found.map_err(|error| failed(error.into()))?;
        found
            .map(|role| role.parse())
            .transpose()
            .map_err(|error: d1_core::RoleError| failed(error.into()))
    }

    async fn set_role(
        &self,
        account: AccountId,
        user: UserId,
        role: Option<Role>,
    ) -> Result<(), DirectoryError> {
        let mut change = self.0.begin().await.map_err(failed(SET_ROLE))?;
        if !has_person(&mut change, user).await? {
            return Err(DirectoryError::NoUser(user.to_string()));
        }
        set_role(&mut change, account, user, role).await?;
        change.commit().await.map_err(failed(SET_ROLE))
    }

    async fn claim_device(
        &self,
        device: DeviceId,
        account: AccountId,
    ) -> Result<AccountId, DirectoryError> {
        let failed = failed("claim a device");
        let sql = "INSERT INTO device (id, account) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let claimed = sqlx::query(sql).bind(uuid(&device).map_err(failed)?);
        let claimed = claimed.bind(uuid(&account).map_err(failed)?).execute(&self.0).await;
        claimed.map_err(|error| failed(error.into()))?;
        Ok(self.device_owner(device).await?.unwrap_or(account))
    }

    async fn device_owner(&self, device: DeviceId) -> Result<Option<AccountId>, DirectoryError> {
        let failed = failed("look up a device");
        let found = sqlx::query_scalar("SELECT account FROM device WHERE id = $1");
        let found = found.bind(uuid(&device).map_err(failed)?).fetch_optional(&self.0).await;
        let found: Option<Uuid> = found.map_err(|error| failed(error.into()))?;
        found
            .map(|id| id.to_string().parse())
            .transpose()
            .map_err(|error: d1_core::IdError| failed(error.into()))
    }
}

impl PostgresIdentity {
    async fn list(
        &self,
        sql: &'static str,
        of: &impl ToString,
        doing: &'static str,
    ) -> Result<Vec<Membership>, DirectoryError> {
        let listed = sqlx::query_as(sql).bind(uuid(of).map_err(failed(doing))?);
        let listed = listed.fetch_all(&self.0).await.map_err(failed(doing))?;
        listed.into_iter().map(membership).collect::<Result<_, _>>().map_err(failed(doing))
    }
}

async fn add_organisation(
    db: &mut PgConnection,
    new: &Organisation,
    owner: UserId,
) -> Result<(), DirectoryError> {
    let account = uuid(&new.account).map_err(failed(ADD_ORGANISATION))?;
    let sql = "INSERT INTO organisation (account, name, created) VALUES ($1, $2, $3)
               ON CONFLICT DO NOTHING";
    let kept = sqlx::query(sql).bind(account).bind(&new.name).bind(int(new.created.0));
    let kept = kept.execute(&mut *db).await.map_err(failed(ADD_ORGANISATION))?;
    if kept.rows_affected() == 0 {
        return Err(DirectoryError::Taken(new.name.clone()));
    }
    let sql = "INSERT INTO member (account, person, role) VALUES ($1, $2, 'owner')";
    let owner = uuid(&owner).map_err(failed(ADD_ORGANISATION))?;
    let kept = sqlx::query(sql).bind(account).bind(owner).execute(db).await;
    kept.map(drop).map_err(failed(ADD_ORGANISATION))
}

/// Whoever changes roles of an organisation locks its row, so that owners who leave at once do
/// so one after the other.
async fn set_role(
    db: &mut PgConnection,
    account: AccountId,
    user: UserId,
    role: Option<Role>,
) -> Result<(), DirectoryError> {
    let failed = failed(SET_ROLE);
    let (org, who) = (uuid(&account).map_err(failed)?, uuid(&user).map_err(failed)?);
    let trouble = |error: sqlx::Error| failed(error.into());
    let sql = "SELECT 1 FROM organisation WHERE account = $1 FOR UPDATE";
    let known: Option<i32> =
        sqlx::query_scalar(sql).bind(org).fetch_optional(&mut *db).await.map_err(trouble)?;
    known.ok_or(DirectoryError::NoOrganisation(account))?;
    let sql = "SELECT 1 FROM member WHERE account = $1 AND person <> $2 AND role = 'owner' LIMIT 1";
    let others = sqlx::query_scalar(sql).bind(org).bind(who).fetch_optional(&mut *db).await;
    let others: Option<i32> = others.map_err(trouble)?;
    if role != Some(Role::Owner) && others.is_none() {
        return Err(DirectoryError::NoOwnerLeft(account));
    }
    let set = match role {
        Some(role) => {
            let sql = "INSERT INTO member (account, person, role) VALUES ($1, $2, $3)
                       ON CONFLICT (account, person) DO UPDATE SET role = excluded.role";
            sqlx::query(sql).bind(org).bind(who).bind(role.as_str()).execute(db).await
        }
        None => {
            let sql = "DELETE FROM member WHERE account = $1 AND person = $2";
            sqlx::query(sql).bind(org).bind(who).execute(db).await
        }
    };
    set.map(drop).map_err(trouble)
}

pub(super) async fn has_person(db: &mut PgConnection, id: UserId) -> Result<bool, DirectoryError> {
    let found = sqlx::query_scalar("SELECT 1 FROM person WHERE id = $1");
    let found = found.bind(uuid(&id).map_err(failed(FIND_USER))?).fetch_optional(db).await;
    let found: Option<i32> = found.map_err(failed(FIND_USER))?;
    Ok(found.is_some())
}

fn user((id, login, password, disabled, created): Person) -> Result<User, Trouble> {
    Ok(User {
        id: id.to_string().parse()?,
        login: login.parse()?,
        password,
        disabled,
        created: Timestamp(u64::try_from(created)?),
    })
}

fn membership((account, person, role): Member) -> Result<Membership, Trouble> {
    Ok(Membership {
        account: account.to_string().parse()?,
        user: person.to_string().parse()?,
        role: role.parse()?,
    })
}
