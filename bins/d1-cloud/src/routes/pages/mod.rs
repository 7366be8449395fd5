//! The pages on which a person signs in and decides. They work without a script; nothing on
//! them comes from elsewhere, and nobody puts them into a frame.

mod activate;
mod authorize;
mod cookie;
mod elsewhere;
mod gate;
mod html;
mod sign_in;

use crate::compose::App;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use d1_protocol::api;

/// Everything that people see.
pub(super) fn router(app: &App) -> Router<App> {
    Router::new()
        .route(api::ACTIVATE, get(activate::ask).post(activate::look_up))
        .route(api::DECIDE, post(activate::decide))
        .route(api::AUTHORIZE, get(authorize::ask).post(authorize::decide))
        .route(api::SIGN_IN, get(sign_in::ask).post(sign_in::sign_in))
        .route(api::SIGN_IN_ELSEWHERE, get(elsewhere::go_there))
        .route(api::SIGN_IN_ANSWER, get(elsewhere::come_back))
        .route(api::SIGN_OUT, post(sign_in::sign_out))
        .route(html::STYLE_PATH, get(html::style))
        .route_layer(DefaultBodyLimit::max(super::auth::MAX_FORM))
        .route_layer(middleware::from_fn_with_state(app.clone(), gate::guard))
}
