//! When a key goes on to its next stage: pure, so that years pass in a test.

use d1_core::{KeyRing, KeyStage, SigningKey, Timestamp};
use std::time::Duration;

/// How long a key stays at each stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spans {
    /// How long it signs.
    pub(crate) active: Duration,
    /// How long what it signed may still be verified.
    pub(crate) retired: Duration,
}

/// Whether a key goes on because its time has come, or because somebody said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// When its time has come.
    Due,
    /// Now.
    Now,
}

/// The ring as it has to be now, or `None` when it is that already.
///
/// There is always one active key, and a next one that was published when the active one
/// began.
pub(crate) fn advance<E>(
    ring: &KeyRing,
    now: Timestamp,
    when: When,
    spans: Spans,
    make: impl Fn(KeyStage) -> Result<SigningKey, E>,
) -> Result<Option<KeyRing>, E> {
    let mut keys = ring.keys.clone();
    keys.retain(|key| key.stage != KeyStage::Retired || now.since(key.since) < spans.retired);
    let is_over = |key: &SigningKey| when == When::Now || now.since(key.since) >= spans.active;
    if let Some(active) = at(&mut keys, KeyStage::Active).filter(|key| is_over(key)) {
        (active.stage, active.since) = (KeyStage::Retired, now);
    }
    if at(&mut keys, KeyStage::Active).is_none() {
        match at(&mut keys, KeyStage::Next) {
            Some(next) => (next.stage, next.since) = (KeyStage::Active, now),
            None => keys.push(make(KeyStage::Active)?),
        }
    }
    if at(&mut keys, KeyStage::Next).is_none() {
        keys.push(make(KeyStage::Next)?);
    }
    Ok((keys != ring.keys).then_some(KeyRing { version: ring.version, keys }))
}

fn at(keys: &mut [SigningKey], stage: KeyStage) -> Option<&mut SigningKey> {
    keys.iter_mut().find(|key| key.stage == stage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyStage::{Active, Next, Retired};
    use std::{cell::Cell, convert::Infallible};

    const DAY: Duration = Duration::from_secs(86_400);
    const SPANS: Spans = Spans { active: Duration::from_secs(30 * 86_400), retired: DAY };

    fn stages(ring: &KeyRing) -> Vec<(&str, KeyStage)> {
        ring.keys.iter().map(|key| (key.id.as_str(), key.stage)).collect()
    }

    /// Lets the ring go on from hour to hour, and tells what it went through.
    fn watch(
        ring: &mut KeyRing,
        hours: std::ops::Range<u64>,
        count: &Cell<u32>,
    ) -> Vec<Vec<(String, KeyStage)>> {
        let mut seen = Vec::new();
        for hour in hours {
            let now = Timestamp(hour * 3_600_000);
            let make = |stage| {
                count.set(count.get() + 1);
                let id = count.get().to_string();
                Ok::<_, Infallible>(SigningKey { id, stage, since: now, secret: Vec::new() })
            };
            if let Some(next) = advance(ring, now, When::Due, SPANS, make).unwrap() {
                *ring = next;
                seen.push(stages(ring).into_iter().map(|(id, s)| (id.to_owned(), s)).collect());
            }
        }
        seen
    }

    #[test]
    fn a_key_is_published_a_month_before_it_signs_and_stays_a_while_after() {
        let (mut ring, count) = (KeyRing::default(), Cell::new(0));
        let owned = |keys: &[(&str, KeyStage)]| -> Vec<(String, KeyStage)> {
            keys.iter().map(|&(id, stage)| (id.to_owned(), stage)).collect()
        };
        let seen = watch(&mut ring, 0..(31 * 24 + 2), &count);
        assert_eq!(seen[0], owned(&[("1", Active), ("2", Next)]));
        assert_eq!(seen[1], owned(&[("1", Retired), ("2", Active), ("3", Next)]));
        assert_eq!(seen[2], owned(&[("2", Active), ("3", Next)]));
        assert_eq!(seen.len(), 3);
    }

    #[test]
    fn said_so_a_key_goes_on_at_once() {
        let (mut ring, count) = (KeyRing::default(), Cell::new(0));
        watch(&mut ring, 0..1, &count);
        let now = Timestamp(1);
        let make = |stage| {
            Ok::<_, Infallible>(SigningKey { id: "x".into(), stage, since: now, secret: vec![] })
        };
        let next = advance(&ring, now, When::Now, SPANS, make).unwrap().unwrap();
        assert_eq!(stages(&next), [("1", Retired), ("2", Active), ("x", Next)]);
    }

    #[test]
    fn a_clock_that_goes_back_changes_nothing() {
        let (mut ring, count) = (KeyRing::default(), Cell::new(0));
        watch(&mut ring, 900..901, &count);
        assert!(watch(&mut ring, 0..100, &count).is_empty());
    }
}
