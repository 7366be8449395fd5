//! How many devices are linked at once: as many as were asked for, if so many files may be open.

use crate::refusal::Refusal;
use axum::http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use d1_core::{Category, Problem};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Files that are open besides links and what people ask: databases, logs, other servers.
const OTHER_FILES: u64 = 256;
/// Of what may be open, the part that is kept for people and programs.
const FOR_PEOPLE: u64 = 4;
/// When a device that found no place asks again, in seconds: another may have gone by then.
const AGAIN_AFTER: u64 = 30;

/// Places for links. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    free: Arc<Semaphore>,
    most: u32,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Taken(
    #[expect(dead_code, reason = "dropping it is its use")] OwnedSemaphorePermit,
);

impl Seats {
    /// So many, or what fits where only so many files may be open; then it is said.
    pub(crate) fn of(asked: u32, files: Option<u64>) -> Self {
        let most = files.map_or(asked, |files| asked.min(fits(files)));
        if let (true, Some(files)) = (most < asked, files) {
            tracing::warn!(
                "{most} devices may be linked at once instead of {asked}, as only {files} files \
                 may be open; raise that (ulimit -Hn, LimitNOFILE), or ask for less with \
                 --most-devices"
            );
        }
        Self { free: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// A place for one more.
    pub(crate) fn take(&self) -> Result<Taken, Refusal> {
        Arc::clone(&self.free).try_acquire_owned().map(Taken).map_err(|_| {
            let title = format!("{} devices are linked to this server already", self.most);
            let problem = Problem::new("D1-NODE-006", Category::Network, title)
                .because("there are no more places")
                .leaving("nothing was changed")
                .next("try again later, or raise --most-devices of the server");
            let fields = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(AGAIN_AFTER))]);
            Refusal::from(problem).with(fields)
        })
    }
}

/// How many links fit where so many files may be open.
fn fits(files: u64) -> u32 {
    let left = files.saturating_sub(OTHER_FILES);
    u32::try_from(left - left / FOR_PEOPLE).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_devices_find_a_place_as_were_asked_for_if_their_files_may_be_open() {
        for (asked, files, most) in [
            (12_000, None, 12_000),
            (12_000, Some(1_000_000), 12_000),
            (12_000, Some(20_000), 12_000),
            (12_000, Some(1_024), 576),
            (12_000, Some(64), 0),
        ] {
            assert_eq!(Seats::of(asked, files).most, most, "{asked} with {files:?}");
        }
        let seats = Seats::of(2, None);
        let here = (seats.take().ok(), seats.take().ok());
        assert!(here.0.is_some() && here.1.is_some() && seats.take().is_err());
        drop(here);
        assert!(seats.take().is_ok());
    }
}
