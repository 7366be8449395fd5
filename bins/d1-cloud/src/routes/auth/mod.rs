//! The authorization server over HTTP: forms in, JSON out, errors as the RFCs have them.

mod answer;
mod device;
mod form;
mod forms;
mod metadata;
mod token;

use crate::compose::App;
use axum::extract::DefaultBodyLimit;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use device::origin;
pub(super) use form::Form;

/// The most bytes of a form.
pub(super) const MAX_FORM: usize = 8 * 1024;

/// Everything that programs ask.
pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(device::begin))
        .routes(routes!(token::token))
        .routes(routes!(token::revoke))
        .routes(routes!(metadata::metadata))
        .routes(routes!(metadata::jwks))
        .layer(DefaultBodyLimit::max(MAX_FORM))
}
