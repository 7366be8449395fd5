//! Signed orders, with somebody between a cloud and its machine who would like to be heeded, too.

mod approvals;
mod grants;
mod hostile;
mod keys;
pub(crate) mod relay;
mod rogue;
mod scene;
