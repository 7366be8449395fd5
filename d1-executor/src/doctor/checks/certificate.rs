//! The certificate by which this device is known.

use super::{
    super::{check::Found, sight::Sight},
    clock::FIRST_VERSION,
    state::state_dir,
};
use crate::state_dir::CERTIFICATE;
use chrono::{DateTime, Utc};
use x509_parser::pem::Pem;

/// When less than this part of its life is left, it should have been renewed long ago: that is
/// done after half of it.
const LEFT_PART: i32 = 4;

pub(super) async fn certificate(sight: Sight) -> Found {
    let path = state_dir(&sight).map(|folder| folder.join(CERTIFICATE));
    let text = match path.as_deref().map(super::super::sight::read) {
        Some(Ok(Some(text))) => text,
        Some(Ok(None)) | None => return Found::skipped("this device is not enrolled"),
        Some(Err(error)) => return Found::unreadable("the certificate", &error),
    };
    let Some((from, until)) = validity(&text) else {
        return Found::fail("the certificate of this device cannot be read")
            .remedy("enrol the device again");
    };
    if sight.host.clock.now() < FIRST_VERSION {
        return Found::unknown("the clock of this machine cannot be right");
    }
    let now = i64::try_from(sight.host.clock.now().0).unwrap_or(i64::MAX);
    let now = DateTime::from_timestamp_millis(now).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let day = until.format("%Y-%m-%d %H:%M UTC");
    if now < from {
        return Found::fail("the certificate of this device is not valid yet")
            .details([format!("it is valid from {}", from.format("%Y-%m-%d %H:%M UTC"))])
            .remedy("see that the clock of this machine is right: date");
    }
    if now > until {
        return Found::fail("the certificate of this device has expired: no cloud lets it in")
            .details([format!("it was valid until {day}")])
            .remedy("enrol the device again");
    }
    let left = until - now;
    if left < (until - from) / LEFT_PART {
        return Found::warn("the certificate of this device expires, and was not renewed")
            .details([format!("it is valid until {day}")])
            .remedy("see that the daemon runs and reaches the cloud; it renews by itself");
    }
    Found::ok(match left.num_days() {
        0 | 1 => format!("for {} h", left.num_hours()),
        days => format!("for {days} days"),
    })
}

/// From when until when the first certificate of the file is valid; that is the device's own.
fn validity(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let pem = Pem::iter_from_buffer(text.as_bytes()).next()?.ok()?;
    let validity = pem.parse_x509().ok()?.validity().clone();
    let time = |time: x509_parser::time::ASN1Time| DateTime::from_timestamp(time.timestamp(), 0);
    Some((time(validity.not_before)?, time(validity.not_after)?))
}
