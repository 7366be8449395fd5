//! A program begins to sign somebody in by a code that is typed (RFC 8628 §3.1).

use super::{
    answer::{DeviceCodes, OAuthError, OAuthRefusal, codes},
    form::{FORM, Form},
    forms::DeviceCodeForm,
};
use crate::compose::App;
use axum::{
    extract::{ConnectInfo, State},
    http::{HeaderMap, header::USER_AGENT},
    response::Response,
};
use d1_orchestrator::{DeviceAsk, Origin};
use d1_protocol::api;
use std::net::SocketAddr;

/// Gives out the two codes.
#[utoipa::path(
    post, path = api::DEVICE_CODE, operation_id = "beginByCode", tag = "auth",
    request_body(content = DeviceCodeForm, content_type = FORM),
    responses((status = 200, body = DeviceCodes<'_>), (status = "4XX", body = OAuthError)),
)]
pub(super) async fn begin(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, OAuthRefusal> {
    app.limits.begin(peer.ip()).await.map_err(OAuthRefusal::too_many)?;
    let client = form.need("client_id", "the client_id is missing")?;
    let ask = DeviceAsk {
        client,
        scope: form.get("scope"),
        resource: form.get("resource"),
        challenge: form
            .get("code_challenge")
            .map(|challenge| (challenge, form.get("code_challenge_method"))),
        origin: origin(form.get("device_label").unwrap_or_default(), peer, &headers),
    };
    let answer = app.identity.begin_by_code(ask).await?;
    Ok(codes(&answer, &format!("{}{}", app.people.address, api::ACTIVATE)))
}

/// Where a request comes from, for the person who decides about it.
pub(in crate::routes) fn origin(device: &str, peer: SocketAddr, headers: &HeaderMap) -> Origin {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    Origin::new(device, &peer.ip().to_canonical().to_string(), agent.unwrap_or_default())
}
