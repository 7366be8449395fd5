//! What is known of the other provider: where its doors are, and which keys it signs with.

use super::{UpstreamError, http::Asker};
use d1_core::{Clock, Timestamp};
use openidconnect::{IssuerUrl, core::CoreProviderMetadata};
use std::{sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How long it is believed to have stayed the same.
const GOOD_FOR: Duration = Duration::from_secs(600);

/// How long it is not asked again for a key that it did not have: whoever invents keys would
/// have us ask at each sign-in.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What is known of the other provider.
#[derive(Debug)]
pub(super) struct Known {
    issuer: IssuerUrl,
    http: Asker,
    clock: Arc<dyn Clock>,
    last: Mutex<Option<(Timestamp, CoreProviderMetadata)>>,
}

impl Known {
    pub(super) fn new(issuer: IssuerUrl, http: Asker, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, http, clock, last: Mutex::default() }
    }

    /// As it was a while ago, or as it is now.
    pub(super) async fn lately(&self) -> Result<CoreProviderMetadata, UpstreamError> {
        self.not_older_than(GOOD_FOR).await
    }

    /// As it is now, or was just asked for.
    pub(super) async fn anew(&self) -> Result<CoreProviderMetadata, UpstreamError> {
        self.not_older_than(ASK_AGAIN_AFTER).await
    }

    /// Many who come at once wait for one who asks.
    async fn not_older_than(&self, age: Duration) -> Result<CoreProviderMetadata, UpstreamError> {
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some((at, known)) = &*last
            && now < at.after(age)
        {
            return Ok(known.clone());
        }
        let known = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await?;
        *last = Some((now, known.clone()));
        Ok(known)
    }
}
