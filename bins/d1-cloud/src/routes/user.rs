//! Who the caller is, their sign-ins, and the tokens that they made.

use super::caller::{Body, Me};
use crate::{
    compose::App,
    refusal::Refusal,
    who::{Who, refused},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use d1_core::{Category, DirectoryError, Problem, SessionId};
use d1_orchestrator::{NewToken, SessionNote, SignInError, TokenNote};
use d1_protocol::api::{
    self, MeView, MembershipView, NewTokenRequest, NewTokenView, SessionList, SessionView,
    TokenList, TokenView,
};
use std::time::Duration;

/// Who the caller is.
#[utoipa::path(
    get, path = api::ME, operation_id = "getMe", tag = "user",
    responses((status = 200, body = MeView)),
)]
pub(crate) async fn me(
    State(app): State<App>,
    Extension(who): Extension<Who>,
) -> Result<Json<MeView>, Refusal> {
    let mut view = MeView {
        schema: MeView::SCHEMA.to_owned(),
        user: who.person.map(|(user, _)| user),
        login: None,
        account: who.account,
        scopes: who.scopes,
        organisations: Vec::new(),
    };
    if let Some((user, _)) = who.person {
        let directory = &app.people.directory;
        view.login = directory.user(user).await.map_err(broken)?.map(|it| it.login.to_string());
        for member in directory.memberships(user).await.map_err(broken)? {
            let organisation = directory.organisation(member.account).await.map_err(broken)?;
            view.organisations.extend(organisation.map(|it| MembershipView {
                account: it.account,
                name: it.name,
                role: member.role,
            }));
        }
    }
    Ok(Json(view))
}

/// Their sign-ins.
#[utoipa::path(
    get, path = api::SESSIONS, operation_id = "listSessions", tag = "user",
    responses((status = 200, body = SessionList)),
)]
pub(crate) async fn sessions(
    State(app): State<App>,
    Me(user, current): Me,
) -> Result<Json<SessionList>, Refusal> {
    let notes = app.identity.sessions_of(user).await.map_err(refused)?;
    let view = |note: SessionNote| SessionView {
        id: note.id,
        current: note.id == current,
        client: note.client,
        device: note.origin.device,
        address: note.origin.address,
        scopes: note.scopes,
        began: note.began.0,
        used: note.used.0,
    };
    let sessions = notes.into_iter().map(view).collect();
    Ok(Json(SessionList { schema: SessionList::SCHEMA.to_owned(), sessions }))
}

/// Ends one of them.
#[utoipa::path(
    delete, path = api::SESSION, operation_id = "endSession", tag = "user",
    params(("id" = SessionId, Path, description = "which sign-in")),
    responses((status = 204, description = "it is over, or was")),
)]
pub(crate) async fn end_session(
    State(app): State<App>,
    Me(user, _): Me,
    id: Path<String>,
) -> Result<StatusCode, Refusal> {
    app.identity.end_session(user, named(&id)?).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of them, the caller's own among them, and every token.
#[utoipa::path(
    delete, path = api::SESSIONS, operation_id = "endAllSessions", tag = "user",
    responses((status = 204, description = "they are over")),
)]
pub(crate) async fn end_all(
    State(app): State<App>,
    Me(user, _): Me,
) -> Result<StatusCode, Refusal> {
    app.identity.end_all(user).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tokens that they made.
#[utoipa::path(
    get, path = api::TOKENS, operation_id = "listTokens", tag = "user",
    responses((status = 200, body = TokenList)),
)]
pub(crate) async fn tokens(
    State(app): State<App>,
    Me(user, _): Me,
) -> Result<Json<TokenList>, Refusal> {
    let notes = app.identity.tokens_of(user).await.map_err(refused)?;
    let tokens = notes.into_iter().map(view).collect();
    Ok(Json(TokenList { schema: TokenList::SCHEMA.to_owned(), tokens }))
}

/// Makes one.
#[utoipa::path(
    post, path = api::TOKENS, operation_id = "makeToken", tag = "user",
    request_body = NewTokenRequest,
    responses((status = 201, body = NewTokenView)),
)]
pub(crate) async fn make_token(
    State(app): State<App>,
    Me(user, _): Me,
    Extension(who): Extension<Who>,
    Body(request): Body<NewTokenRequest>,
) -> Result<(StatusCode, Json<NewTokenView>), Refusal> {
    // Nobody hands on more than they have in their own hand.
    if let Some(scope) = request.scopes.iter().find(|&scope| !who.scopes.has(scope)) {
        return Err(crate::who::insufficient(scope));
    }
    let life = Duration::from_secs(u64::from(request.days) * 86_400);
    let NewTokenRequest { name, scopes, .. } = request;
    let new = NewToken { user, account: who.account, name, scopes, life };
    let (note, secret) = app.identity.make_token(new).await.map_err(refused)?;
    let schema = NewTokenView::SCHEMA.to_owned();
    Ok((StatusCode::CREATED, Json(NewTokenView { schema, secret, token: view(note) })))
}

/// Takes one back.
#[utoipa::path(
    delete, path = api::TOKEN, operation_id = "takeTokenBack", tag = "user",
    params(("id" = SessionId, Path, description = "which token")),
    responses((status = 204, description = "it lets nobody in any more")),
)]
pub(crate) async fn take_token_back(
    State(app): State<App>,
    Me(user, _): Me,
    id: Path<String>,
) -> Result<StatusCode, Refusal> {
    app.identity.take_token_back(user, named(&id)?).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(note: TokenNote) -> TokenView {
    let TokenNote { id, name, scopes, made, ends } = note;
    TokenView { id, name, scopes, made: made.0, ends: ends.0 }
}

fn named(id: &str) -> Result<SessionId, Refusal> {
    id.parse().map_err(|error: d1_core::IdError| {
        Problem::new("D1-API-003", Category::Usage, format!("there is no `{id}`"))
            .because(error.to_string())
            .leaving("nothing was changed")
            .into()
    })
}

fn broken(error: DirectoryError) -> Refusal {
    refused(SignInError::from(error))
}
