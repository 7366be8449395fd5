//! A language for orders, for tests of what is said in it: JSON, of some words only.

use crate::{OrderCodec, OrderKeySet, SetupId, StopMode, TaskCommand, TaskId, ToDevice};
use serde::{Deserialize, Serialize};

/// The words that it has.
#[derive(Serialize, Deserialize)]
enum Word {
    Run(Box<TaskCommand>),
    Cancel(TaskId, SetupId, u64, StopMode),
    Forget(TaskId, u32),
    Confirmed(TaskId, bool),
    Drain,
    OrderKeys(OrderKeySet),
}

/// A language for orders, where there is none of a wire.
#[must_use]
pub fn an_order_codec() -> OrderCodec {
    OrderCodec {
        write: |message| Ok(serde_json::to_vec(&word(message)?)?),
        read: |bytes| Ok(message(serde_json::from_slice(bytes)?)),
    }
}

fn word(message: &ToDevice) -> Result<Word, String> {
    Ok(match message {
        ToDevice::Run(command) => Word::Run(command.clone()),
        ToDevice::Cancel { task, setup, epoch, mode } => Word::Cancel(*task, *setup, *epoch, *mode),
        ToDevice::Forget { task, attempt } => Word::Forget(*task, *attempt),
        ToDevice::Confirmed { task, yes } => Word::Confirmed(*task, *yes),
        ToDevice::Drain => Word::Drain,
        ToDevice::OrderKeys(keys) => Word::OrderKeys(keys.clone()),
        ToDevice::Welcome(_)
        | ToDevice::ResultStored { .. }
        | ToDevice::OutputStored { .. }
        | ToDevice::Ask { .. }
        | ToDevice::Preview { .. }
        | ToDevice::Anchor(_)
        | ToDevice::Error(_)
        | ToDevice::ShowWaiting { .. }
        | ToDevice::Decide { .. }
        | ToDevice::Signed(_) => return Err(format!("`{message:?}` has no word here")),
    })
}

fn message(word: Word) -> ToDevice {
    match word {
        Word::Run(command) => ToDevice::Run(command),
        Word::Cancel(task, setup, epoch, mode) => ToDevice::Cancel { task, setup, epoch, mode },
        Word::Forget(task, attempt) => ToDevice::Forget { task, attempt },
        Word::Confirmed(task, yes) => ToDevice::Confirmed { task, yes },
        Word::Drain => ToDevice::Drain,
        Word::OrderKeys(keys) => ToDevice::OrderKeys(keys),
    }
}
