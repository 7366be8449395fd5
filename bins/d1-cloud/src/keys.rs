//! Looking after the keys of tokens and the authorities of devices, by whoever may read the state
//! directory.

use crate::{
    config::{AuthoritiesCommand, Config, KeysCommand, OrderKeysCommand},
    identity::People,
    people::{OPERATOR, Told, note, open, tell},
};
use d1_core::{AuditEntry, AuditKind, Clock, KeyStage};
use std::{process::ExitCode, sync::Arc};

/// Does what is said with keys, and tells how it went.
pub(crate) async fn keys(config: &Config, command: KeysCommand) -> ExitCode {
    tell(match open(config).await {
        Ok((people, clock)) => run_keys(&people, &clock, command).await,
        Err(error) => Err(error.into()),
    })
}

/// Does what is said with the authorities of devices, and tells how it went.
pub(crate) async fn authorities(config: &Config, command: AuthoritiesCommand) -> ExitCode {
    tell(match open(config).await {
        Ok((people, clock)) => run_authorities(&people, &clock, command).await,
        Err(error) => Err(error.into()),
    })
}

/// Does what is said with the keys of orders, and tells how it went.
pub(crate) async fn order_keys(config: &Config, command: OrderKeysCommand) -> ExitCode {
    tell(match open(config).await {
        Ok((people, clock)) => run_order_keys(&people, &clock, command).await,
        Err(error) => Err(error.into()),
    })
}

async fn run_keys(people: &People, clock: &Arc<dyn Clock>, command: KeysCommand) -> Told {
    match command {
        KeysCommand::List => {
            let keys = people.keys.list().await?;
            Ok(keys.iter().map(|(id, at)| format!("{id}  {}\n", stage_text(*at))).collect())
        }
        KeysCommand::Rotate => {
            note(people, clock, keys_of("tokens", "rotated")).await?;
            people.keys.rotate().await?;
            Ok("the next key signs now; servers know it within half a minute\n".to_owned())
        }
        KeysCommand::Withdraw { key } => {
            note(people, clock, keys_of("tokens", "withdrawn").about("key", &key)).await?;
            people.keys.withdraw(&key).await?;
            Ok("the key is gone; what it signed is refused within half a minute\n".to_owned())
        }
    }
}

async fn run_authorities(
    people: &People,
    clock: &Arc<dyn Clock>,
    command: AuthoritiesCommand,
) -> Told {
    match command {
        AuthoritiesCommand::List => {
            let all = people.authorities.bundle().await?.list();
            Ok(all.iter().map(|(id, at)| format!("{id}  {}\n", stage_text(*at))).collect())
        }
        AuthoritiesCommand::Rotate => {
            note(people, clock, keys_of("certificates", "rotated")).await?;
            people.authorities.rotate().await?;
            Ok("the next authority signs now; servers know it within a minute\n".to_owned())
        }
        AuthoritiesCommand::Withdraw { authority } => {
            let entry = keys_of("certificates", "withdrawn").about("key", &authority);
            note(people, clock, entry).await?;
            people.authorities.withdraw(&authority).await?;
            Ok("the authority is gone; what it signed is refused within a minute\n".to_owned())
        }
    }
}

async fn run_order_keys(
    people: &People,
    clock: &Arc<dyn Clock>,
    command: OrderKeysCommand,
) -> Told {
    match command {
        OrderKeysCommand::List => {
            let keys = people.order_keys.current().await?;
            let told = keys.announced().keys.iter();
            Ok(told.map(|it| format!("{}  {}\n", it.key, stage_text(it.stage))).collect())
        }
        OrderKeysCommand::Rotate => {
            note(people, clock, keys_of("orders", "rotated")).await?;
            people.order_keys.rotate().await?;
            Ok("the next key signs orders now; servers know it within half a minute\n".to_owned())
        }
        OrderKeysCommand::Withdraw { key } => {
            note(people, clock, keys_of("orders", "withdrawn").about("key", &key)).await?;
            people.order_keys.withdraw(&key).await?;
            Ok("the key is gone; devices are told with their next order\n".to_owned())
        }
    }
}

fn keys_of(what: &str, change: &str) -> AuditEntry {
    let entry = AuditEntry::new(AuditKind::KeysChanged).about("of", what);
    entry.about("change", change).about("by", OPERATOR)
}

const fn stage_text(stage: KeyStage) -> &'static str {
    match stage {
        KeyStage::Next => "next",
        KeyStage::Active => "signs",
        KeyStage::Retired => "retired",
    }
}
