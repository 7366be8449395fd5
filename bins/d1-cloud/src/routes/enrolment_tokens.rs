//! One-time tokens by which devices enrol: made, seen, and taken back.

use super::{
    caller::{Body, Caller},
    enrolments::{no_door, refused},
};
use crate::{compose::App, refusal::Refusal, who::Who};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use d1_core::{Category, Problem};
use d1_protocol::api::{
    self, EnrolmentTokenList, EnrolmentTokenRequest, EnrolmentTokenView, OpenEnrolmentToken,
};
use std::time::Duration;

/// The tokens that are open: neither used nor over.
#[utoipa::path(
    get, path = api::ENROLMENT_TOKENS, operation_id = "listEnrolmentTokens", tag = "devices",
    responses((status = 200, body = EnrolmentTokenList)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Caller(account): Caller,
) -> Result<Json<EnrolmentTokenList>, Refusal> {
    let open = app.enrolments.tokens(account).await.map_err(refused)?;
    let tokens = open.into_iter().map(|token| OpenEnrolmentToken {
        id: token.name(),
        by: token.by,
        ends: token.ends.0,
    });
    let schema = EnrolmentTokenList::SCHEMA.to_owned();
    Ok(Json(EnrolmentTokenList { schema, tokens: tokens.collect() }))
}

/// Makes a token by which one device enrols.
#[utoipa::path(
    post, path = api::ENROLMENT_TOKENS, operation_id = "makeEnrolmentToken", tag = "devices",
    request_body = EnrolmentTokenRequest,
    responses((status = 201, body = EnrolmentTokenView)),
)]
pub(crate) async fn make(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Body(request): Body<EnrolmentTokenRequest>,
) -> Result<(StatusCode, Json<EnrolmentTokenView>), Refusal> {
    let Some(door) = &app.door else { return Err(no_door()) };
    let life = Duration::from_secs(u64::from(request.minutes) * 60);
    let by = who.person.map(|(user, _)| user);
    let token = app.enrolments.make_token(who.account, by, life).await.map_err(refused)?;
    let view = EnrolmentTokenView {
        schema: EnrolmentTokenView::SCHEMA.to_owned(),
        secret: token.secret,
        id: token.name,
        ends: token.ends.0,
        link: door.url.to_string(),
        authority: token.authority,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Takes a token back that was not used: it enrols nobody any more.
#[utoipa::path(
    delete, path = api::ENROLMENT_TOKEN, operation_id = "takeEnrolmentTokenBack", tag = "devices",
    params(("id" = String, Path, description = "which token")),
    responses((status = 204, description = "it enrols nobody any more")),
)]
pub(crate) async fn take_back(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let by = who.person.map(|(user, _)| user);
    if app.enrolments.take_token_back(who.account, &id, by).await.map_err(refused)? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let title = "there is no open enrolment token of this name";
    Err(Problem::new("D1-API-003", Category::Usage, title)
        .because("it was used, is over, or was taken back")
        .leaving("nothing was changed")
        .into())
}
