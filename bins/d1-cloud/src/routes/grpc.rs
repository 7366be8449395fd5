//! What is asked over gRPC, by whoever presents the token.

use super::{caller::Caller, ready::can_work};
use crate::{compose::App, refusal::Refusal};
use async_trait::async_trait;
use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::post_service,
};
use d1_protocol::{ReadyApi, api, credits_service, health_service, reflection_service};
use std::sync::Arc;

/// Every call by somebody we know.
pub(crate) fn router(app: &App) -> Router<App> {
    let credits = credits_service(Arc::new(app.credits.clone()));
    let router = Router::new().route(api::CREDITS_CALL, post_service(credits));
    let router = match reflection_service() {
        Ok(reflection) => router.route(api::REFLECTION_CALL, post_service(reflection)),
        Err(error) => {
            tracing::error!(%error, "what can be asked over gRPC cannot be told");
            router
        }
    };
    router.route_layer(middleware::from_fn_with_state(app.clone(), introduce))
}

/// What proxies ask, who present nothing.
pub(crate) fn health(app: &App) -> Router<App> {
    Router::new().route(api::HEALTH_CALL, post_service(health_service(Arc::new(app.clone()))))
}

#[async_trait]
impl ReadyApi for App {
    async fn is_ready(&self) -> bool {
        can_work(self).await.is_ok()
    }
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
