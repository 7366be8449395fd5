//! Contenders take turns at the same job, so that whatever else the machine does befalls them
//! all. What is reported is each one's median, and its ratio to the first: the limit or the
//! peer that the promise is measured against.

use std::time::{Duration, Instant};

/// Turns that are taken and not counted: caches fill, pages are mapped.
const WARM_UP: usize = 3;

/// A race of several ways to do one job.
#[derive(Debug)]
pub struct Contest {
    title: &'static str,
    lanes: Vec<(&'static str, Vec<Duration>)>,
}

impl Contest {
    /// A contest about this.
    pub const fn new(title: &'static str) -> Self {
        Self { title, lanes: Vec::new() }
    }

    /// One turn of `name`; the first name of all is the one that the others are measured by.
    pub fn time<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = std::hint::black_box(work());
        self.record(name, began.elapsed());
        done
    }

    /// One turn of `name` that is waited for.
    pub async fn wait<T>(&mut self, name: &'static str, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = std::hint::black_box(work.await);
        self.record(name, began.elapsed());
        done
    }

    /// One turn of `name` that was timed elsewhere.
    pub fn record(&mut self, name: &'static str, took: Duration) {
        match self.lanes.iter_mut().find(|(lane, _)| *lane == name) {
            Some((_, times)) => times.push(took),
            None => self.lanes.push((name, vec![took])),
        }
    }

    /// Prints how it went.
    pub fn report(mut self) {
        println!("{}", self.title);
        println!("  {:<34} {:>10} {:>10} {:>7} {:>6}", "", "median", "p90", "ratio", "turns");
        let mut first = None;
        for (name, times) in &mut self.lanes {
            let counted = times.split_off(WARM_UP.min(times.len() - 1));
            let (median, p90) = quantiles(counted.clone());
            let first = *first.get_or_insert(median);
            let ratio = median.as_secs_f64() / first.as_secs_f64();
            let turns = counted.len();
            println!("  {name:<34} {median:>10.1?} {p90:>10.1?} {ratio:>6.2}× {turns:>6}");
        }
        println!();
    }
}

fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 9 / 10])
}
