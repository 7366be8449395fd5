//! Follows a setup by server-sent events, and goes on where the connection broke.

use super::{ApiClient, ClientError, calls::accept};
use crate::api;
use d1_core::{Progress, ProgressEvent, SetupId};
use futures_util::{Stream, stream};
use reqwest::{Method, Response};
use std::{collections::VecDeque, time::Duration};

/// How often in a row the connection may break without any news.
const TRIES: u32 = 5;
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(500);
/// How long the server may say nothing; it gives a sign of life every 15 seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// The most bytes of one event.
const MAX_EVENT: usize = 1024 * 1024;

struct Follower {
    client: ApiClient,
    id: SetupId,
    after: u64,
    answer: Option<Response>,
    text: Vec<u8>,
    waiting: VecDeque<Progress>,
    failures: u32,
    /// The last news was that it is over.
    ended: bool,
    over: bool,
}

impl ApiClient {
    /// What a setup tells after number `after`, until it is over. A broken connection is made
    /// again, a bounded number of times, and nothing is told twice.
    pub fn follow(
        &self,
        id: SetupId,
        after: u64,
    ) -> impl Stream<Item = Result<Progress, ClientError>> + Send + use<> {
        let follower = Follower {
            client: self.clone(),
            id,
            after,
            answer: None,
            text: Vec::new(),
            waiting: VecDeque::new(),
            failures: 0,
            ended: false,
            over: false,
        };
        stream::try_unfold(follower, |mut follower| async move {
            Ok(follower.next().await?.map(|progress| (progress, follower)))
        })
    }
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Progress>, ClientError> {
        loop {
            if let Some(progress) = self.waiting.pop_front() {
                (self.after, self.failures) = (progress.seq, 0);
                return Ok(Some(progress));
            }
            if self.over {
                return Ok(None);
            }
            match self.read().await {
                Ok(()) => {}
                Err(ClientError::Unreachable(_) | ClientError::Silent) if self.failures < TRIES => {
                    self.failures += 1;
                    (self.answer, self.text) = (None, Vec::new());
                    tokio::time::sleep(AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn read(&mut self) -> Result<(), ClientError> {
        let answer = match &mut self.answer {
            Some(answer) => answer,
            None => {
                let call = self.client.call(Method::GET, api::EVENTS, Some(self.id));
                let call = call.header("Last-Event-ID", self.after.to_string());
                let send =
                    async { accept(call.send().await.map_err(ClientError::unreachable)?).await };
                self.answer.insert(within(send).await?)
            }
        };
        let piece = async { answer.chunk().await.map_err(ClientError::unreachable) };
        match within(piece).await? {
            Some(piece) => self.text.extend_from_slice(&piece),
            None => self.end_of_stream().await?,
        }
        if self.text.len() > MAX_EVENT {
            return Err(ClientError::Nonsense("an event is larger than 1 MiB".into()));
        }
        self.take_events()
    }

    /// The server ends the stream when the setup is over, and when it stops itself.
    async fn end_of_stream(&mut self) -> Result<(), ClientError> {
        (self.answer, self.text) = (None, Vec::new());
        if self.ended || self.client.get(self.id).await?.is_over() {
            self.over = true;
            return Ok(());
        }
        if self.failures >= TRIES {
            return Err(ClientError::Nonsense("the news ends, and the setup does not".into()));
        }
        self.failures += 1;
        tokio::time::sleep(AGAIN).await;
        Ok(())
    }

    /// Takes whole events off the text (WHATWG HTML, section 9.2.6): we need their data only.
    fn take_events(&mut self) -> Result<(), ClientError> {
        while let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = self.text.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event).into_owned();
            let data: String = event
                .lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .map(|line| line.strip_prefix(' ').unwrap_or(line))
                .collect::<Vec<_>>()
                .join("\n");
            if data.is_empty() {
                continue;
            }
            let progress: Progress =
                serde_json::from_str(&data).map_err(|error| ClientError::Nonsense(error.into()))?;
            self.ended = matches!(progress.event, ProgressEvent::Finished { .. });
            if progress.seq > self.after {
                self.waiting.push_back(progress);
            }
        }
        Ok(())
    }
}

/// What is said before [`SILENCE`] has been too long.
async fn within<T>(said: impl Future<Output = Result<T, ClientError>>) -> Result<T, ClientError> {
    tokio::time::timeout(SILENCE, said).await.unwrap_or(Err(ClientError::Silent))
}
