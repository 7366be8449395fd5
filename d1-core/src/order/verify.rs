//! Whether an order is to be heeded: a pure function of the bytes that came and of what the
//! device knows.
//!
//! The cheapest questions come first, and nothing is read before its signature was verified
//! but the header, which says by which key.

use super::{
    LinkChallenge, Order, OrderRefusal, OrderTrust,
    envelope::ORDER,
    trust::{TOLERANCE, TrustedKey},
};
use crate::{DeviceId, Timestamp, cose::Envelope};

/// What an order has to say to be heeded now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Who is told.
    pub device: DeviceId,
    /// What was asked of this link.
    pub challenge: LinkChallenge,
    /// The highest number that came over it.
    pub last: u64,
    /// What time it is here.
    pub now: Timestamp,
}

/// What is ordered, if it is to be heeded.
///
/// Whether it was heeded before is known to the [`ReplayLedger`](super::ReplayLedger), which is
/// asked after this.
pub fn verify_order(
    bytes: &[u8],
    expected: &Expected,
    trust: &OrderTrust,
) -> Result<Order, OrderRefusal> {
    if bytes.len() > Order::MAX_BYTES {
        return Err(OrderRefusal::TooLarge { given: bytes.len() });
    }
    let envelope = Envelope::open(bytes).ok_or(OrderRefusal::Malformed)?;
    if !envelope.is(&ORDER) {
        return Err(OrderRefusal::WrongType);
    }
    let known = trust.find(envelope.key_id())?;
    if !envelope.has_our_algorithm() {
        return Err(OrderRefusal::WrongAlgorithm);
    }
    if !envelope.is_understood(&ORDER, known.key.as_bytes()) {
        return Err(OrderRefusal::Malformed);
    }
    let signed = |bytes: &[u8], signature: &[u8]| known.key.has_signed(bytes, signature);
    let claims = envelope.claims(&ORDER, signed).ok_or(OrderRefusal::BadSignature)?;
    let order = Order::read(claims).ok_or(OrderRefusal::Malformed)?;
    is_meant(&order, expected)?;
    is_timely(&order, expected.now, trust.latest())?;
    is_by(known, &order)?;
    Ok(order)
}

/// Whether it is for us, here, and next.
fn is_meant(order: &Order, expected: &Expected) -> Result<(), OrderRefusal> {
    if order.device != expected.device {
        return Err(OrderRefusal::OtherDevice(order.device));
    }
    if order.challenge != expected.challenge {
        return Err(OrderRefusal::OtherLink);
    }
    if order.number <= expected.last {
        let (number, last) = (order.number, expected.last);
        return Err(OrderRefusal::OutOfOrder { number, last });
    }
    Ok(())
}

/// Whether it is good at this time, as far as we know what time it is.
fn is_timely(order: &Order, now: Timestamp, latest: Timestamp) -> Result<(), OrderRefusal> {
    if now.after(TOLERANCE) < latest {
        return Err(OrderRefusal::ClockUntrusted { behind: latest.since(now) });
    }
    if now.after(TOLERANCE) < order.issued_at {
        return Err(OrderRefusal::FromTheFuture { early: order.issued_at.since(now) });
    }
    // However long somebody says that it is good: no order of ours is for longer.
    let ends = order.expires.min(order.issued_at.after(Order::LIFE));
    if now > ends.after(TOLERANCE) {
        return Err(OrderRefusal::Expired { late: now.since(ends) });
    }
    Ok(())
}

/// Whether the key was still to sign when it did.
fn is_by(known: &TrustedKey, order: &Order) -> Result<(), OrderRefusal> {
    match known.until {
        Some(until) if order.issued_at > until => Err(OrderRefusal::RetiredKey(known.key)),
        Some(_) | None => Ok(()),
    }
}
