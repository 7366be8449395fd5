//! The authorization server over HTTP: forms in, JSON out, errors as the RFCs have them.

mod answer;
mod device;
mod form;
mod metadata;
mod token;

use crate::compose::App;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use d1_protocol::api;

pub(super) use device::origin;
pub(super) use form::Form;

/// The most bytes of a form.
pub(super) const MAX_FORM: usize = 8 * 1024;

/// Everything that programs ask.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route(api::DEVICE_CODE, post(device::begin))
        .route(api::AUTH_TOKEN, post(token::token))
        .route(api::AUTH_REVOKE, post(token::revoke))
        .route(api::AUTH_METADATA, get(metadata::metadata))
        .route(api::JWKS, get(metadata::jwks))
        .layer(DefaultBodyLimit::max(MAX_FORM))
}
