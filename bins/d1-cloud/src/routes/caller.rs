//! Who asks, and what exactly: both checked before a route begins.

use crate::{
    compose::App,
    patience,
    refusal::Refusal,
    who::{self, Who},
};
use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::request::Parts,
};
use d1_core::{AccountId, Category, Problem, SessionId, SetupId, UserId};
use serde::de::DeserializeOwned;

/// Whoever asks, by the account that pays.
pub(crate) struct Caller(pub(crate) AccountId);

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>();
        who.map(|who| Self(who.account)).ok_or_else(|| who::unknown(&parts.headers))
    }
}

/// The person who asks, and their sign-in.
pub(crate) struct Me(pub(crate) UserId, pub(crate) SessionId);

impl FromRequestParts<App> for Me {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(|| who::unknown(&parts.headers))?;
        who.person.map(|(user, session)| Self(user, session)).ok_or_else(|| {
            let title = "nobody stands behind the development token";
            Problem::new("D1-AUTH-006", Category::Denied, title)
                .leaving("nothing was changed")
                .next("sign in: d1-doctor login")
                .into()
        })
    }
}

/// The setup that the path names.
pub(crate) struct Named(pub(crate) SetupId);

impl FromRequestParts<App> for Named {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let given = Path::<String>::from_request_parts(parts, app).await;
        let given = given.map_or_else(|_| String::new(), |Path(given)| given);
        given.parse().map(Self).map_err(|error: d1_core::IdError| {
            let title = format!("there is no setup `{given}`");
            Problem::new("D1-SETUP-001", Category::Usage, title).because(error.to_string()).into()
        })
    }
}

/// A query whose every field is known; the refusal names the field that is not.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let asked = Query::<T>::from_request_parts(parts, app).await;
        asked.map(|Query(asked)| Self(asked)).map_err(|error| {
            Problem::new("D1-API-005", Category::Usage, "the request's query is not understood")
                .because(error.body_text())
                .leaving("nothing was changed")
                .into()
        })
    }
}

/// What is not there in time is not waited for.
fn late() -> Refusal {
    let title = "the request's body did not come in time";
    Problem::new("D1-API-408", Category::Network, title)
        .leaving("nothing was changed")
        .next("ask again")
        .into()
}

/// A JSON body whose every field is known; the refusal names the field that is not.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let bad = |cause: String| {
            Refusal::from(
                Problem::new("D1-API-001", Category::Usage, "the request's body is not understood")
                    .because(cause)
                    .leaving("nothing was changed"),
            )
        };
        let bytes = axum::body::Bytes::from_request(request, app).await;
        let bytes = bytes.map_err(|error| {
            if patience::is_late(&error) { late() } else { bad(error.body_text()) }
        })?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| bad(error.to_string()))
    }
}
