//! Following a setup: from the store first, then as it comes, without gaps or repeats.
//!
//! A follower reads numbered news from the store and nowhere else, so what it hears is what
//! is kept, in order. A bell only tells it when to look again; news of other processes is
//! found by looking every [`LOOK_EVERY`]. A slow follower slows nobody.

use super::{core::Engine, error::EngineError};
use d1_core::{Progress, ProgressEvent, Setup, SetupId};
use futures_util::{Stream, stream};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// How much news is read at once.
const BATCH: usize = 128;
/// How often the store is looked at for news of other processes.
const LOOK_EVERY: Duration = Duration::from_secs(1);

struct Follower {
    engine: Engine,
    id: SetupId,
    bell: Arc<Notify>,
    after: u64,
    read: VecDeque<Progress>,
    /// The last news was that it is over.
    at_the_end: bool,
    broken: bool,
}

impl Engine {
    /// What a setup tells after number `after`, until it is over or this process stops.
    ///
    /// Whoever gives the last number they have seen misses nothing and hears nothing
    /// twice. After an error the stream ends.
    pub fn follow(
        &self,
        id: SetupId,
        after: u64,
    ) -> impl Stream<Item = Result<Progress, EngineError>> + Send + use<> {
        let follower = Follower {
            engine: self.clone(),
            id,
            bell: self.0.bells.of(id),
            after,
            read: VecDeque::new(),
            at_the_end: false,
            broken: false,
        };
        stream::unfold(follower, |mut follower| async move {
            let next = follower.next().await?;
            Some((next, follower))
        })
    }

    /// Waits until a setup is over.
    pub async fn wait(&self, id: SetupId) -> Result<Setup, EngineError> {
        let bell = self.0.bells.of(id);
        loop {
            let rung = bell.notified();
            let mut rung = std::pin::pin!(rung);
            // From here on no ring is missed.
            rung.as_mut().enable();
            let setup = self.0.parts.store.get(id).await?;
            if setup.is_over() {
                return Ok(setup);
            }
            if !self.look_again(rung).await {
                return Err(EngineError::Stopping(id));
            }
        }
    }

    /// Waits until there may be news; false when this process stops.
    async fn look_again(&self, rung: impl Future<Output = ()>) -> bool {
        let stopping = self.0.parts.supervisor.stopping();
        tokio::select! {
            biased;
            () = rung => true,
            () = tokio::time::sleep(LOOK_EVERY) => true,
            () = stopping.cancelled() => false,
        }
    }
}

impl Follower {
    async fn next(&mut self) -> Option<Result<Progress, EngineError>> {
        if self.broken {
            return None;
        }
        while self.read.is_empty() {
            match self.read_on().await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.broken = true;
                    return Some(Err(error));
                }
            }
        }
        let news = self.read.pop_front()?;
        self.after = news.seq;
        self.at_the_end = matches!(news.event, ProgressEvent::Finished { .. });
        Some(Ok(news))
    }

    /// Reads news, or waits for it; false when there will be none.
    async fn read_on(&mut self) -> Result<bool, EngineError> {
        let bell = Arc::clone(&self.bell);
        let mut rung = std::pin::pin!(bell.notified());
        rung.as_mut().enable();
        let store = &self.engine.0.parts.store;
        self.read = store.progress(self.id, self.after, BATCH).await?.into();
        if !self.read.is_empty() {
            return Ok(true);
        }
        // It may be followed from the very end, or have gone on after it had ended.
        let over = self.at_the_end || store.get(self.id).await?.is_over();
        if over {
            // What it told with its last breath may be newer than what was read above.
            self.read = store.progress(self.id, self.after, BATCH).await?.into();
            return Ok(!self.read.is_empty());
        }
        Ok(self.engine.look_again(rung).await)
    }
}
