//! What counting costs: in process beside `governor`, and in Redis beside `INCR` over a
//! connection of the same kind.
//!
//! `governor` is asked by a call that does not wait, and so is ours, by which the cloud turns
//! strangers away. What a check costs through the port, behind which any limiter may be and
//! which may wait, is told beside it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use d1_billing::{MemoryLimiter, RedisLimits};
use d1_core::{Ask, Class, Limit, LimitKey, RateLimiter as _, SystemClock};
use d1_world::{Contest, Redis};
use governor::{Quota, RateLimiter as Governor};
use redis::aio::ConnectionManager;
use std::{
    hint::black_box,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// How many who are counted.
const KEYS: usize = 10_000;
/// Turns of each, interleaved.
const ROUNDS: usize = 15;
/// Turns that are not counted, as in a contest.
const WARM_UP: usize = 3;
/// Asks of the server in one turn.
const ASKS: usize = 8_000;
/// How many of them are on their way at once.
const FLIGHT: usize = 32;
/// What everybody may do: all of it.
const BURST: u32 = 1_000_000_000;

/// One turn of each in its lane, and their medians.
#[derive(Default)]
struct Turns(Vec<Duration>, Vec<Duration>);

impl Turns {
    /// The second's time as a ratio to the first's.
    fn ratio(mut self) -> f64 {
        for lane in [&mut self.0, &mut self.1] {
            lane.drain(..WARM_UP);
            lane.sort_unstable();
        }
        self.1[self.1.len() / 2].as_secs_f64() / self.0[self.0.len() / 2].as_secs_f64()
    }
}

fn verdict(what: &str, ratio: f64, promise: &str, kept: bool) {
    let word = if kept { "kept" } else { "NOT KEPT" };
    println!("  {what}: {ratio:.2} (promise {promise}): {word}\n");
}

async fn in_process() {
    let names: Vec<LimitKey> = (0..KEYS).map(|n| format!("account:{n}").parse().unwrap()).collect();
    let texts: Vec<String> = names.iter().map(ToString::to_string).collect();
    let limit =
        Limit::new("writes".parse().unwrap(), Class::Writes, BURST, Duration::from_secs(2_000_000))
            .unwrap();
    let ours = MemoryLimiter::new(Arc::new(SystemClock::new()));
    let peer = Governor::dashmap(
        Quota::per_second(NonZeroU32::new(500).unwrap())
            .allow_burst(NonZeroU32::new(BURST).unwrap()),
    );
    let (mut direct, mut through) = (Turns::default(), Turns::default());
    let mut contest = Contest::new("10,000 checks of 10,000 keys, in process");
    for _ in 0..ROUNDS * 10 {
        let began = Instant::now();
        for text in &texts {
            black_box(peer.check_key(text).is_ok());
        }
        let took = began.elapsed();
        direct.0.push(took);
        through.0.push(took);
        contest.record("governor, keyed", took);
        let began = Instant::now();
        for name in &names {
            black_box(ours.check(name, &[Ask::one(&limit)]).await.is_ok());
        }
        through.1.push(began.elapsed());
        contest.record("RateLimiter::check, MemoryLimiter", began.elapsed());
        let began = Instant::now();
        for name in &names {
            black_box(ours.check_now(name, &[Ask::one(&limit)]).is_ok());
        }
        direct.1.push(began.elapsed());
        contest.record("MemoryLimiter::check_now", began.elapsed());
    }
    contest.report();
    println!("  through the port to governor, in time: {:.2}", through.ratio());
    let ratio = direct.ratio();
    verdict("ours to governor, in time", ratio, "at most 1.5", ratio <= 1.5);
}

/// Runs so many asks with so many on their way at once.
async fn flight<F: Future<Output = ()> + Send + 'static>(
    at_once: usize,
    asks: usize,
    ask: impl Fn(usize) -> F + Clone + Send + Sync + 'static,
) {
    let mut flying = JoinSet::new();
    for lane in 0..at_once {
        let ask = ask.clone();
        flying.spawn(async move {
            for turn in 0..asks / at_once {
                ask(lane * asks + turn).await;
            }
        });
    }
    flying.join_all().await;
}

async fn in_redis(at_once: usize, asks: usize) -> f64 {
    let server = Redis::start();
    let client = redis::Client::open(server.url()).unwrap();
    let bare = ConnectionManager::new(client).await.unwrap();
    let limiter = RedisLimits::open(&server.url()).unwrap().limiter();
    let names: Arc<Vec<LimitKey>> =
        Arc::new((0..KEYS).map(|n| format!("account:{n}").parse().unwrap()).collect());
    let limit = Arc::new(
        Limit::new("writes".parse().unwrap(), Class::Writes, BURST, Duration::from_secs(2_000_000))
            .unwrap(),
    );
    let title = if at_once == 1 { "Redis, one at a time" } else { "Redis, 32 on their way" };
    let (mut turns, mut contest) = (Turns::default(), Contest::new(title));
    for _ in 0..ROUNDS {
        let (counter, owners) = (bare.clone(), Arc::clone(&names));
        let count = move |turn: usize| {
            let (mut counter, owners) = (counter.clone(), Arc::clone(&owners));
            async move {
                let key = owners[turn % KEYS].as_str();
                let counted = redis::cmd("INCR").arg(key).query_async(&mut counter).await;
                let _: u64 = counted.unwrap();
            }
        };
        let began = Instant::now();
        flight(at_once, asks, count).await;
        turns.0.push(began.elapsed());
        contest.record("INCR", began.elapsed());
        let (limiter, owners, limit) = (limiter.clone(), Arc::clone(&names), Arc::clone(&limit));
        let check = move |turn: usize| {
            let (limiter, owners, limit) =
                (limiter.clone(), Arc::clone(&owners), Arc::clone(&limit));
            async move {
                limiter.check(&owners[turn % KEYS], &[Ask::one(&limit)]).await.unwrap();
            }
        };
        let began = Instant::now();
        flight(at_once, asks, check).await;
        turns.1.push(began.elapsed());
        contest.record("RedisLimiter", began.elapsed());
    }
    contest.report();
    turns.ratio()
}

#[tokio::main]
async fn main() {
    in_process().await;
    let throughput = 1.0 / in_redis(FLIGHT, ASKS).await;
    verdict("ours to INCR, in throughput", throughput, "at least 0.3", throughput >= 0.3);
    let latency = in_redis(1, ASKS / 8).await;
    verdict("ours to INCR, in time", latency, "at most 1.6", latency <= 1.6);
}
