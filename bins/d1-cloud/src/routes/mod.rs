//! What can be asked over HTTP. Every route is a few lines: who asks, one call, one answer.

mod auth;
mod caller;
mod credits;
mod devices;
mod document;
mod enrolment_tokens;
mod enrolments;
mod events;
mod grpc;
mod node;
mod pages;
mod ready;
mod scopes;
mod setups;
mod user;

pub(crate) use devices::linked;
pub(crate) use ready::LastLook;

use crate::{
    compose::App,
    limits, proxy,
    refusal::{self, Refusal},
};
use axum::{Router, extract::DefaultBodyLimit, middleware, routing};
use d1_protocol::api;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The most bytes of a request's body.
const MAX_BODY: usize = 64 * 1024;

/// Every route there is.
pub(crate) fn router(app: App) -> Router {
    Router::from(known())
        .merge(grpc::router(&app))
        .route_layer(middleware::from_fn_with_state(app.clone(), scopes::check))
        .merge(Router::from(anybody()))
        .merge(pages::router(&app))
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

/// What devices ask that show a certificate: nothing else is there for them.
pub(crate) fn for_certified_devices(app: App) -> Router {
    let routes = Router::new()
        .route(api::LINK, routing::get(devices::link_certified))
        .route(api::RENEW, routing::post(enrolments::renew));
    for_devices(routes, app)
}

/// What devices ask that have no certificate, or none that is good.
pub(crate) fn for_newcomers(app: App) -> Router {
    let routes = Router::new()
        .route(api::ENROL, routing::post(enrolments::enrol))
        .route(api::RECOVER, routing::post(enrolments::recover));
    for_devices(routes, app)
}

/// No proxy stands in front of devices, and no token lets one in: fields that say so are not
/// looked at.
fn for_devices(routes: Router<App>, app: App) -> Router {
    routes
        .fallback(Refusal::unknown_path)
        .method_not_allowed_fallback(Refusal::unknown_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), limits::count_stranger))
        .with_state(app)
}

/// What is asked by somebody we know, each for what they may do.
fn known() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(setups::create))
        .routes(routes!(setups::list))
        .routes(routes!(setups::get))
        .routes(routes!(events::events))
        .routes(routes!(setups::approve))
        .routes(routes!(setups::cancel))
        .routes(routes!(setups::resume))
        .routes(routes!(setups::plan))
        .routes(routes!(setups::sign))
        .routes(routes!(setups::undo))
        .routes(routes!(credits::balance))
        .routes(routes!(credits::entries))
        .routes(routes!(credits::grants))
        .routes(routes!(credits::quote))
        .routes(routes!(credits::lease))
        .routes(routes!(credits::settle_lease))
        .routes(routes!(credits::caps))
        .routes(routes!(credits::set_cap, credits::lift_cap))
        .routes(routes!(devices::list))
        .routes(routes!(devices::purge))
        .routes(routes!(devices::link))
        .routes(routes!(enrolments::list))
        .routes(routes!(enrolment_tokens::list, enrolment_tokens::make))
        .routes(routes!(enrolment_tokens::take_back))
        .routes(routes!(enrolments::revoke))
        .routes(routes!(user::me))
        .routes(routes!(user::sessions, user::end_all))
        .routes(routes!(user::end_session))
        .routes(routes!(user::tokens, user::make_token))
        .routes(routes!(user::take_token_back))
}

/// What programs ask before anybody is known.
fn anybody() -> OpenApiRouter<App> {
    auth::router()
        .routes(routes!(enrolments::enrol))
        .routes(routes!(enrolments::renew))
        .routes(routes!(enrolments::recover))
        .routes(routes!(ready::alive))
        .routes(routes!(ready::ready))
        .routes(routes!(document::document))
}
