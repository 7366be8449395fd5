//! Carries one task from the queue to its result.
//!
//! 1. Is it still wanted, and in time?
//! 2. How is everything it may change? Write that down: it has begun.
//! 3. Write into the audit log that it begins. When that fails, it does not.
//! 4. Do it, keeping its output.
//! 5. Write the result down, into the audit log first, then tell it.

use super::{
    audit,
    core::Agent,
    live::Live,
    record::{OUTPUT_QUEUE, record},
    unwritten::Unwritten,
    verdict,
};
use d1_core::{
    Action, AuditKind, Baseline, Category, Ended, Job, JournalError, Outcome, Output, ProbeAnswer,
    Probed, Problem, Proposal, Resource, Stage, TaskCommand, TaskResult,
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// Between two tries to write a result down.
const RETRY: Duration = Duration::from_secs(1);
/// How often a result is tried to be written down before the agent gives up and says so.
const TRIES: u32 = 30;

/// Carries a task to its end. Its end is known to everyone when this returns, unless the
/// journal fails.
pub(super) async fn carry_out(agent: &Agent, live: Live) {
    match try_carry_out(agent, &live).await {
        Ok(result) => agent.publish(&live, result),
        Err(error) => agent.fail(&error),
    }
}

/// Ends a task that was withdrawn from the queue.
pub(super) async fn call_off(agent: &Agent, live: Live, why: Problem) {
    let result = verdict::not_begun(&live.command, Outcome::Cancelled, why);
    match write_down(agent, &live, (Some(AuditKind::TaskRefused), result)).await {
        Ok(result) => agent.publish(&live, result),
        Err(error) => agent.fail(&error),
    }
}

/// Why a task did not begin that was called off.
pub(super) fn called_off() -> Problem {
    Problem::new("D1-TASK-001", Category::Task, "called off before it began")
        .leaving("nothing was changed by this step")
}

/// How a task went, and as what the audit log has it; nothing when it is not there at all.
type Went = (Option<AuditKind>, TaskResult);

async fn try_carry_out(agent: &Agent, live: &Live) -> Result<TaskResult, Unwritten> {
    let command = &*live.command;
    if let Some(result) = has_ended(agent, live).await? {
        return Ok(result);
    }
    if let Some(early) = reason_not_to_begin(agent, live) {
        return write_down(agent, live, (Some(AuditKind::TaskRefused), early)).await;
    }
    let needed_elsewhere = needed_elsewhere(agent, command).await?;
    let went = if live.cut_off {
        probe(agent, live, needed_elsewhere).await?
    } else {
        run(agent, live, needed_elsewhere).await?
    };
    write_down(agent, live, went).await
}

/// How the attempt ended, when it has: the word that put it into the queue may have been old.
async fn has_ended(agent: &Agent, live: &Live) -> Result<Option<TaskResult>, JournalError> {
    let TaskCommand { task, attempt, epoch, .. } = *live.command;
    let entry = agent.0.parts.journal.entry(task).await?;
    Ok(match entry.filter(|entry| entry.command.attempt >= attempt).map(|entry| entry.stage) {
        Some(Stage::Finished(result)) => Some(*result),
        Some(Stage::Forgotten(outcome)) => {
            Some(TaskResult::not_started(task, attempt, epoch, outcome))
        }
        Some(Stage::Received | Stage::Started(_)) | None => None,
    })
}

fn reason_not_to_begin(agent: &Agent, live: &Live) -> Option<TaskResult> {
    let command = &*live.command;
    if live.cut_off {
        return None;
    }
    let now = agent.0.parts.clock.now();
    if command.deliver_by.is_some_and(|deadline| now > deadline) {
        let why = Problem::new("D1-TASK-002", Category::Timeout, "it came too late to be started")
            .because("its delivery deadline had passed when its turn came")
            .leaving("nothing was changed by this step");
        return Some(verdict::not_begun(command, Outcome::Undeliverable, why));
    }
    if live.stop.now().is_cancelled() {
        return Some(verdict::not_begun(command, Outcome::Cancelled, called_off()));
    }
    None
}

async fn run(
    agent: &Agent,
    live: &Live,
    needed_elsewhere: Vec<Resource>,
) -> Result<Went, Unwritten> {
    let (parts, command) = (&agent.0.parts, &*live.command);
    let what = Proposal::from(&command.step);
    let baseline = match parts.executor.prepare(command.task, &what).await {
        Ok(baseline) => baseline,
        Err(error) => {
            return Ok((Some(AuditKind::TaskRefused), verdict::of_error(command, &error)));
        }
    };
    parts.journal.start(command.task, command.attempt, &baseline, parts.clock.now()).await?;
    // After the journal, which lets an attempt begin once: so is there one record of it.
    if let Err(error) = agent.note(audit::started(command, &live.by)).await {
        tracing::error!(%error, task = %command.task, "a task does not begin");
        return Ok((None, verdict::not_begun(command, Outcome::Failed, error.problem())));
    }
    live.news.send_modify(|news| news.started = true);
    let job = job(command, baseline, needed_elsewhere);
    let (output, recorded) = mpsc::channel(OUTPUT_QUEUE);
    let recording = start_recording(agent, live, 1, recorded);
    let ended = parts.executor.run(&job, &output, &live.stop).await;
    drop(output);
    let lost = recording.await;
    let result = match ended {
        Ok(ended) => {
            let dropped_bytes = ended.dropped_bytes.saturating_add(lost);
            let ended = Ended { dropped_bytes, ..ended };
            verdict::of_ended(command, ended, parts.clock.now())
        }
        Err(error) => verdict::of_error(command, &error),
    };
    Ok((Some(AuditKind::TaskEnded), result))
}

async fn probe(
    agent: &Agent,
    live: &Live,
    needed_elsewhere: Vec<Resource>,
) -> Result<Went, Unwritten> {
    let (parts, command) = (&agent.0.parts, &*live.command);
    let entry = parts.journal.entry(command.task).await?;
    let baseline = match entry.map(|entry| entry.stage) {
        Some(Stage::Started(baseline)) => baseline,
        // It was written down with its end, there as here.
        Some(Stage::Finished(result)) => return Ok((None, *result)),
        Some(Stage::Received | Stage::Forgotten(_)) | None => {
            return Err(JournalError::Unknown(command.task).into());
        }
    };
    let job = job(command, baseline, needed_elsewhere);
    let kept = last_chunk(agent, command).await?;
    live.news.send_modify(|news| news.last_chunk = kept);
    let (output, recorded) = mpsc::channel(OUTPUT_QUEUE);
    let recording = start_recording(agent, live, kept + 1, recorded);
    let note = "this step was cut off; finding out what became of it";
    // The recorder listens until `output` is dropped below.
    let _recorded = output.send(Output::note(note)).await;
    let probed = parts.executor.probe(&job, &output).await;
    drop(output);
    let _lost = recording.await;
    // What cannot be looked at may have changed anything.
    let probed = probed.unwrap_or_else(|error| Probed {
        answer: ProbeAnswer::Unknown(error.to_string()),
        changes: Vec::new(),
    });
    Ok((Some(AuditKind::TaskProbed), verdict::of_probed(command, probed, parts.clock.now())))
}

/// Keeps output in the background; the answer resolves when everything is kept, and is how
/// many bytes could not be.
fn start_recording(
    agent: &Agent,
    live: &Live,
    first_seq: u64,
    output: mpsc::Receiver<Output>,
) -> impl Future<Output = u64> + use<> {
    let (done, wait) = tokio::sync::oneshot::channel();
    let name = (live.command.task, live.command.attempt);
    let (journal, news) = (Arc::clone(&agent.0.parts.journal), live.news.clone());
    agent.0.parts.supervisor.run("task output", async move {
        let _nobody_waits = done.send(record(journal, name, first_seq, output, news).await);
    });
    async move { wait.await.unwrap_or_default() }
}

async fn last_chunk(agent: &Agent, command: &TaskCommand) -> Result<u64, JournalError> {
    const BATCH: usize = 256;
    let mut last = 0;
    loop {
        let journal = &agent.0.parts.journal;
        let chunks = journal.output(command.task, command.attempt, last, BATCH).await?;
        match chunks.last() {
            Some(chunk) => last = chunk.seq,
            None => return Ok(last),
        }
    }
}

fn job(command: &TaskCommand, baseline: Baseline, needed_elsewhere: Vec<Resource>) -> Job {
    Job {
        task: command.task,
        attempt: command.attempt,
        step: command.step.clone(),
        baseline,
        grace: command.grace,
        needed_elsewhere,
    }
}

/// What other setups found here and rely on: a revert leaves that alone.
async fn needed_elsewhere(
    agent: &Agent,
    command: &TaskCommand,
) -> Result<Vec<Resource>, JournalError> {
    let Action::Revert(revert) = &command.step.action else {
        return Ok(Vec::new());
    };
    let receipts = agent.0.parts.journal.receipts().await?;
    let home = receipts.iter().find(|receipt| receipt.task == revert.task);
    let home = home.map(|receipt| receipt.setup);
    let others = receipts.iter().filter(|receipt| Some(receipt.setup) != home);
    let needed: BTreeSet<Resource> = others.flat_map(|other| other.relies_on.clone()).collect();
    Ok(needed.into_iter().collect())
}

/// Writes down how a task went, trying again for a while: a full disk may get room.
async fn write_down(agent: &Agent, live: &Live, went: Went) -> Result<TaskResult, Unwritten> {
    let (mut kind, result) = went;
    let mut tries = 1;
    loop {
        match try_write_down(agent, live, &mut kind, &result).await {
            Ok(()) => return Ok(result),
            Err(error) if error.may_pass() && tries < TRIES => {
                tracing::warn!(task = %result.task, %error, tries, "a result waits to be written");
                tries += 1;
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Tries it once. What is in the audit log by then is not written there again.
async fn try_write_down(
    agent: &Agent,
    live: &Live,
    kind: &mut Option<AuditKind>,
    result: &TaskResult,
) -> Result<(), Unwritten> {
    if let Some(how) = *kind {
        agent.note(audit::ended(how, &live.command, result)).await?;
        *kind = None;
    }
    let parts = &agent.0.parts;
    Ok(parts.journal.finish(result, parts.clock.now()).await?)
}
