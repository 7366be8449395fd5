//! What happens to the rows of a task, inside a transaction.

use super::writer::Fault;
use d1_core::{
    Entry, JournalError, OutputChunk, Reception, SetupId, Stage, Stream, TaskCommand, TaskId,
    TaskResult, Timestamp,
};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::{from_str, to_string};

pub(super) fn fence(db: &Connection, setup: SetupId, given: u64) -> Result<(), Fault> {
    let (sql, key) = ("SELECT epoch FROM epochs WHERE setup = ?1", setup.to_string());
    let epoch = db.prepare_cached(sql)?.query_row([&key], |row| row.get(0)).optional()?;
    // An epoch comes from outside and may be any number; SQLite has the same 64 bits, signed.
    let seen = epoch.map_or(0, i64::cast_unsigned);
    if given < seen {
        return Err(JournalError::StaleEpoch { setup, given, seen }.into());
    }
    let sql = "INSERT INTO epochs (setup, epoch) VALUES (?1, ?2)
               ON CONFLICT (setup) DO UPDATE SET epoch = excluded.epoch";
    db.prepare_cached(sql)?.execute(params![key, given.cast_signed()])?;
    Ok(())
}

pub(super) fn receive(
    db: &Connection,
    command: TaskCommand,
    at: Timestamp,
) -> Result<Reception, Fault> {
    fence(db, command.setup, command.epoch)?;
    if let Some(entry) = entry(db, command.task)?
        && !entry.gives_way_to(command.attempt)
    {
        return Ok(Reception::Known(Box::new(entry)));
    }
    let sql = "INSERT INTO tasks (place, task, attempt, command, phase, stage, at)
               VALUES ((SELECT coalesce(max(place), 0) + 1 FROM tasks), ?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (task) DO UPDATE SET
                 (place, attempt, command, phase, stage, at) =
                 (excluded.place, excluded.attempt, excluded.command,
                  excluded.phase, excluded.stage, excluded.at)";
    db.prepare_cached(sql)?.execute(params![
        command.task.to_string(),
        command.attempt,
        to_string(&command)?,
        phase(&Stage::Received),
        to_string(&Stage::Received)?,
        i64::try_from(at.0)?,
    ])?;
    Ok(Reception::New)
}

pub(super) fn append(db: &Connection, chunks: &[OutputChunk]) -> Result<(), Fault> {
    let sql = "INSERT INTO output (task, attempt, seq, stream, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (task, attempt, seq) DO NOTHING";
    let mut insert = db.prepare_cached(sql)?;
    let mut checked = None;
    for OutputChunk { task, attempt, seq, output } in chunks {
        if checked != Some((task, attempt)) {
            if ordered(db, *task, *attempt)?.phase == "forgotten" {
                return Err(JournalError::Unknown(*task).into());
            }
            checked = Some((task, attempt));
        }
        let (seq, stream) = (i64::try_from(*seq)?, stream_name(output.stream));
        insert.execute(params![task.to_string(), attempt, seq, stream, output.bytes])?;
    }
    Ok(())
}

pub(super) fn finish(db: &Connection, result: TaskResult, at: Timestamp) -> Result<(), Fault> {
    let (task, outcome, receipt) = (result.task, result.outcome, result.receipt.clone());
    let known = ordered(db, task, result.attempt)?;
    let is_over = matches!(known.phase.as_str(), "finished" | "forgotten");
    if is_over || result.attempt < known.attempt {
        return Ok(());
    }
    move_to(db, task, &Stage::Finished(Box::new(result)), at)?;
    let Some(receipt) = receipt else { return Ok(()) };
    if let Some(reverted) = receipt.reverts
        && outcome.is_success()
    {
        let sql = "DELETE FROM receipts WHERE task = ?1";
        db.prepare_cached(sql)?.execute([reverted.to_string()])?;
    }
    let sql = "INSERT INTO receipts (task, receipt) VALUES (?1, ?2)";
    db.prepare_cached(sql)?.execute([receipt.task.to_string(), to_string(&receipt)?])?;
    Ok(())
}

pub(super) fn forget(
    db: &Connection,
    task: TaskId,
    attempt: u32,
    at: Timestamp,
) -> Result<(), Fault> {
    let known = entry(db, task)?.filter(|entry| entry.command.attempt <= attempt);
    let outcome = match known.map(|entry| entry.stage) {
        None | Some(Stage::Forgotten(_)) => return Ok(()),
        Some(Stage::Received | Stage::Started(_)) => {
            return Err(JournalError::NotFinished(task).into());
        }
        Some(Stage::Finished(result)) => result.outcome,
    };
    move_to(db, task, &Stage::Forgotten(outcome), at)?;
    db.prepare_cached("DELETE FROM output WHERE task = ?1")?.execute([task.to_string()])?;
    Ok(())
}

pub(super) fn entry(db: &Connection, task: TaskId) -> Result<Option<Entry>, Fault> {
    let sql = "SELECT command, stage, at FROM tasks WHERE task = ?1";
    let mut query = db.prepare_cached(sql)?;
    query.query_and_then([task.to_string()], read_entry)?.next().transpose()
}

/// What a decision about a task needs to know.
pub(super) struct Known {
    pub(super) attempt: u32,
    pub(super) phase: String,
}

/// A task of which this attempt was ordered once: it is the present one, or one before it.
pub(super) fn ordered(db: &Connection, task: TaskId, attempt: u32) -> Result<Known, Fault> {
    let sql = "SELECT attempt, phase FROM tasks WHERE task = ?1 AND attempt >= ?2";
    let mut query = db.prepare_cached(sql)?;
    let known = query.query_row(params![task.to_string(), attempt], |row| {
        Ok(Known { attempt: row.get(0)?, phase: row.get(1)? })
    });
    known.optional()?.ok_or_else(|| JournalError::Unknown(task).into())
}

pub(super) fn move_to(
    db: &Connection,
    task: TaskId,
    stage: &Stage,
    at: Timestamp,
) -> Result<(), Fault> {
    let sql = "UPDATE tasks SET phase = ?2, stage = ?3, at = ?4 WHERE task = ?1";
    let at = i64::try_from(at.0)?;
    let row = params![task.to_string(), phase(stage), to_string(stage)?, at];
    db.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

pub(super) fn read_entry(row: &Row<'_>) -> Result<Entry, Fault> {
    Ok(Entry {
        command: from_str(&row.get::<_, String>(0)?)?,
        stage: from_str(&row.get::<_, String>(1)?)?,
        at: Timestamp(u64::try_from(row.get::<_, i64>(2)?)?),
    })
}

const fn phase(stage: &Stage) -> &'static str {
    match stage {
        Stage::Received => "received",
        Stage::Started(_) => "started",
        Stage::Finished(_) => "finished",
        Stage::Forgotten(_) => "forgotten",
    }
}

const fn stream_name(stream: Stream) -> &'static str {
    match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
        Stream::Note => "note",
    }
}

pub(super) fn stream(name: &str) -> Result<Stream, Fault> {
    let known = [Stream::Stdout, Stream::Stderr, Stream::Note];
    let found = known.into_iter().find(|stream| stream_name(*stream) == name);
    found.ok_or_else(|| Fault::Storage(format!("`{name}` is not a stream").into()))
}
