//! One lane: what waits, what is decided, and what is on its way.
//!
//! 1. What arrives while a batch is written is the next batch, so that nobody waits for a timer
//!    and a busy account shares its syncs.
//! 2. When many wait, the next batch is decided while the one before it is written, and is sent
//!    as soon as that is done: the database need not wait for us, nor we for it.
//! 3. When few wait, those who have just been answered may join: two small batches cost the
//!    database more than one.
//! 4. When a batch is not written, what was decided after it is decided anew.

use super::{
    batch::{Answer, Desk, Flight, failed},
    sealed::Sealed,
};
use crate::{BillingError, Command};
use d1_core::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How many commands one transaction takes at most, so that none waits long for its answer and
/// a large crowd is two batches: one that is written, and one that is decided.
const BATCH: usize = 512;

/// How many commands are a batch that is worth deciding ahead. What a statement costs whatever
/// is in it is then a small part.
const MANY: usize = 128;

/// A command, and whom to answer.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) command: Command,
    pub(super) now: Timestamp,
    pub(super) tell: oneshot::Sender<Answer>,
}

/// Commands that are done in one transaction, and whom to answer.
struct Batch {
    commands: Vec<Command>,
    tells: Vec<oneshot::Sender<Answer>>,
    now: Timestamp,
}

impl Batch {
    /// The first that wait.
    fn of(waiting: &mut Vec<Job>) -> Self {
        let (mut commands, mut tells, mut now) = (Vec::new(), Vec::new(), Timestamp(0));
        for job in waiting.drain(..waiting.len().min(BATCH)) {
            now = now.max(job.now);
            commands.push(job.command);
            tells.push(job.tell);
        }
        Self { commands, tells, now }
    }

    /// They wait again, before all others.
    fn wait_again(self, waiting: &mut Vec<Job>) {
        let now = self.now;
        let jobs = self.commands.into_iter().zip(self.tells);
        let jobs = jobs.map(|(command, tell)| Job { command, now, tell });
        waiting.splice(0..0, jobs);
    }

    fn tell(self, answers: Vec<Answer>) {
        for (tell, answer) in self.tells.into_iter().zip(answers) {
            // Nobody there to hear it any more: what is written stays written.
            drop(tell.send(answer));
        }
    }
}

/// One lane.
pub(super) struct Lane {
    desk: Desk,
    queue: mpsc::Receiver<Job>,
    /// Whether nobody comes any more.
    is_over: bool,
    waiting: Vec<Job>,
    /// The batch that is decided, and sent when the one on its way is written.
    next: Option<(Batch, Sealed)>,
    on_its_way: Option<(Batch, Flight)>,
}

impl Lane {
    pub(super) fn new(desk: Desk, queue: mpsc::Receiver<Job>) -> Self {
        Self { desk, queue, is_over: false, waiting: vec![], next: None, on_its_way: None }
    }

    /// Writes batch after batch, until the process stops and nobody waits any more.
    pub(super) async fn run(mut self, stopping: CancellationToken) {
        while !self.is_over || self.on_its_way.is_some() {
            let may_come = !self.is_over && self.waiting.len() < BATCH;
            tokio::select! {
                biased;
                done = land(&mut self.desk, &mut self.on_its_way) => self.landed(done).await,
                more = collect(&mut self.queue, &mut self.waiting), if may_come => {
                    self.is_over = !more;
                }
                () = stopping.cancelled(), if !self.queue.is_closed() => self.queue.close(),
            }
            self.go_on().await;
        }
    }

    /// Does what can be done now.
    async fn go_on(&mut self) {
        while self.on_its_way.is_none() && !self.waiting.is_empty() {
            let batch = Batch::of(&mut self.waiting);
            let is_large = batch.commands.len() >= MANY && self.desk.is_connected();
            let sealed = is_large.then(|| self.desk.seal(&batch.commands, batch.now));
            match sealed.flatten() {
                Some(sealed) => self.send(batch, sealed),
                None => {
                    let answers = self.desk.answer(&batch.commands, batch.now).await;
                    batch.tell(answers);
                }
            }
        }
        if self.next.is_none() && self.is_worth_deciding_ahead() {
            let batch = Batch::of(&mut self.waiting);
            match self.desk.seal(&batch.commands, batch.now) {
                Some(sealed) => self.next = Some((batch, sealed)),
                None => batch.wait_again(&mut self.waiting),
            }
        }
    }

    /// Whether so many wait that they are a batch much like the one on its way: a crowd that fell
    /// into small batches would have a sync for each.
    fn is_worth_deciding_ahead(&self) -> bool {
        let ahead = self.on_its_way.as_ref().map_or(0, |(batch, _flight)| batch.commands.len());
        self.waiting.len() >= MANY.max(ahead / 4 * 3)
    }

    fn send(&mut self, batch: Batch, sealed: Sealed) {
        match self.desk.send(sealed) {
            Some(flight) => self.on_its_way = Some((batch, flight)),
            None => {
                self.desk.is_void();
                batch.wait_again(&mut self.waiting);
            }
        }
    }

    /// The batch on its way is written, or is not.
    async fn landed(&mut self, done: Result<Option<Vec<Answer>>, BillingError>) {
        let Some((batch, _flight)) = self.on_its_way.take() else { return };
        if let Ok(Some(answers)) = done {
            if let Some((next, sealed)) = self.next.take() {
                self.send(next, sealed);
            }
            batch.tell(answers);
            gather(&mut self.queue, &mut self.waiting).await;
            return;
        }
        self.desk.is_void();
        if let Some((next, _sealed)) = self.next.take() {
            next.wait_again(&mut self.waiting);
        }
        let answers = match done {
            Err(error) => failed(batch.commands.len(), error),
            Ok(_stale) => self.desk.answer(&batch.commands, batch.now).await,
        };
        batch.tell(answers);
    }
}

/// Comes back when the batch on its way is written or is not; never, when there is none.
async fn land(
    desk: &mut Desk,
    on_its_way: &mut Option<(Batch, Flight)>,
) -> Result<Option<Vec<Answer>>, BillingError> {
    match on_its_way {
        Some((_batch, flight)) => desk.land(flight).await,
        None => std::future::pending().await,
    }
}

/// Waits for somebody, and for everybody who comes with them; false when nobody comes any more.
async fn collect(queue: &mut mpsc::Receiver<Job>, waiting: &mut Vec<Job>) -> bool {
    let free = BATCH.saturating_sub(waiting.len());
    let came = queue.recv_many(waiting, free).await;
    gather(queue, waiting).await;
    came > 0
}

/// Lets everybody who is ready to ask do so, so that they share the sync: as long as somebody
/// does, and with no timer, so that whoever is alone waits for nobody.
async fn gather(queue: &mut mpsc::Receiver<Job>, waiting: &mut Vec<Job>) {
    loop {
        let before = waiting.len();
        tokio::task::yield_now().await;
        while waiting.len() < BATCH
            && let Ok(job) = queue.try_recv()
        {
            waiting.push(job);
        }
        if waiting.len() == before {
            return;
        }
    }
}
