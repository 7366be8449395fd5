//! People and organisations in the file.

use super::file::{Cause, SqliteIdentity};
use d1_core::{
    AccountId, DeviceId, Directory, DirectoryError, FederatedId, LoginName, Membership,
    Organisation, Role, Timestamp, User, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};

type Refused<T> = Result<Result<T, DirectoryError>, Cause>;

#[async_trait::async_trait]
impl Directory for SqliteIdentity {
    async fn add_user(&self, user: &User, home: &Organisation) -> Result<(), DirectoryError> {
        let (user, home) = (user.clone(), home.clone());
        let added = self.change(move |db| add_user(db, &user, &home)).await;
        added.map_err(failed("keep a new user"))?
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, DirectoryError> {
        let sql = "SELECT id, login, password, disabled, created FROM users WHERE id = ?1";
        let found = self.look(move |db| one(db, sql, [id.to_string()], user)).await;
        found.map_err(failed("look up a user"))
    }

    async fn user_named(&self, name: &LoginName) -> Result<Option<User>, DirectoryError> {
        let sql = "SELECT id, login, password, disabled, created FROM users WHERE login = ?1";
        let name = name.to_string();
        let found = self.look(move |db| one(db, sql, [name], user)).await;
        found.map_err(failed("look up a user"))
    }

    async fn user_federated(&self, id: &FederatedId) -> Result<Option<User>, DirectoryError> {
        let sql = "SELECT users.id, login, password, disabled, created FROM federated_ids
                   JOIN users ON users.id = user WHERE issuer = ?1 AND subject = ?2";
        let key = [id.issuer().to_owned(), id.subject().to_owned()];
        let found = self.look(move |db| one(db, sql, key, user)).await;
        found.map_err(failed("look up a user"))
    }

    async fn federated_ids(&self, user: UserId) -> Result<Vec<FederatedId>, DirectoryError> {
        let sql = "SELECT issuer, subject FROM federated_ids WHERE user = ?1 ORDER BY 1, 2";
        let found = self.look(move |db| all(db, sql, [user.to_string()], federated_id)).await;
        found.map_err(failed("list who a user is elsewhere"))
    }

    async fn link_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError> {
        let id = id.clone();
        let linked = self.change(move |db| link_user(db, user, id)).await;
        linked.map_err(failed("say who a user is elsewhere"))?
    }

    async fn unlink_user(&self, user: UserId, id: &FederatedId) -> Result<(), DirectoryError> {
        let key = [user.to_string(), id.issuer().to_owned(), id.subject().to_owned()];
        let sql = "DELETE FROM federated_ids WHERE user = ?1 AND issuer = ?2 AND subject = ?3";
        let unlinked = self.change::<_, DirectoryError>(move |db| {
            db.execute(sql, key)?;
            Ok(Ok(()))
        });
        unlinked.await.map_err(failed("forget who a user is elsewhere"))?
    }

    async fn users(
        &self,
        after: Option<&LoginName>,
        limit: usize,
    ) -> Result<Vec<User>, DirectoryError> {
        let sql = "SELECT id, login, password, disabled, created FROM users
                   WHERE login > ?1 ORDER BY login LIMIT ?2";
        let after = after.map(LoginName::to_string).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.look(move |db| all(db, sql, params![after, limit], user)).await;
        found.map_err(failed("list users"))
    }

    async fn change_user(&self, user: &User) -> Result<(), DirectoryError> {
        let user = user.clone();
        let changed = self.change(move |db| {
            let sql = "UPDATE users SET password = ?2, disabled = ?3 WHERE id = ?1";
            let id = user.id.to_string();
            let rows = db.execute(sql, params![id, user.password, user.disabled])?;
            Ok(if rows == 1 { Ok(()) } else { Err(DirectoryError::NoUser(id)) })
        });
        changed.await.map_err(failed("change a user"))?
    }

    async fn add_organisation(
        &self,
        organisation: &Organisation,
        owner: UserId,
    ) -> Result<(), DirectoryError> {
        let organisation = organisation.clone();
        let added = self.change(move |db| {
            if !has(db, "SELECT 1 FROM users WHERE id = ?1", [owner.to_string()])? {
                return Ok(Err(DirectoryError::NoUser(owner.to_string())));
            }
            add_organisation(db, &organisation, owner)
        });
        added.await.map_err(failed("keep a new organisation"))?
    }

    async fn organisation(
        &self,
        account: AccountId,
    ) -> Result<Option<Organisation>, DirectoryError> {
        let sql = "SELECT account, name, created FROM organisations WHERE account = ?1";
        let found = self.look(move |db| one(db, sql, [account.to_string()], organisation)).await;
        found.map_err(failed("look up an organisation"))
    }

    async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, DirectoryError> {
        let sql = "SELECT account, user, role FROM members WHERE user = ?1 ORDER BY place";
        let found = self.look(move |db| all(db, sql, [user.to_string()], membership)).await;
        found.map_err(failed("list organisations"))
    }

    async fn members(&self, account: AccountId) -> Result<Vec<Membership>, DirectoryError> {
        let sql = "SELECT account, user, role FROM members WHERE account = ?1 ORDER BY place";
        let found = self.look(move |db| all(db, sql, [account.to_string()], membership)).await;
        found.map_err(failed("list members"))
    }

    async fn role(&self, account: AccountId, user: UserId) -> Result<Option<Role>, DirectoryError> {
        let sql = "SELECT account, user, role FROM members WHERE account = ?1 AND user = ?2";
        let key = [account.to_string(), user.to_string()];
        let found = self.look(move |db| one(db, sql, key, membership)).await;
        Ok(found.map_err(failed("look up a role"))?.map(|member| member.role))
    }

    async fn set_role(
        &self,
        account: AccountId,
        user: UserId,
        role: Option<Role>,
    ) -> Result<(), DirectoryError> {
        let set = self.change(move |db| set_role(db, account, user, role)).await;
        set.map_err(failed("change a role"))?
    }

    async fn claim_device(
        &self,
        device: DeviceId,
        account: AccountId,
    ) -> Result<AccountId, DirectoryError> {
        let claimed = self.change::<_, DirectoryError>(move |db| {
            let sql = "INSERT OR IGNORE INTO devices (device, account) VALUES (?1, ?2)";
            db.execute(sql, [device.to_string(), account.to_string()])?;
            Ok(Ok(owner(db, device)?.unwrap_or(account)))
        });
        claimed.await.map_err(failed("claim a device"))?
    }

    async fn device_owner(&self, device: DeviceId) -> Result<Option<AccountId>, DirectoryError> {
        let found = self.look(move |db| owner(db, device)).await;
        found.map_err(failed("look up a device"))
    }
}

fn add_user(db: &Connection, user: &User, home: &Organisation) -> Refused<()> {
    let (id, login) = (user.id.to_string(), user.login.to_string());
    if has(db, "SELECT 1 FROM users WHERE id = ?1 OR login = ?2", [&id, &login])? {
        return Ok(Err(DirectoryError::Taken(login)));
    }
    let sql = "INSERT INTO users (id, login, password, disabled, created)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let created = i64::try_from(user.created.0)?;
    db.execute(sql, params![id, login, user.password, user.disabled, created])?;
    add_organisation(db, home, user.id)
}

fn add_organisation(db: &Connection, new: &Organisation, owner: UserId) -> Refused<()> {
    let account = new.account.to_string();
    if has(db, "SELECT 1 FROM organisations WHERE account = ?1", [&account])? {
        return Ok(Err(DirectoryError::Taken(new.name.clone())));
    }
    let sql = "INSERT INTO organisations (account, name, created) VALUES (?1, ?2, ?3)";
    db.execute(sql, params![account, new.name, i64::try_from(new.created.0)?])?;
    let sql = "INSERT INTO members (account, user, role) VALUES (?1, ?2, 'owner')";
    db.execute(sql, [account, owner.to_string()])?;
    Ok(Ok(()))
}

fn set_role(db: &Connection, account: AccountId, user: UserId, role: Option<Role>) -> Refused<()> {
    let (org, who) = (account.to_string(), user.to_string());
    if !has(db, "SELECT 1 FROM users WHERE id = ?1", [&who])? {
        return Ok(Err(DirectoryError::NoUser(who)));
    }
    if !has(db, "SELECT 1 FROM organisations WHERE account = ?1", [&org])? {
        return Ok(Err(DirectoryError::NoOrganisation(account)));
    }
    let others = "SELECT 1 FROM members WHERE account = ?1 AND user <> ?2 AND role = 'owner'";
    if role != Some(Role::Owner) && !has(db, others, [&org, &who])? {
        return Ok(Err(DirectoryError::NoOwnerLeft(account)));
    }
    match role {
        Some(role) => {
            let sql = "INSERT INTO members (account, user, role) VALUES (?1, ?2, ?3)
                       ON CONFLICT (account, user) DO UPDATE SET role = excluded.role";
            db.execute(sql, [&org, &who, role.as_str()])?
        }
        None => db.execute("DELETE FROM members WHERE account = ?1 AND user = ?2", [&org, &who])?,
    };
    Ok(Ok(()))
}

fn link_user(db: &Connection, user: UserId, id: FederatedId) -> Refused<()> {
    let who = user.to_string();
    if !has(db, "SELECT 1 FROM users WHERE id = ?1", [&who])? {
        return Ok(Err(DirectoryError::NoUser(who)));
    }
    let sql = "INSERT OR IGNORE INTO federated_ids (issuer, subject, user) VALUES (?1, ?2, ?3)";
    db.execute(sql, [id.issuer(), id.subject(), &who])?;
    let sql = "SELECT 1 FROM federated_ids WHERE issuer = ?1 AND subject = ?2 AND user = ?3";
    let is_theirs = has(db, sql, [id.issuer(), id.subject(), &who])?;
    Ok(is_theirs.then_some(()).ok_or(DirectoryError::Linked(id)))
}

fn owner(db: &Connection, device: DeviceId) -> Result<Option<AccountId>, Cause> {
    let sql = "SELECT account FROM devices WHERE device = ?1";
    one(db, sql, [device.to_string()], |row| Ok(row.get::<_, String>(0)?.parse()?))
}

fn has(db: &Connection, sql: &str, key: impl Params) -> Result<bool, Cause> {
    Ok(db.prepare_cached(sql)?.exists(key)?)
}

fn one<T>(
    db: &Connection,
    sql: &str,
    key: impl Params,
    read: fn(&Row<'_>) -> Result<T, Cause>,
) -> Result<Option<T>, Cause> {
    db.prepare_cached(sql)?.query_row(key, |row| Ok(read(row))).optional()?.transpose()
}

fn all<T>(
    db: &Connection,
    sql: &str,
    key: impl Params,
    read: fn(&Row<'_>) -> Result<T, Cause>,
) -> Result<Vec<T>, Cause> {
    db.prepare_cached(sql)?.query_and_then(key, read)?.collect()
}

fn user(row: &Row<'_>) -> Result<User, Cause> {
    Ok(User {
        id: row.get::<_, String>(0)?.parse()?,
        login: row.get::<_, String>(1)?.parse()?,
        password: row.get(2)?,
        disabled: row.get(3)?,
        created: Timestamp(u64::try_from(row.get::<_, i64>(4)?)?),
    })
}

fn federated_id(row: &Row<'_>) -> Result<FederatedId, Cause> {
    Ok(FederatedId::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?)?)
}

fn organisation(row: &Row<'_>) -> Result<Organisation, Cause> {
    Ok(Organisation {
        account: row.get::<_, String>(0)?.parse()?,
        name: row.get(1)?,
        created: Timestamp(u64::try_from(row.get::<_, i64>(2)?)?),
    })
}

fn membership(row: &Row<'_>) -> Result<Membership, Cause> {
    Ok(Membership {
        account: row.get::<_, String>(0)?.parse()?,
        user: row.get::<_, String>(1)?.parse()?,
        role: row.get::<_, String>(2)?.parse()?,
    })
}

fn failed(doing: &'static str) -> impl Fn(Cause) -> DirectoryError {
    move |source| DirectoryError::Backend { doing, source }
}
