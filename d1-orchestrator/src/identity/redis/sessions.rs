//! What is remembered of people who sign in, in Redis. Each change is one script, which the
//! server runs alone; what has ended expires by itself.

use super::server::RedisSessions;
use d1_core::{Digest, Record, RecordKind, SessionError, SessionStore, Timestamp, UserId};
use std::{error::Error, num::ParseIntError};

/// Key, version, end, owner, body, names: as the scripts answer.
type Fields = Vec<String>;

#[async_trait::async_trait]
impl SessionStore for RedisSessions {
    async fn create(&self, record: &Record, now: Timestamp) -> Result<(), SessionError> {
        if !record.fits() {
            return Err(SessionError::TooLarge);
        }
        let owner = record.owner.map(|owner| owner.to_string()).unwrap_or_default();
        let (key, names) = (record.key.to_string(), names(record));
        let mut script = self.create.prepare_invoke();
        script.key(format!("{}{key}", records(record.kind)));
        let owners = format!("{}{owner}", owners(record.kind));
        script.key(if owner.is_empty() { String::new() } else { owners });
        for name in names.split(' ') {
            script.key(format!("{}{name}", names_of(record.kind)));
        }
        script.arg(now.0).arg(record.ends.0).arg(owner).arg(&record.body).arg(key).arg(&names);
        let kept: bool = self.run("kept", &script).await?;
        if kept { Ok(()) } else { Err(SessionError::Taken) }
    }

    async fn find(
        &self,
        kind: RecordKind,
        name: &Digest,
        now: Timestamp,
    ) -> Result<Option<Record>, SessionError> {
        let mut script = self.find.prepare_invoke();
        script.key(format!("{}{name}", names_of(kind))).arg(now.0).arg(records(kind));
        let fields: Fields = self.run("read", &script).await?;
        if fields.is_empty() { Ok(None) } else { read(kind, &fields).map(Some) }
    }

    async fn save(&self, record: &Record, now: Timestamp) -> Result<u64, SessionError> {
        if !record.fits() {
            return Err(SessionError::TooLarge);
        }
        let key = record.key.to_string();
        let owner = record.owner.map(|owner| owner.to_string()).unwrap_or_default();
        let mut script = self.save.prepare_invoke();
        script.key(format!("{}{key}", records(record.kind)));
        script.arg(now.0).arg(record.version).arg(record.ends.0).arg(owner).arg(&record.body);
        script.arg(key).arg(names_of(record.kind)).arg(owners(record.kind));
        match self.run("kept", &script).await? {
            0 => Err(SessionError::Stale),
            version => Ok(version),
        }
    }

    async fn remove(&self, kind: RecordKind, key: &Digest) -> Result<(), SessionError> {
        let mut script = self.remove.prepare_invoke();
        script.key(format!("{}{key}", records(kind)));
        script.arg(key.to_string()).arg(names_of(kind)).arg(owners(kind));
        self.run::<bool>("ended", &script).await.map(drop)
    }

    async fn owned(
        &self,
        kind: RecordKind,
        owner: UserId,
        now: Timestamp,
    ) -> Result<Vec<Record>, SessionError> {
        let mut script = self.owned.prepare_invoke();
        script.key(format!("{}{owner}", owners(kind)));
        script.arg(now.0).arg(records(kind)).arg(Record::MAX_LISTED);
        let found: Vec<Fields> = self.run("listed", &script).await?;
        found.iter().map(|fields| read(kind, fields)).collect()
    }
}

// One hash slot holds all of it, so that a script may touch every key.

fn records(kind: RecordKind) -> String {
    format!("{{d1:sign-in}}:{}:", kind.as_str())
}

fn names_of(kind: RecordKind) -> String {
    format!("{{d1:sign-in}}:{}:name:", kind.as_str())
}

fn owners(kind: RecordKind) -> String {
    format!("{{d1:sign-in}}:{}:owner:", kind.as_str())
}

/// Every name, the key last.
fn names(record: &Record) -> String {
    let names = record.names.iter().chain([&record.key]).map(Digest::to_string);
    names.collect::<Vec<_>>().join(" ")
}

fn read(kind: RecordKind, fields: &Fields) -> Result<Record, SessionError> {
    let [key, version, ends, owner, body, names] = fields.as_slice() else {
        return Err(unreadable("a record has another number of fields"));
    };
    let number = |text: &str| text.parse::<u64>().map_err(|error: ParseIntError| unreadable(error));
    let digest = |text: &str| text.parse::<Digest>().map_err(unreadable);
    let key = digest(key)?;
    let names = names.split(' ').map(digest).collect::<Result<Vec<_>, _>>()?;
    let owner = if owner.is_empty() { None } else { Some(owner.parse().map_err(unreadable)?) };
    Ok(Record {
        kind,
        names: names.into_iter().filter(|name| *name != key).collect(),
        key,
        owner,
        ends: Timestamp(number(ends)?),
        version: number(version)?,
        body: body.clone(),
    })
}

fn unreadable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> SessionError {
    SessionError::Backend { doing: "read", source: cause.into() }
}
