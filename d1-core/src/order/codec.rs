//! The language in which the words of an order are written: known to the wire, not to us.

use crate::ToDevice;
use std::error::Error;

/// Why words have no form, or bytes are no words.
type Cause = Box<dyn Error + Send + Sync>;

/// Writes and reads what an order says.
#[derive(Clone, Copy, Debug)]
pub struct OrderCodec {
    /// The words as bytes.
    pub write: fn(&ToDevice) -> Result<Vec<u8>, Cause>,
    /// The words that are these bytes, which were verified before.
    pub read: fn(&[u8]) -> Result<ToDevice, Cause>,
}
