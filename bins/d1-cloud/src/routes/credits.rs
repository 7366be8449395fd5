//! Credits: how the caller's account stands, how it came to that, and what it may spend.

use super::{
    caller::{Asked, Body, Caller},
    setups::idempotency_key,
};
use crate::{compose::App, refusal::Refusal};
use axum::{
    Json,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderName, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use d1_core::{CapScope, Category, HoldId, Problem};
use d1_protocol::{
    CreditsApi as _,
    api::{
        self, BalanceView, CSV, CapList, CapRequest, EntriesQuery, EntryList, GrantList,
        LeaseRequest, LeaseView, QuoteQuery, QuoteView, SettleRequest,
    },
};
use serde::de::{Deserialize as _, IntoDeserializer as _, value};

/// Where a table says where it goes on, which a list says in itself.
const CURSOR: HeaderName = HeaderName::from_static("d1-cursor");

type Caps = Result<Json<CapList>, Refusal>;

/// How the account stands.
#[utoipa::path(
    get, path = api::BALANCE, operation_id = "getBalance", tag = "credits",
    responses((status = 200, body = BalanceView)),
)]
pub(crate) async fn balance(
    State(app): State<App>,
    Caller(account): Caller,
) -> Result<Json<BalanceView>, Refusal> {
    Ok(Json(app.credits.balance(account).await?))
}

/// A part of its history, as JSON, or as a table when that is what is accepted.
#[utoipa::path(
    get, path = api::ENTRIES, operation_id = "listCreditEntries", tag = "credits",
    params(EntriesQuery),
    responses((
        status = 200,
        headers(("D1-Cursor" = u64, description = "of a table, the `after` of the next part")),
        content((EntryList = "application/json"), (String = "text/csv")),
    )),
)]
pub(crate) async fn entries(
    State(app): State<App>,
    Caller(account): Caller,
    headers: HeaderMap,
    Asked(query): Asked<EntriesQuery>,
) -> Result<Response, Refusal> {
    let list = app.credits.entries(account, query).await?;
    if !wants_table(&headers) {
        return Ok(Json(list).into_response());
    }
    let mut response = table(list.to_csv(true));
    if let Some(next) = list.next {
        response.headers_mut().insert(CURSOR, next.into());
    }
    Ok(response)
}

/// Its grants, as JSON, or as a table when that is what is accepted.
#[utoipa::path(
    get, path = api::GRANTS, operation_id = "listCreditGrants", tag = "credits",
    responses((status = 200, content((GrantList = "application/json"), (String = "text/csv")))),
)]
pub(crate) async fn grants(
    State(app): State<App>,
    Caller(account): Caller,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let list = app.credits.grants(account).await?;
    Ok(if wants_table(&headers) { table(list.to_csv()) } else { Json(list).into_response() })
}

/// What something would cost.
#[utoipa::path(
    get, path = api::QUOTE, operation_id = "getQuote", tag = "credits",
    params(QuoteQuery),
    responses((status = 200, body = QuoteView)),
)]
pub(crate) async fn quote(
    State(app): State<App>,
    Caller(account): Caller,
    Asked(query): Asked<QuoteQuery>,
) -> Result<Json<QuoteView>, Refusal> {
    Ok(Json(app.credits.price(account, query).await?))
}

/// Sets credits aside to be spent without a connection.
#[utoipa::path(
    post, path = api::LEASES, operation_id = "leaseCredits", tag = "credits",
    params((
        "Idempotency-Key" = String, Header, min_length = 1, max_length = 200,
        pattern = "^[!-~]([ -~]*[!-~])?$",
        description = "said again with the same key, it is done once",
    )),
    request_body = LeaseRequest,
    responses((status = 201, body = LeaseView)),
)]
pub(crate) async fn lease(
    State(app): State<App>,
    Caller(account): Caller,
    headers: HeaderMap,
    Body(request): Body<LeaseRequest>,
) -> Result<(StatusCode, Json<LeaseView>), Refusal> {
    let key = idempotency_key(&headers)?.ok_or_else(|| {
        let title = "credits are leased under an Idempotency-Key";
        Problem::new("D1-API-002", Category::Usage, title)
            .because("without one, asking again after a lost answer would set aside twice")
            .leaving("nothing was changed")
    })?;
    Ok((StatusCode::CREATED, Json(app.credits.lease(account, key, request).await?)))
}

/// Takes what was spent of them.
#[utoipa::path(
    post, path = api::LEASE, operation_id = "settleLease", tag = "credits",
    params(("id" = HoldId, Path, description = "which lease")),
    request_body = SettleRequest,
    responses((status = 200, body = LeaseView)),
)]
pub(crate) async fn settle_lease(
    State(app): State<App>,
    Caller(account): Caller,
    lease: Path<String>,
    Body(request): Body<SettleRequest>,
) -> Result<Json<LeaseView>, Refusal> {
    let id = lease.parse().map_err(|error: d1_core::IdError| {
        let title = format!("there is no lease `{}`", lease.as_str());
        Problem::new("D1-API-003", Category::Usage, title).because(error.to_string())
    })?;
    Ok(Json(app.credits.settle(account, id, request).await?))
}

/// Its caps.
#[utoipa::path(
    get, path = api::CAPS, operation_id = "listCreditCaps", tag = "credits",
    responses((status = 200, body = CapList)),
)]
pub(crate) async fn caps(State(app): State<App>, Caller(account): Caller) -> Caps {
    Ok(Json(app.credits.caps(account).await?))
}

/// Sets one.
#[utoipa::path(
    put, path = api::CAP, operation_id = "setCreditCap", tag = "credits",
    params(("scope" = CapScope, Path, description = "what it counts")),
    request_body = CapRequest,
    responses((status = 200, body = CapList)),
)]
pub(crate) async fn set_cap(
    State(app): State<App>,
    Caller(account): Caller,
    scope: Path<String>,
    Body(request): Body<CapRequest>,
) -> Caps {
    let scope = scope_of(&scope)?;
    Ok(Json(app.credits.set_cap(account, scope, Some(request)).await?))
}

/// Lifts one.
#[utoipa::path(
    delete, path = api::CAP, operation_id = "liftCreditCap", tag = "credits",
    params(("scope" = CapScope, Path, description = "what it counts")),
    responses((status = 200, body = CapList)),
)]
pub(crate) async fn lift_cap(
    State(app): State<App>,
    Caller(account): Caller,
    scope: Path<String>,
) -> Caps {
    Ok(Json(app.credits.set_cap(account, scope_of(&scope)?, None).await?))
}

fn scope_of(text: &str) -> Result<CapScope, Refusal> {
    let scope = CapScope::deserialize(text.into_deserializer());
    scope.map_err(|error: value::Error| {
        let title = format!("there is no cap `{text}`");
        Problem::new("D1-API-003", Category::Usage, title)
            .because(error.to_string())
            .leaving("nothing was changed")
            .into()
    })
}

/// Whether a table is accepted and JSON is not named before it.
fn wants_table(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut kinds = accepted.split(',').filter_map(|kind| kind.split(';').next());
    kinds.next().is_some_and(|first| first.trim().eq_ignore_ascii_case(CSV))
}

fn table(text: String) -> Response {
    ([(CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], text).into_response()
}
