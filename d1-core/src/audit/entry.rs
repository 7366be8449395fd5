//! What is to be written: what happened, and to what.

use std::collections::BTreeMap;

/// The most bytes of one value; of a longer one the beginning is kept, and marked as cut.
pub(super) const MAX_VALUE: usize = 4096;

/// The mark of a value that was cut.
const CUT: &str = "… (cut)";

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $closes:literal;)*) => {
        /// What a record is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AuditKind {
            $($(#[$doc])* $kind,)*
        }

        impl AuditKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// What it is called in the log.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Whether it ends something, so that the head is signed at once.
            #[must_use]
            pub const fn closes(self) -> bool {
                match self { $(Self::$kind => $closes,)* }
            }
        }
    };
}

kinds! {
    /// A device begins a task: written before its first effect, once for each attempt.
    TaskStarted = "task.started", false;
    /// A task has come to its end.
    TaskEnded = "task.ended", true;
    /// A task whose process died was looked at, to find out what became of it.
    TaskProbed = "task.probed", true;
    /// A task ended before it began.
    TaskRefused = "task.refused", true;
    /// An order was not taken: nobody who may give it gave it.
    OrderRefused = "order.refused", true;
    /// A device takes a task to be graver than whoever ordered it says.
    RiskOverruled = "risk.overruled", true;
    /// Somebody at the machine said yes or no to a task that waited for that.
    ApprovalDecided = "approval.decided", true;
    /// The key of a person is trusted here, or not any more: their signature under a plan.
    UserKey = "user.key", true;
    /// A command of somebody at this machine begins: written before it runs.
    CommandStarted = "command.started", false;
    /// That command has ended.
    CommandEnded = "command.ended", true;
    /// Somebody asked for a setup.
    SetupAsked = "setup.asked", true;
    /// Somebody said yes to a setup, stopped it, or let it go on.
    SetupDecided = "setup.decided", true;
    /// What a setup had not sent waited for its device for too long, and ends.
    SetupExpired = "setup.expired", true;
    /// A task was handed to its device: written before it is sent.
    TaskDispatched = "task.dispatched", false;
    /// A device told how a task ended.
    TaskReported = "task.reported", true;
    /// The signed head of somebody else's log, as they told it.
    PeerAnchored = "peer.anchored", true;
    /// The key by which an orchestrator's orders are known here.
    KeyPinned = "key.pinned", true;
    /// A device enrols, or gets another certificate after it slept for long.
    DeviceEnrolled = "device.enrolled", true;
    /// A person was signed in: a program of theirs, or their browser.
    SignInBegan = "sign_in.began", true;
    /// Somebody was not let in: another password, or a code or token that was used before.
    SignInRefused = "sign_in.refused", true;
    /// A sign-in was ended, by its program or its person, or because two had it.
    SignInEnded = "sign_in.ended", true;
    /// A person said yes or no to a program that asked to be let in.
    ProgramDecided = "program.decided", true;
    /// A person made a token for a program of theirs, or took it back.
    PersonalToken = "personal.token", true;
    /// Somebody may sign in, may not any more, or has another password.
    PersonChanged = "person.changed", true;
    /// Somebody became something else in an organisation.
    RoleChanged = "role.changed", true;
    /// Another key signs, or one was withdrawn.
    KeysChanged = "keys.changed", true;
    /// Somebody made a token by which one device enrols, or took it back.
    EnrolmentToken = "enrolment.token", true;
    /// The identity of a device was seen twice: both are locked out.
    DeviceLocked = "device.locked", true;
    /// Somebody took the identity of a device back.
    DeviceRevoked = "device.revoked", true;
    /// The end of the log was cut off by a crash, and taken away.
    LogMended = "log.mended", true;
    /// The oldest records were taken away, to keep the log in its bounds.
    LogPruned = "log.pruned", true;
    /// The words of records were taken away; the records stay.
    LogRedacted = "log.redacted", true;
}

/// Something to be written down.
///
/// What it is `about` stays for ever, and says nothing but names and digests. The `words` may be
/// dropped later: they are what people wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// What it is.
    pub kind: AuditKind,
    /// Which things it is about, by their names and digests.
    pub about: BTreeMap<String, String>,
    /// What was said of it, in the words of people and programs.
    pub words: BTreeMap<String, String>,
}

impl AuditEntry {
    /// An entry about nothing yet.
    #[must_use]
    pub const fn new(kind: AuditKind) -> Self {
        Self { kind, about: BTreeMap::new(), words: BTreeMap::new() }
    }

    /// The same, about this, too.
    #[must_use]
    pub fn about(mut self, name: &str, value: impl ToString) -> Self {
        self.about.insert(name.to_owned(), bounded(value.to_string()));
        self
    }

    /// The same, with these words, unless there are none.
    #[must_use]
    pub fn saying(mut self, name: &str, words: impl Into<String>) -> Self {
        let words = words.into();
        if !words.is_empty() {
            self.words.insert(name.to_owned(), bounded(words));
        }
        self
    }
}

fn bounded(mut value: String) -> String {
    if value.len() > MAX_VALUE {
        value.truncate(value.floor_char_boundary(MAX_VALUE - CUT.len()));
        value += CUT;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_bounded_and_says_that_it_was_cut() {
        let entry = AuditEntry::new(AuditKind::TaskEnded).saying("argv", "ä".repeat(MAX_VALUE));
        let kept = &entry.words["argv"];
        assert!(kept.len() <= MAX_VALUE && kept.ends_with("ä… (cut)"), "{}", kept.len());
    }

    #[test]
    fn no_two_kinds_have_one_name() {
        let mut names: Vec<_> = AuditKind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), AuditKind::ALL.len());
    }
}
