//! What is asked over gRPC, by whoever presents the token.

use super::{caller::Caller, ready::can_work};
use crate::{compose::App, refusal::Refusal, setups::Setups, who::Who};
use async_trait::async_trait;
use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::Response,
    routing::post_service,
};
use d1_core::{DeviceId, SetupId};
use d1_protocol::{
    CallRefusal, News, ReadyApi, SetupsApi, SetupsDoor,
    api::{
        self, CancelRequest, CreateRequest, Devices, Purged, ResumeRequest, SetupList, SetupView,
    },
    credits_service, health_service, reflection_service, setups_service,
};
use std::sync::Arc;

/// Every call by somebody we know.
pub(crate) fn router(app: &App) -> Router<App> {
    let credits = credits_service(Arc::new(app.credits.clone()));
    let setups = setups_service(door(app));
    let router = Router::new()
        .route(api::CREDITS_CALL, post_service(credits))
        .route(api::SETUPS_CALL, post_service(setups.clone()))
        .route(api::DEVICES_CALL, post_service(setups));
    let router = match reflection_service() {
        Ok(reflection) => router.route(api::REFLECTION_CALL, post_service(reflection)),
        Err(error) => {
            tracing::error!(%error, "what can be asked over gRPC cannot be told");
            router
        }
    };
    router.route_layer(middleware::from_fn_with_state(app.clone(), introduce))
}

/// As whom setups are asked for: as whoever was let in.
fn door(app: &App) -> SetupsDoor {
    let app = app.clone();
    Arc::new(move |extensions| {
        let who = extensions.get::<Who>()?.clone();
        Some(Arc::new(Setups { app: app.clone(), who }))
    })
}

#[async_trait]
impl SetupsApi for Setups {
    async fn create(
        &self,
        wish: CreateRequest,
        key: Option<String>,
    ) -> Result<SetupView, CallRefusal> {
        Ok(Self::create(self, wish, key.as_deref()).await?)
    }

    async fn get(&self, id: SetupId) -> Result<SetupView, CallRefusal> {
        Ok(Self::get(self, id).await?)
    }

    async fn list(&self, before: Option<SetupId>) -> Result<SetupList, CallRefusal> {
        Ok(Self::list(self, before).await?)
    }

    async fn approve(&self, id: SetupId) -> Result<SetupView, CallRefusal> {
        Ok(Self::approve(self, id).await?)
    }

    async fn cancel(&self, id: SetupId, how: CancelRequest) -> Result<SetupView, CallRefusal> {
        Ok(Self::cancel(self, id, how).await?)
    }

    async fn resume(&self, id: SetupId, how: ResumeRequest) -> Result<SetupView, CallRefusal> {
        Ok(Self::resume(self, id, how).await?)
    }

    async fn undo(&self, id: SetupId) -> Result<SetupView, CallRefusal> {
        Ok(Self::undo(self, id).await?)
    }

    async fn follow(&self, id: SetupId, after: u64) -> Result<News, CallRefusal> {
        Ok(Box::pin(Self::follow(self, id, after).await?))
    }

    async fn devices(&self) -> Result<Devices, CallRefusal> {
        Ok(Self::devices(self).await?)
    }

    async fn purge(&self, device: DeviceId) -> Result<Purged, CallRefusal> {
        Ok(Self::purge(self, device).await?)
    }
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
