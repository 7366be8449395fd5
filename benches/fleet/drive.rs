//! Drives tasks: setups of one task each, from the client's request to the end it is told.

use crate::worker::{Worker, Workers};
use d1_protocol::{ApiClient, api::CreateRequest};
use futures_util::StreamExt as _;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// How tasks went.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    /// How long each took, the shortest first.
    took: Vec<Duration>,
    /// How long all took together.
    time: Duration,
}

impl Driven {
    /// Tasks in a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.time.as_secs_f64()
    }

    /// How long this share of tasks took at most.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let at = (self.took.len() as f64 * share) as usize;
        self.took.get(at.min(self.took.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// Drives one task at a time on each of the first `in_flight` workers. With a `rate`, tasks
/// begin at their times, and what begins late has been waiting since then.
pub(crate) async fn drive(
    client: &ApiClient,
    workers: &Workers,
    (in_flight, rate): (u32, Option<f64>),
    time: Duration,
) -> Driven {
    let began = Instant::now();
    let mut driving = JoinSet::new();
    for (number, worker) in workers.all.iter().take(in_flight as usize).enumerate() {
        let (client, worker) = (client.clone(), Arc::clone(worker));
        let every = rate.map(|rate| Duration::from_secs_f64(f64::from(in_flight) / rate));
        let first = every
            .map_or(Duration::ZERO, |every| every.mul_f64(number as f64 / f64::from(in_flight)));
        driving.spawn(async move {
            let (mut took, mut due) = (Vec::new(), began + first);
            while began.elapsed() < time {
                match every {
                    Some(every) => {
                        tokio::time::sleep_until(due.into()).await;
                        due += every;
                    }
                    None => due = Instant::now(),
                }
                let wished = every.map_or(due, |every| due - every);
                one(&client, &worker).await;
                took.push(wished.elapsed());
            }
            took
        });
    }
    let mut took = driving.join_all().await.concat();
    let time = began.elapsed();
    took.sort_unstable();
    Driven { took, time }
}

/// One setup, until its client is told that it has ended well.
pub(crate) async fn one(client: &ApiClient, worker: &Worker) {
    let wish = worker.wish();
    let key = format!("{}-{wish}", worker.device);
    let request = CreateRequest { approve: true, ..CreateRequest::of(vec![wish], worker.device) };
    // A server that is gone is asked again, by the same key.
    let setup = loop {
        match client.create(&request, Some(&key)).await {
            Ok(setup) => break setup,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    };
    loop {
        let news: Vec<_> = client.follow(setup.id, 0).collect().await;
        if news.iter().all(Result::is_ok) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let setup = client.get(setup.id).await.unwrap();
    assert_eq!(setup.state, "succeeded", "{setup:?}");
}
