//! New setups: from a wish, or to take another one back.

use super::caller::{Body, Caller, Named};
use crate::{
    compose::App,
    refusal::Refusal,
    who::{Who, insufficient},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use d1_core::{Category, Intent, Problem, Scope, Setup, SetupId};
use d1_orchestrator::Draft;
use d1_protocol::api::{self, CreateRequest, SetupView};

/// The longest idempotency key.
const MAX_KEY: usize = 200;

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
    State(app): State<App>,
    Caller(account): Caller,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    Body(request): Body<CreateRequest>,
) -> Result<(StatusCode, Json<SetupView>), Refusal> {
    app.takes_on()?;
    let key = idempotency_key(&headers)?;
    if request.approve && !who.scopes.has(Scope::SetupApprove) {
        return Err(insufficient(Scope::SetupApprove));
    }
    app.limits.device(account, request.device).await?;
    app.people.is_owner(account, request.device).await?;
    let draft = app.engine.draft(account, request.device, request.intent()).await?;
    let setup = keep(&app, &who, request.device, draft, key.as_deref()).await?;
    let setup = if request.approve && setup.state == d1_core::SetupState::AwaitingApproval {
        app.note_decided(&who, setup.id, "approve").await?;
        app.engine.approve(setup.id).await?
    } else {
        setup
    };
    Ok((StatusCode::CREATED, Json(SetupView::from(&setup))))
}

/// Takes back what a setup changed, by a setup of its own.
#[utoipa::path(
    post, path = api::UNDO, operation_id = "undoSetup", tag = "setups",
    params(("id" = SetupId, Path, description = "which setup")),
    responses((status = 201, body = SetupView)),
)]
pub(crate) async fn undo(
    State(app): State<App>,
    Caller(account): Caller,
    Extension(who): Extension<Who>,
    Named(id): Named,
) -> Result<(StatusCode, Json<SetupView>), Refusal> {
    app.takes_on()?;
    let original = app.engine.get(account, id).await?;
    app.limits.device(account, original.device).await?;
    let draft = app.engine.draft(account, original.device, Intent::Undo(id)).await?;
    let setup = keep(&app, &who, original.device, draft, None).await?;
    app.note_decided(&who, setup.id, "approve").await?;
    let setup = app.engine.approve(setup.id).await?;
    Ok((StatusCode::CREATED, Json(SetupView::from(&setup))))
}

async fn keep(
    app: &App,
    who: &Who,
    device: d1_core::DeviceId,
    draft: Draft,
    key: Option<&str>,
) -> Result<Setup, Refusal> {
    let id = SetupId::generate();
    app.note_asked(who, (id, device), &draft).await?;
    Ok(app.engine.create(id, who.account, device, draft, key).await?)
}

/// The key of a request that may be repeated (draft-ietf-httpapi-idempotency-key-header).
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("Idempotency-Key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= MAX_KEY);
    key.map(|key| Some(key.to_owned())).ok_or_else(|| {
        let title = format!("the Idempotency-Key is not 1 to {MAX_KEY} visible characters");
        Problem::new("D1-API-002", Category::Usage, title).leaving("nothing was changed").into()
    })
}
