//! What other servers ask of this one. It is done here or not at all, and never passed on.

use super::{caller::Body, devices};
use crate::{compose::App, refusal::Refusal, who};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use d1_core::{AccountId, Category, DeviceId, Problem, SetupId};
use d1_orchestrator::{PeerError, PersonWish};
use d1_protocol::{
    MAX_FRAME_BYTES, WireError,
    api::{self, Devices, WishBody},
    decode_to_device, encode_from_device,
};
use std::str::FromStr;

/// Every route for servers; none where there is only one.
pub(crate) fn router(app: &App) -> Router {
    if app.nodes.is_none() {
        return Router::new();
    }
    Router::new()
        .route(api::NODE_QUESTION, post(question))
        .route(api::NODE_WISH, post(wish))
        .route(api::NODE_DEVICES, get(list))
        .layer(DefaultBodyLimit::max(MAX_FRAME_BYTES))
        .route_layer(middleware::from_fn_with_state(app.clone(), check))
        .with_state(app.clone())
}

/// Lets through whoever is another server.
async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let value = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer "));
    if let (Some(nodes), Some(token)) = (&app.nodes, token)
        && nodes.knows(token).await
    {
        return next.run(request).await;
    }
    who::unknown(request.headers()).into_response()
}

/// A question to a device that is linked here, and its answer: frames of the link language.
async fn question(State(app): State<App>, device: Path<String>, body: Bytes) -> Response {
    let asked = async {
        let device: DeviceId = named(&device)?;
        let question = decode_to_device(body).map_err(wire)?;
        let answer = app.engine.hub().answer_peer(device, question).await?;
        encode_from_device(&answer).map_err(wire)
    };
    answer(asked.await)
}

/// What a person wishes of a setup whose device is linked here.
async fn wish(State(app): State<App>, setup: Path<String>, Body(wish): Body<WishBody>) -> Response {
    let wish = match wish {
        WishBody::Approve => PersonWish::Approve,
        WishBody::Decline => PersonWish::Decline,
        WishBody::Stop { mode } => PersonWish::Stop(mode),
        WishBody::Resume { force } => PersonWish::Resume { force },
    };
    let granted = async {
        let setup: SetupId = named(&setup)?;
        app.engine.grant_peer(setup, wish).await
    };
    answer(granted.await.map(|()| StatusCode::NO_CONTENT))
}

/// The devices of an account that are linked here.
async fn list(State(app): State<App>, account: Path<String>) -> Result<Json<Devices>, Response> {
    let account: AccountId = named(&account).map_err(|error| refused(&error))?;
    let devices = devices::here(&app, account).await.map_err(Refusal::into_response)?;
    Ok(Json(Devices { schema: Devices::SCHEMA.to_owned(), devices, complete: true }))
}

fn answer(told: Result<impl axum::response::IntoResponse, PeerError>) -> Response {
    told.map_or_else(|error| refused(&error), axum::response::IntoResponse::into_response)
}

fn refused(error: &PeerError) -> Response {
    match error {
        PeerError::Refused(problem) => Refusal::from((**problem).clone()).into_response(),
        // Whoever asks looks again where the device is.
        PeerError::NotHere | PeerError::Unreachable(_) | _ => {
            StatusCode::MISDIRECTED_REQUEST.into_response()
        }
    }
}

fn named<T: FromStr<Err = d1_core::IdError>>(text: &str) -> Result<T, PeerError> {
    text.parse().map_err(|error: d1_core::IdError| {
        let problem = Problem::new("D1-API-003", Category::Usage, error.to_string());
        PeerError::Refused(Box::new(problem))
    })
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn wire(error: WireError) -> PeerError {
    PeerError::Refused(Box::new(error.problem()))
}
