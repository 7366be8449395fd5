//! What is in memory sits its exams, and so do broken ones: an exam that lets them pass
//! proves nothing.
#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a flaw shows in one place alone")]

mod audit_logs;
mod clocks;
mod directories;
mod enrolment_stores;
mod executors;
mod flawed_executor;
mod flawed_journal;
mod flawed_store;
mod furnished;
mod key_stores;
mod lease_holders;
mod ledgers;
mod limiters;
mod link_registries;
mod links;
mod order_trust_stores;
mod planners;
mod price_lists;
mod replay_ledgers;
mod session_stores;
mod stores;

use std::future::Future;

/// Runs an exam that should fail, and tells which laws it names.
pub(crate) async fn broken_laws(exam: impl Future<Output = ()>) -> Vec<String> {
    // The exam borrows what it examines, so it stays in this task, and its panic is caught.
    let mut exam = Box::pin(exam);
    let ended = std::future::poll_fn(|cx| {
        let poll = std::panic::AssertUnwindSafe(|| exam.as_mut().poll(cx));
        match std::panic::catch_unwind(poll) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        }
    })
    .await;
    let panic = ended.expect_err("a broken implementation passed the exam");
    let message = panic.downcast_ref::<String>().expect("the exam says what is broken");
    let laws = message.strip_prefix("broken laws: ").expect("the exam names laws");
    laws.split(", ").map(str::to_owned).collect()
}
