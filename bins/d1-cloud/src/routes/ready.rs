//! Whether the server can work: asked by proxies, of whoever they send somebody to.
//!
//! It is ready while it takes on what is new, and setups and credits can be read. Without Redis
//! it still does everything for the devices that are linked to it, and is ready.

use crate::{compose::App, drain, refusal::Refusal, token::DevelopmentToken};
use axum::extract::State;
use d1_core::{Category, Problem};
use std::time::Duration;

/// How long the databases may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Says `ready`, or why not with status 503.
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, Refusal> {
    if app.supervisor.stopping().is_cancelled() || app.draining.is_cancelled() {
        return Err(drain::going().into());
    }
    match tokio::time::timeout(ANSWER_WITHIN, check(&app)).await {
        Ok(Ok(())) => Ok("ready\n"),
        Ok(Err(cause)) => Err(cannot_work(cause)),
        Err(_elapsed) => Err(cannot_work("the databases do not answer".to_owned())),
    }
}

/// Reads something from each database.
async fn check(app: &App) -> Result<(), String> {
    app.engine.check().await.map_err(|error| error.problem().to_string())?;
    let account = DevelopmentToken::development_account();
    let books = app.credits.ledger.balance(account).await;
    books.map(drop).map_err(|error| error.to_string())
}

fn cannot_work(cause: String) -> Refusal {
    tracing::warn!(%cause, "not ready");
    Problem::new("D1-NODE-005", Category::Network, "this server cannot work at this moment")
        .because(cause)
        .leaving("what was kept is still there")
        .next("see that its databases are there")
        .into()
}
