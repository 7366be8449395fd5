//! Devices: who is linked, and the link itself.

use super::{caller::Caller, enrolments};
use crate::{compose::App, drain, refusal::Refusal, setups::Setups, socket::framed};
use axum::{
    Extension, Json,
    extract::{
        Path, State, WebSocketUpgrade, rejection::PathRejection,
        ws::rejection::WebSocketUpgradeRejection,
    },
    response::Response,
};
use d1_core::{AccountId, Category, DeviceId, Problem};
use d1_orchestrator::DeviceCertificate;
use d1_protocol::{
    MAX_FRAME_BYTES,
    api::{self, DeviceView, Devices, Purged},
    websocket,
};

/// How much may wait to be written to one device, beside what its queue holds.
const WRITE_BUFFER: usize = 2 * MAX_FRAME_BYTES;

/// The devices that are linked, to whichever server.
#[utoipa::path(
    get, path = api::DEVICES, operation_id = "listDevices", tag = "devices",
    responses((status = 200, body = Devices)),
)]
pub(crate) async fn list(setups: Setups) -> Result<Json<Devices>, Refusal> {
    Ok(Json(setups.devices().await?))
}

/// Ends what waits for a device that is away: of each of these setups nothing more is sent, and
/// one of which nothing was sent is over, and what it held is free.
#[utoipa::path(
    post, path = api::PURGE, operation_id = "purgeDevice", tag = "devices",
    params(("id" = DeviceId, Path, description = "which device")),
    responses((status = 200, body = Purged)),
)]
pub(crate) async fn purge(
    setups: Setups,
    device: Result<Path<DeviceId>, PathRejection>,
) -> Result<Json<Purged>, Refusal> {
    let Ok(Path(device)) = device else { return Err(Refusal::unknown_path().await) };
    Ok(Json(setups.purge(device).await?))
}

/// The devices of an account that are linked, to whichever server.
pub(crate) async fn linked(app: &App, account: AccountId) -> Result<Devices, Refusal> {
    let mut devices = here(app, account).await?;
    let mut complete = true;
    if let Some(nodes) = &app.nodes {
        let others = nodes.devices(account).await;
        complete = others.complete;
        // One that has just moved is told of by both; where it came to is right.
        for device in others.devices {
            match devices.iter_mut().find(|known| known.id == device.id) {
                Some(known) if known.since < device.since => *known = device,
                Some(_) => {}
                None => devices.push(device),
            }
        }
        devices.sort_by_key(|device| device.id);
    }
    Ok(Devices { schema: Devices::SCHEMA.to_owned(), devices, complete })
}

/// The devices of an account that are linked here.
pub(super) async fn here(app: &App, account: AccountId) -> Result<Vec<DeviceView>, Refusal> {
    let view = |device: &d1_orchestrator::DeviceStatus| DeviceView {
        id: device.hello.device,
        version: device.hello.version.clone(),
        system: system(&device.hello.facts),
        since: device.since.0,
        heard: device.heard.0,
        certified: app.certified.has(device.hello.device),
        health: device.health.as_ref().map(Into::into),
    };
    let mut devices = Vec::new();
    for device in app.engine.hub().devices() {
        if app.people.owner(device.hello.device).await? == Some(account) {
            devices.push(view(&device));
        }
    }
    Ok(devices)
}

/// A device links up, and is the account's from then on, unless it is another's.
#[utoipa::path(
    get, path = api::LINK, operation_id = "linkDevice", tag = "devices",
    responses((status = 101, description = "a WebSocket that speaks the link language")),
)]
pub(crate) async fn link(
    State(app): State<App>,
    Caller(account): Caller,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    app.takes_on()?;
    if app.door.is_some() {
        return Err(enrolments::needs_certificate().into());
    }
    let (upgrade, place) = (bounded(upgrade)?, app.seats.take()?);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let link = websocket::accept(framed(socket, place), &app.supervisor);
        let admit = async |device| {
            if app.draining.is_cancelled() {
                return Err(drain::going());
            }
            let enrolled = app.enrolments.knows(device).await;
            // Whoever has a token could be anybody who read it, and not the device that enrolled.
            if enrolled.map_err(|error| enrolments::refused(error).into_problem())? {
                return Err(enrolments::needs_certificate());
            }
            app.people.claim(device, account).await
        };
        if let Err(error) = app.engine.hub().attach_if(link, admit).await {
            tracing::warn!(%error, "a link was refused");
        }
    }))
}

/// A device links up that has shown its certificate: it is who that says, whatever it says
/// itself.
pub(crate) async fn link_certified(
    State(app): State<App>,
    Extension(shown): Extension<DeviceCertificate>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    app.takes_on()?;
    let upgrade = bounded(upgrade)?;
    app.enrolments.admit(&shown).await.map_err(enrolments::refused)?;
    let place = app.seats.take()?;
    Ok(upgrade.on_upgrade(move |socket| async move {
        let link = websocket::accept(framed(socket, place), &app.supervisor);
        let admit = async |said| {
            if app.draining.is_cancelled() {
                return Err(drain::going());
            }
            if said != shown.device {
                return Err(enrolments::another(said));
            }
            // From now on it is looked after by whoever closes the links of those shut out.
            app.certified.came(said, shown.ends);
            Ok(())
        };
        if let Err(error) = app.engine.hub().attach_if(link, admit).await {
            tracing::warn!(%error, device = %shown.device, "a link was refused");
        }
    }))
}

/// A WebSocket whose frames are no larger than ours are.
fn bounded(
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<WebSocketUpgrade, Refusal> {
    let upgrade = upgrade.map_err(|error| {
        Problem::new("D1-API-007", Category::Usage, "devices link up here, over WebSocket")
            .because(error.body_text())
            .leaving("nothing was changed")
    })?;
    Ok(upgrade
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .read_buffer_size(websocket::READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER))
}

fn system(facts: &d1_core::Facts) -> String {
    match &facts.distro {
        Some(distro) => format!("{} {}", distro.name, facts.arch),
        None => facts.arch.clone(),
    }
}
