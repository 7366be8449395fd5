//! Whether the server can work: asked by proxies, of whoever they send somebody to.
//!
//! It is ready while it takes on what is new, and setups and credits can be read. Without Redis
//! it still does everything for the devices that are linked to it, and is ready. The databases
//! are asked once in a second at most, however many ask.

use crate::{compose::App, drain, refusal::Refusal, token::DevelopmentToken};
use axum::extract::State;
use d1_core::{Category, Problem};
use d1_protocol::api;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// How long the databases may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How long an answer is good for others who ask.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// When the databases were asked, and why the server cannot work, if it cannot.
type Look = (Instant, Result<(), String>);

/// The last time that the databases were asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastLook(Arc<Mutex<Option<Look>>>);

/// Says `ok` for as long as the process lives.
#[utoipa::path(
    get, path = api::HEALTH, operation_id = "isAlive", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")),
)]
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// Says `ready`, or why not with status 503.
#[utoipa::path(
    get, path = api::READY, operation_id = "isReady", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")),
)]
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, Refusal> {
    can_work(&app).await.map(|()| "ready\n")
}

/// Whether the server can work, or why not.
pub(super) async fn can_work(app: &App) -> Result<(), Refusal> {
    if app.supervisor.stopping().is_cancelled() || app.draining.is_cancelled() {
        return Err(drain::going().into());
    }
    let mut last = app.last_look.0.lock().await;
    let can_work = match &*last {
        Some((at, known)) if at.elapsed() < GOOD_FOR => known.clone(),
        _ => {
            let found = look(app).await;
            *last = Some((Instant::now(), found.clone()));
            found
        }
    };
    can_work.map_err(refused)
}

/// Reads something from each database.
async fn look(app: &App) -> Result<(), String> {
    let account = DevelopmentToken::development_account();
    let reads = async {
        app.engine.check().await.map_err(|error| error.problem().to_string())?;
        let books = app.credits.ledger.balance(account).await;
        books.map(drop).map_err(|error| error.to_string())
    };
    let read = tokio::time::timeout(ANSWER_WITHIN, reads).await;
    let told = read.unwrap_or_else(|_elapsed| Err("the databases do not answer".to_owned()));
    told.inspect_err(|cause| tracing::warn!(%cause, "not ready"))
}

fn refused(cause: String) -> Refusal {
    Problem::new("D1-NODE-005", Category::Network, "this server cannot work at this moment")
        .because(cause)
        .leaving("what was kept is still there")
        .next("see that its databases are there")
        .into()
}
