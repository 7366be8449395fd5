//! What orders are signed with: keys, a language, and a clock.

use super::OrderKeys;
use d1_core::{Clock, OrderCodec, WallClock};
use std::sync::Arc;

/// What orders are signed with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OrderDesk {
    /// The keys.
    pub keys: OrderKeys,
    /// The language.
    pub codec: OrderCodec,
    /// When orders are given. It goes on while the machine sleeps.
    pub clock: Arc<dyn Clock>,
}

impl OrderDesk {
    /// A desk by the machine's own clock.
    #[must_use]
    pub fn new(keys: OrderKeys, codec: OrderCodec) -> Self {
        Self { keys, codec, clock: Arc::new(WallClock::new()) }
    }
}
