//! Collects broken laws, so that one run names them all.

use std::{future::Future, time::Duration};

/// How long one law may take. Only what is broken ever takes so long: it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A proof that may hang where something is broken.
pub(super) async fn patiently(proof: impl Future<Output = ()>) {
    tokio::time::timeout(PATIENCE, proof).await.unwrap();
}

/// Collects broken laws, so that one run names them all.
#[derive(Default)]
pub(super) struct Laws {
    broken: Vec<&'static str>,
}

impl Laws {
    /// Runs one proof; a panic in it breaks the law.
    pub(super) async fn check(
        &mut self,
        law: &'static str,
        proof: impl Future<Output = ()> + Send + 'static,
    ) {
        #[expect(
            clippy::disallowed_methods,
            reason = "a proof of its own task cannot take the others down"
        )]
        let ended = tokio::spawn(proof).await;
        if ended.is_err() {
            self.broken.push(law);
        }
    }

    /// Panics with the name of every broken law.
    pub(super) fn all_hold(self) {
        assert!(self.broken.is_empty(), "broken laws: {}", self.broken.join(", "));
    }
}
