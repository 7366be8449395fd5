//! Setups over HTTP. Every route is a few lines: who asks, one call, one answer.

use super::caller::{Body, Named};
use crate::{
    compose::App,
    refusal::Refusal,
    setups::{Setups, checked_key},
    who::{self, Who},
};
use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, request::Parts},
};
use d1_core::{Category, Problem, SetupId};
use d1_orchestrator::EngineError;
use d1_protocol::api::{
    self, CancelRequest, CreateRequest, PlanView, ResumeRequest, SetupList, SetupView, SignRequest,
};

type Answer = Result<Json<SetupView>, Refusal>;
type Made = Result<(StatusCode, Json<SetupView>), Refusal>;

/// Plans and keeps a setup; starts it when the request says so.
#[utoipa::path(
    post, path = api::CREATE, operation_id = "createSetup", tag = "setups",
    params((
        "Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200,
        pattern = "^[!-~]([ -~]*[!-~])?$",
        description = "said again with the same key, it is done once",
    )),
    request_body = CreateRequest,
    responses((status = 201, body = SetupView)),
)]
pub(crate) async fn create(
    setups: Setups,
    headers: HeaderMap,
    Body(request): Body<CreateRequest>,
) -> Made {
    let key = idempotency_key(&headers)?;
    Ok((StatusCode::CREATED, Json(setups.create(request, key).await?)))
}

/// Takes back what a setup changed, by a setup of its own.
#[utoipa::path(
    post, path = api::UNDO, operation_id = "undoSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    responses((status = 201, body = SetupView)),
)]
pub(crate) async fn undo(setups: Setups, Named(id): Named) -> Made {
    Ok((StatusCode::CREATED, Json(setups.undo(id).await?)))
}

/// One setup.
#[utoipa::path(
    get, path = api::TASK, operation_id = "getSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn get(setups: Setups, Named(id): Named) -> Answer {
    Ok(Json(setups.get(id).await?))
}

/// Setups, newest first; `D1-Cursor` names the one before which the page begins.
#[utoipa::path(
    get, path = api::TASKS, operation_id = "listSetups", tag = "setups",
    params(("D1-Cursor" = Option<SetupId>, Header, description = "the `cursor` of the page before")),
    responses((status = 200, body = SetupList)),
)]
pub(crate) async fn list(setups: Setups, headers: HeaderMap) -> Result<Json<SetupList>, Refusal> {
    Ok(Json(setups.list(cursor(&headers)?).await?))
}

/// Says yes.
#[utoipa::path(
    post, path = api::APPROVE, operation_id = "approveSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn approve(setups: Setups, Named(id): Named) -> Answer {
    Ok(Json(setups.approve(id).await?))
}

/// The plan of one setup, whole: what a person signs.
#[utoipa::path(
    get, path = api::PLAN, operation_id = "getSetupPlan", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    responses((status = 200, body = PlanView)),
)]
pub(crate) async fn plan(setups: Setups, Named(id): Named) -> Result<Json<PlanView>, Refusal> {
    Ok(Json(setups.plan(id).await?))
}

/// Takes a person's signature under the plan along to the device, which alone reads it.
#[utoipa::path(
    post, path = api::SIGN, operation_id = "signSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    request_body = SignRequest,
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn sign(
    setups: Setups,
    Named(id): Named,
    Body(signed): Body<SignRequest>,
) -> Answer {
    Ok(Json(setups.sign(id, signed).await?))
}

/// Stops it.
#[utoipa::path(
    post, path = api::CANCEL, operation_id = "cancelSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    request_body = CancelRequest,
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn cancel(
    setups: Setups,
    Named(id): Named,
    Body(how): Body<CancelRequest>,
) -> Answer {
    Ok(Json(setups.cancel(id, how).await?))
}

/// Goes on with it.
#[utoipa::path(
    post, path = api::RESUME, operation_id = "resumeSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    request_body = ResumeRequest,
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn resume(
    setups: Setups,
    Named(id): Named,
    Body(how): Body<ResumeRequest>,
) -> Answer {
    Ok(Json(setups.resume(id, how).await?))
}

impl FromRequestParts<App> for Setups {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Who>().ok_or_else(|| who::unknown(&parts.headers))?;
        Ok(Self { app: app.clone(), who: who.clone() })
    }
}

/// The key of a request that may be repeated.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let Some(value) = headers.get("Idempotency-Key") else { return Ok(None) };
    // What is no text at all is refused as an empty one is.
    checked_key(value.to_str().unwrap_or_default()).map(Some)
}

fn cursor(headers: &HeaderMap) -> Result<Option<SetupId>, Refusal> {
    let Some(value) = headers.get("D1-Cursor") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(|| {
        Problem::new("D1-API-003", Category::Usage, "the D1-Cursor is not the id of a setup").into()
    })
}

impl From<d1_core::StoreError> for Refusal {
    fn from(error: d1_core::StoreError) -> Self {
        EngineError::from(error).into()
    }
}
