//! Setups that are there: one, many, and what can be done with them.

use super::caller::{Body, Caller, Named};
use crate::{compose::App, refusal::Refusal, who::Who};
use axum::{Extension, Json, extract::State, http::HeaderMap};
use d1_core::{Category, Page, Problem, SetupId};
use d1_orchestrator::EngineError;
use d1_protocol::api::{self, CancelRequest, ResumeRequest, SetupList, SetupView};

/// How many setups one page has.
const PAGE: usize = 50;

type Answer = Result<Json<SetupView>, Refusal>;

/// One setup.
#[utoipa::path(
    get, path = api::TASK, operation_id = "getSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn get(
    State(app): State<App>,
    Caller(account): Caller,
    Named(id): Named,
) -> Answer {
    Ok(Json(SetupView::from(&app.engine.get(account, id).await?)))
}

/// Setups, newest first; `D1-Cursor` names the one before which the page begins.
#[utoipa::path(
    get, path = api::TASKS, operation_id = "listSetups", tag = "setups",
    params(("D1-Cursor" = Option<SetupId>, Header, description = "the `cursor` of the page before")),
    responses((status = 200, body = SetupList)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Caller(account): Caller,
    headers: HeaderMap,
) -> Result<Json<SetupList>, Refusal> {
    let page = Page { before: cursor(&headers)?, limit: PAGE + 1 };
    let mut setups = app.engine.list(account, page).await?;
    let more = setups.len() > PAGE;
    setups.truncate(PAGE);
    let cursor = setups.last().map(|setup| setup.id).filter(|_| more);
    let setups = setups.iter().map(SetupView::from).collect();
    Ok(Json(SetupList { schema: "d1.setups.v1".to_owned(), setups, cursor }))
}

/// Says yes.
#[utoipa::path(
    post, path = api::APPROVE, operation_id = "approveSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn approve(
    State(app): State<App>,
    Caller(account): Caller,
    Extension(who): Extension<Who>,
    Named(id): Named,
) -> Answer {
    app.engine.get(account, id).await?;
    app.note_decided(&who, id, "approve").await?;
    Ok(Json(SetupView::from(&app.engine.approve(id).await?)))
}

/// Stops it.
#[utoipa::path(
    post, path = api::CANCEL, operation_id = "cancelSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    request_body = CancelRequest,
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    Caller(account): Caller,
    Extension(who): Extension<Who>,
    Named(id): Named,
    Body(request): Body<CancelRequest>,
) -> Answer {
    app.engine.get(account, id).await?;
    app.note_decided(&who, id, "stop").await?;
    Ok(Json(SetupView::from(&app.engine.stop(id, request.mode).await?)))
}

/// Goes on with it.
#[utoipa::path(
    post, path = api::RESUME, operation_id = "resumeSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    request_body = ResumeRequest,
    responses((status = 200, body = SetupView)),
)]
pub(crate) async fn resume(
    State(app): State<App>,
    Caller(account): Caller,
    Extension(who): Extension<Who>,
    Named(id): Named,
    Body(request): Body<ResumeRequest>,
) -> Answer {
    app.engine.get(account, id).await?;
    app.note_decided(&who, id, "resume").await?;
    Ok(Json(SetupView::from(&app.engine.resume(id, request.force).await?)))
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
