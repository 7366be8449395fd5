//! What is asked over gRPC, by whoever presents the token.

use super::caller::Caller;
use crate::{compose::App, refusal::Refusal};
use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::post_service,
};
use d1_protocol::{api, credits_service};
use std::sync::Arc;

/// Every call there is.
pub(crate) fn router(app: &App) -> Router<App> {
    let credits = credits_service(Arc::new(app.credits.clone()));
    Router::new()
        .route(api::CREDITS_CALL, post_service(credits))
        .route_layer(middleware::from_fn_with_state(app.clone(), introduce))
}

/// Tells the service who asks, in the extensions of the request.
async fn introduce(
    caller: Result<Caller, Refusal>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let Caller(account) = caller?;
    request.extensions_mut().insert(account);
    Ok(next.run(request).await)
}
