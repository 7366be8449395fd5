//! Somebody who answers about credits as told, and notes what they were asked.

use async_trait::async_trait;
use axum::{Extension, Router, routing::post_service};
use d1_core::{AccountId, CapScope, Supervisor};
use d1_protocol::{
    CallRefusal, CreditsApi, CreditsClient,
    api::{
        self, BalanceView, CapList, CapRequest, EntriesQuery, EntryList, GrantList, QuoteQuery,
        QuoteView,
    },
    credits_service,
};
use std::sync::{Arc, Mutex};

/// Who asks.
pub(crate) fn asker() -> AccountId {
    AccountId::from_bytes([7; 16])
}

/// What was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    Balance,
    Entries(EntriesQuery),
    Grants,
    Quote(QuoteQuery),
    Caps,
    Cap(CapScope, Option<CapRequest>),
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Balance(BalanceView),
    Entries(EntryList),
    Grants(GrantList),
    Quote(QuoteView),
    Caps(CapList),
    Refused(CallRefusal),
}

/// Answers as told.
#[derive(Debug, Default)]
pub(crate) struct Clerk {
    answer: Mutex<Option<Answer>>,
    asked: Mutex<Vec<(AccountId, Asked)>>,
}

impl Clerk {
    pub(crate) fn will_say(&self, answer: Answer) {
        *self.answer.lock().unwrap() = Some(answer);
    }

    /// What they were asked since this was asked last; it was always for whoever asks.
    pub(crate) fn was_asked(&self) -> Vec<Asked> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked
            .into_iter()
            .map(|(account, asked)| {
                assert_eq!(account, asker());
                asked
            })
            .collect()
    }

    /// Notes what was asked, and says what was agreed on, if that is an answer to it.
    fn hears<T>(
        &self,
        account: AccountId,
        asked: Asked,
        said: fn(Answer) -> Option<T>,
    ) -> Result<T, CallRefusal> {
        self.asked.lock().unwrap().push((account, asked));
        let answer = self.answer.lock().unwrap().clone().expect("an answer was agreed on");
        if let Answer::Refused(refusal) = answer {
            return Err(refusal);
        }
        Ok(said(answer).expect("it is an answer to this"))
    }
}

fn caps(answer: Answer) -> Option<CapList> {
    if let Answer::Caps(caps) = answer { Some(caps) } else { None }
}

#[async_trait]
impl CreditsApi for Clerk {
    async fn balance(&self, account: AccountId) -> Result<BalanceView, CallRefusal> {
        self.hears(account, Asked::Balance, |answer| {
            if let Answer::Balance(balance) = answer { Some(balance) } else { None }
        })
    }

    async fn entries(
        &self,
        account: AccountId,
        query: EntriesQuery,
    ) -> Result<EntryList, CallRefusal> {
        self.hears(account, Asked::Entries(query), |answer| {
            if let Answer::Entries(entries) = answer { Some(entries) } else { None }
        })
    }

    async fn grants(&self, account: AccountId) -> Result<GrantList, CallRefusal> {
        self.hears(account, Asked::Grants, |answer| {
            if let Answer::Grants(grants) = answer { Some(grants) } else { None }
        })
    }

    async fn quote(&self, account: AccountId, query: QuoteQuery) -> Result<QuoteView, CallRefusal> {
        self.hears(account, Asked::Quote(query), |answer| {
            if let Answer::Quote(quote) = answer { Some(quote) } else { None }
        })
    }

    async fn caps(&self, account: AccountId) -> Result<CapList, CallRefusal> {
        self.hears(account, Asked::Caps, caps)
    }

    async fn set_cap(
        &self,
        account: AccountId,
        scope: CapScope,
        cap: Option<CapRequest>,
    ) -> Result<CapList, CallRefusal> {
        self.hears(account, Asked::Cap(scope, cap), caps)
    }
}

/// A server of what is at this router, and a client of it.
pub(crate) async fn serve(router: Router) -> CreditsClient {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    Supervisor::default().run("server", async move {
        axum::serve(listener, router).await.unwrap();
    });
    CreditsClient::new(&base, "a-token").unwrap()
}

/// A clerk, and a client who reaches them over a socket.
pub(crate) async fn clerk_and_client() -> (Arc<Clerk>, CreditsClient) {
    let clerk = Arc::new(Clerk::default());
    let service = post_service(credits_service(Arc::clone(&clerk) as _));
    let router = Router::new().route(api::CREDITS_CALL, service).layer(Extension(asker()));
    (clerk, serve(router).await)
}
