//! How long is waited for whoever asks: for the head of a request, for its body, and for them to
//! take the answer. Whoever is slower, or plays it, is shown the door, and the others never
//! notice.

mod body;
mod stream;

pub(crate) use body::{Prompt, is_late};
pub(crate) use stream::{Leave, Patient};

use std::time::Duration;

/// How long the head of a request may take, from the moment it could have come.
pub(crate) const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long the body of a request may take, from the moment it is waited for.
pub(crate) const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How long one buffer of an answer may take to be taken.
pub(crate) const TAKE_WITHIN: Duration = Duration::from_secs(10);
/// How many fields a head may have.
pub(crate) const MAX_FIELDS: usize = 64;
/// How many bytes a head may have.
pub(crate) const MAX_HEAD: usize = 16 * 1024;
