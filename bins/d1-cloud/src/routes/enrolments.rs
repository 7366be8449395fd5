//! How devices enrol, get their next certificate, and lose it.

use super::caller::{Body, Caller};
use crate::{compose::App, refusal::Refusal, who::Who};
use axum::{
    Extension, Json,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER},
};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use d1_core::{Category, DeviceId, Enrolment, Problem, Shown};
use d1_orchestrator::{DeviceCertificate, EnrolAsk, EnrolError, Papers, RecoverAsk};
use d1_protocol::api::{
    self, EnrolRequest, EnrolmentList, EnrolmentView, PapersView, RecoverRequest, RenewRequest,
};
use std::{error::Error as _, net::SocketAddr};

/// The most devices of one list.
const PAGE: usize = 1_000;
/// How long a device waits before it asks again.
const AGAIN_AFTER: u64 = 2;

/// The devices that enrolled.
#[utoipa::path(
    get, path = api::ENROLMENTS, operation_id = "listEnrolments", tag = "devices",
    responses((status = 200, body = EnrolmentList)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Caller(account): Caller,
) -> Result<Json<EnrolmentList>, Refusal> {
    let mut kept = app.enrolments.list(account, None, PAGE + 1).await.map_err(refused)?;
    let complete = kept.len() <= PAGE;
    kept.truncate(PAGE);
    let enrolments = kept.iter().map(view).collect();
    Ok(Json(EnrolmentList { schema: EnrolmentList::SCHEMA.to_owned(), enrolments, complete }))
}

/// A device enrols.
#[utoipa::path(
    post, path = api::ENROL, operation_id = "enrolDevice", tag = "devices",
    request_body = EnrolRequest,
    responses((status = 201, body = PapersView)),
)]
pub(crate) async fn enrol(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Body(request): Body<EnrolRequest>,
) -> Result<(StatusCode, Json<PapersView>), Refusal> {
    if app.door.is_none() {
        return Err(no_door());
    }
    app.limits.may_guess(peer.ip()).await.map_err(too_many)?;
    let (csr, bound_key) = (binary(&request.request)?, binary(&request.bound_key)?);
    let proof = binary(&request.proof)?;
    // Before the token is used up: what cannot be told leaves everything as it was.
    let keys = app.people.order_keys.current().await;
    let keys = keys.map_err(|error| refused(EnrolError::Unavailable(error.into())))?;
    let enrolled = app.enrolments.enrol(EnrolAsk {
        token: &request.token,
        device: request.device,
        request: &csr,
        bound_key: &bound_key,
        proof: &proof,
    });
    match enrolled.await {
        Ok(papers) => {
            let order_keys = Some(keys.announced().into());
            Ok((StatusCode::CREATED, Json(PapersView { order_keys, ..told(papers) })))
        }
        Err(error) => {
            if matches!(error, EnrolError::Refused) {
                app.limits.guessed(peer.ip()).await;
            }
            Err(refused(error))
        }
    }
}

/// A device gets its next certificate with the last one, which it shows by TLS.
#[utoipa::path(
    post, path = api::RENEW, operation_id = "renewCertificate", tag = "devices",
    request_body = RenewRequest,
    responses((status = 200, body = PapersView)),
)]
pub(crate) async fn renew(
    State(app): State<App>,
    shown: Option<Extension<DeviceCertificate>>,
    Body(request): Body<RenewRequest>,
) -> Result<Json<PapersView>, Refusal> {
    let Some(Extension(shown)) = shown else {
        let title = "a certificate is renewed by whoever shows it";
        return Err(Problem::new("D1-ENROL-002", Category::Denied, title)
            .because("this connection shows none")
            .leaving("nothing was changed")
            .next("ask where devices link, over TLS")
            .into());
    };
    let renewed = app.enrolments.renew(&shown, &binary(&request.request)?).await;
    renewed.map(|papers| Json(told(papers))).map_err(refused)
}

/// A device gets its next certificate though the last one is over.
#[utoipa::path(
    post, path = api::RECOVER, operation_id = "recoverDevice", tag = "devices",
    request_body = RecoverRequest,
    responses((status = 200, body = PapersView)),
)]
pub(crate) async fn recover(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Body(request): Body<RecoverRequest>,
) -> Result<Json<PapersView>, Refusal> {
    if app.door.is_none() {
        return Err(no_door());
    }
    app.limits.may_guess(peer.ip()).await.map_err(too_many)?;
    let (csr, proof) = (binary(&request.request)?, binary(&request.proof)?);
    let recovered = app.enrolments.recover(RecoverAsk {
        device: request.device,
        generation: request.generation,
        request: &csr,
        proof: &proof,
    });
    match recovered.await {
        Ok(papers) => Ok(Json(told(papers))),
        Err(error) => {
            if matches!(error, EnrolError::Refused) {
                app.limits.guessed(peer.ip()).await;
            }
            Err(refused(error))
        }
    }
}

/// Takes the identity of a device back: its link is closed, and it gets no other one until it
/// enrols again.
#[utoipa::path(
    delete, path = api::ENROLMENT, operation_id = "revokeDevice", tag = "devices",
    params(("id" = DeviceId, Path, description = "which device")),
    responses((status = 204, description = "it is not let in any more")),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    Extension(who): Extension<Who>,
    id: Path<String>,
) -> Result<StatusCode, Refusal> {
    let unknown = || {
        let given: String = id.chars().take(64).flat_map(char::escape_debug).collect();
        let title = format!("there is no enrolled device `{given}`");
        Refusal::from(
            Problem::new("D1-API-003", Category::Usage, title).leaving("nothing was changed"),
        )
    };
    let device: DeviceId = id.parse().map_err(|_| unknown())?;
    let by = who.person.map(|(user, _)| user);
    if !app.enrolments.revoke(who.account, device, by).await.map_err(refused)? {
        return Err(unknown());
    }
    // Here at once; the other servers see it within a second.
    app.engine.hub().shut_out(device);
    Ok(StatusCode::NO_CONTENT)
}

fn view(kept: &Enrolment) -> EnrolmentView {
    EnrolmentView {
        device: kept.device,
        state: kept.stage.to_string(),
        since: kept.since.0,
        generation: kept.current.generation,
        serial: kept.current.serial.clone(),
        ends: kept.current.ends.0,
    }
}

fn told(papers: Papers) -> PapersView {
    PapersView {
        schema: PapersView::SCHEMA.to_owned(),
        device: papers.device,
        account: papers.account,
        generation: papers.generation,
        certificate: BASE64.encode(papers.certificate),
        authorities: papers.authorities.iter().map(|it| BASE64.encode(it)).collect(),
        ends: papers.ends.0,
        // Only a device that enrols is told them here: later ones come by the word of these.
        order_keys: None,
    }
}

fn binary(text: &str) -> Result<Vec<u8>, Refusal> {
    BASE64.decode(text).map_err(|error| invalid(&format!("base64: {error}")))
}

fn invalid(why: &str) -> Refusal {
    Problem::new("D1-ENROL-003", Category::Usage, "a certificate cannot be given for this request")
        .because(why)
        .leaving("nothing was changed")
        .into()
}

pub(super) fn no_door() -> Refusal {
    let title = "this server lets no device enrol";
    Problem::new("D1-ENROL-001", Category::Denied, title)
        .because("it has no door for devices")
        .leaving("nothing was changed")
        .next("start it with --link-listen")
        .into()
}

fn too_many(fields: HeaderMap) -> Refusal {
    let title = "too much was guessed from this address";
    let problem = Problem::new("D1-LIMIT-429", Category::Denied, title)
        .leaving("nothing was changed")
        .next("ask again in a minute");
    Refusal::from(problem).with(fields)
}

/// Why a device gets no certificate, or no link.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn refused(error: EnrolError) -> Refusal {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    let denied = |code| {
        Problem::new(code, Category::Denied, title).leaving("nothing was changed").next(remedy)
    };
    match &error {
        EnrolError::Invalid(why) => invalid(why),
        EnrolError::Refused => denied("D1-ENROL-004").into(),
        EnrolError::Shown(Shown::Copied | Shown::Locked) => denied("D1-ENROL-005").into(),
        EnrolError::Shown(Shown::Revoked) => denied("D1-ENROL-006").into(),
        EnrolError::Shown(Shown::Unknown | Shown::Current | Shown::Previous) => {
            denied("D1-ENROL-007").into()
        }
        EnrolError::TooLate => denied("D1-ENROL-008").into(),
        EnrolError::TooMany(_) => denied("D1-ENROL-009").into(),
        EnrolError::Busy | EnrolError::Unavailable(_) | _ => {
            let cause = error.source().map_or_else(String::new, ToString::to_string);
            tracing::warn!(%cause, "a device gets no certificate or link now");
            let fields = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(AGAIN_AFTER))]);
            let problem = Problem::new("D1-ENROL-503", Category::Network, title)
                .leaving("nothing was changed")
                .next(format!("ask again in {AGAIN_AFTER} s"));
            Refusal::from(problem).with(fields)
        }
    }
}

/// Why a device that comes by a token is not let in.
pub(super) fn needs_certificate() -> Problem {
    let title = "devices link with a certificate here, and not with a token";
    Problem::new("D1-ENROL-010", Category::Denied, title)
        .leaving("nothing was changed")
        .next("enrol the device: d1-doctor daemon enroll")
}

/// Why a device that says it is another one is not let in.
pub(super) fn another(said: DeviceId) -> Problem {
    let title = format!("the certificate is not one of device {said}");
    Problem::new("D1-ENROL-011", Category::Denied, title)
        .because("a device is who its certificate says")
        .leaving("nothing was changed")
        .next("give the daemon the --state-dir in which it enrolled")
}
