//! What can be asked over HTTP. Every route is a few lines: who asks, one call, one answer.

mod auth;
mod caller;
mod create;
mod credits;
mod devices;
mod events;
mod grpc;
mod node;
mod pages;
mod ready;
mod scopes;
mod setups;
mod user;

pub(crate) use ready::LastLook;

use crate::{
    compose::App,
    limits, proxy,
    refusal::{self, Refusal},
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, post, put},
};
use d1_protocol::api;

/// The most bytes of a request's body.
const MAX_BODY: usize = 64 * 1024;

/// Every route there is.
pub(crate) fn router(app: App) -> Router {
    known(&app)
        .merge(auth::router())
        .merge(pages::router(&app))
        .route(api::HEALTH, get(|| async { "ok\n" }))
        .route(api::READY, get(ready::ready))
        .merge(grpc::health(&app))
        .fallback(Refusal::unknown_path)
        .method_not_allowed_fallback(Refusal::unknown_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), limits::count))
        .layer(middleware::from_fn_with_state(app.clone(), proxy::see_through))
        .layer(middleware::from_fn(refusal::over_grpc))
        .with_state(app.clone())
        // Those who ask here are counted where people asked them, and are not people.
        .merge(node::router(&app))
}

/// What is asked by somebody we know, each for what they may do.
fn known(app: &App) -> Router<App> {
    Router::new()
        .route(api::CREATE, post(create::create))
        .route(api::TASKS, get(setups::list))
        .route(api::TASK, get(setups::get))
        .route(api::EVENTS, get(events::events))
        .route(api::APPROVE, post(setups::approve))
        .route(api::CANCEL, post(setups::cancel))
        .route(api::RESUME, post(setups::resume))
        .route(api::UNDO, post(create::undo))
        .route(api::BALANCE, get(credits::balance))
        .route(api::ENTRIES, get(credits::entries))
        .route(api::GRANTS, get(credits::grants))
        .route(api::QUOTE, get(credits::quote))
        .route(api::LEASES, post(credits::lease))
        .route(api::LEASE, post(credits::settle_lease))
        .route(api::CAPS, get(credits::caps))
        .route(api::CAP, put(credits::set_cap).delete(credits::lift_cap))
        .route(api::DEVICES, get(devices::list))
        .route(api::LINK, get(devices::link))
        .route(api::ME, get(user::me))
        .route(api::SESSIONS, get(user::sessions).delete(user::end_all))
        .route(api::SESSION, delete(user::end_session))
        .route(api::TOKENS, get(user::tokens).post(user::make_token))
        .route(api::TOKEN, delete(user::take_token_back))
        .merge(grpc::router(app))
        .route_layer(middleware::from_fn_with_state(app.clone(), scopes::check))
}
