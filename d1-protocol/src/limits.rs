//! What a message may hold at most. Checked on everything that comes in.
//!
//! Each is well above what our own programs send: a message past one of them is a
//! mistake or an attack, and is refused with the name of the field.

/// The most bytes of one frame, which is one message.
pub const MAX_FRAME_BYTES: usize = 256 * 1024;

/// The most elements of all lists of one message together. A list has its own bound besides;
/// this one holds before anything is made of the bytes.
pub(crate) const MAX_ELEMENTS: usize = 16 * 1024;
/// The most bytes of a text on one line: a version, a name from an index, a title.
pub(crate) const MAX_LINE_BYTES: usize = 4 * 1024;
/// The most bytes of a text of several lines: a cause, a warning, what a command wrote.
pub(crate) const MAX_TEXT_BYTES: usize = 64 * 1024;
/// The most bytes of a script or of a file that is written.
pub(crate) const MAX_CONTENT_BYTES: usize = d1_core::File::MAX_BYTES;
/// The most bytes of output in one message.
pub(crate) const MAX_OUTPUT_BYTES: usize = d1_core::OutputChunk::MAX_BYTES;
/// The most variables of one environment.
pub(crate) const MAX_ENV: usize = 256;
/// The most packages of one action.
pub(crate) const MAX_NAMES: usize = d1_core::Packages::MAX_NAMES;
/// The most words of one command.
pub(crate) const MAX_WORDS: usize = d1_core::Argv::MAX_WORDS;
/// The most paths, hosts and resource keys of one step, each.
pub(crate) const MAX_CLAIMS: usize = 256;
/// The most steps one step may wait for.
pub(crate) const MAX_DEPENDENCIES: usize = d1_core::Plan::MAX_STEPS;
/// The most changes in one receipt, revert or preview, and the most things left or relied on.
pub(crate) const MAX_CHANGES: usize = 4096;
/// The most different decisions about the network.
pub(crate) const MAX_DECISIONS: usize = 512;
/// The most layers of protection.
pub(crate) const MAX_LAYERS: usize = 64;
/// The most things one by one that an installation brought.
pub(crate) const MAX_ITEMS: usize = d1_core::Manifest::MAX;
/// The most things to do next that a problem names.
pub(crate) const MAX_NEXT: usize = 256;
/// The most warnings of one preview.
pub(crate) const MAX_WARNINGS: usize = 256;
/// The most previews, or actions to preview, in one message.
pub(crate) const MAX_PREVIEWS: usize = d1_core::Plan::MAX_STEPS;
/// The most questions, or answers, in one message.
pub(crate) const MAX_ANSWERS: usize = d1_core::Answers::MAX;
/// The most packages in one answer.
pub(crate) const MAX_ENTRIES: usize = 1024;
/// The most package managers of one machine, and the most distributions one derives from.
pub(crate) const MAX_KINDS: usize = 32;
/// The most symptoms of one report of a device's health.
pub(crate) const MAX_SYMPTOMS: usize = d1_core::Symptom::MAX;
/// The most keys of orders that one side tells the other of.
pub(crate) const MAX_ORDER_KEYS: usize = d1_core::OrderKeySet::MAX;
/// The most setups whose epochs a device tells when it says hello.
pub(crate) const MAX_EPOCHS: usize = 4096;
/// The most tasks whose lease one message renews.
pub(crate) const MAX_LEASES: usize = 4096;
/// The most grants of one account.
#[cfg(feature = "grpc")]
pub(crate) const MAX_GRANTS: usize = MAX_ELEMENTS;
/// The most caps of one account.
#[cfg(feature = "grpc")]
pub(crate) const MAX_CAPS: usize = 64;
/// The most rates of one price; each meter has one.
#[cfg(feature = "grpc")]
pub(crate) const MAX_RATES: usize = 16;
/// The most setups of one page.
#[cfg(feature = "grpc")]
pub(crate) const MAX_PAGE: usize = 256;
/// The most steps of one setup.
#[cfg(feature = "grpc")]
pub(crate) const MAX_VIEW_STEPS: usize = d1_core::Plan::MAX_STEPS;
/// The most receipts of one setup: one for each attempt at a step.
#[cfg(feature = "grpc")]
pub(crate) const MAX_RECEIPTS: usize = 4096;
/// Setups that one purge ends: no more steps than these wait for one device.
#[cfg(feature = "grpc")]
pub(crate) const MAX_PURGED: usize = 1_000;
/// The most devices of one account that are linked.
#[cfg(feature = "grpc")]
pub(crate) const MAX_DEVICES: usize = MAX_ELEMENTS;
/// The most bytes of output as text: a byte that is no text becomes three.
#[cfg(feature = "grpc")]
pub(crate) const MAX_OUTPUT_TEXT_BYTES: usize = 3 * MAX_OUTPUT_BYTES;
