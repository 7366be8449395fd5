//! What a setup tells, as server-sent events: `Last-Event-ID` goes on where a connection broke.

use super::caller::Named;
use crate::{refusal::Refusal, setups::Setups};
use axum::{
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use d1_core::{Progress, SetupId};
use d1_protocol::api;
use futures_util::{Stream, StreamExt as _};
use std::convert::Infallible;

/// Tells what happens until the setup is over.
#[utoipa::path(
    get, path = api::EVENTS, operation_id = "followSetup", tag = "setups",
    params(
        ("id" = SetupId, Path, description = "which setup"),
        ("Last-Event-ID" = Option<u64>, Header, description = "the last event that was seen"),
    ),
    responses((
        status = 200,
        description = "events named `progress`, each with its `seq` as id and a Progress as data",
        body = Progress, content_type = "text/event-stream",
    )),
)]
pub(crate) async fn events(
    setups: Setups,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    let after = headers.get("Last-Event-ID").and_then(|id| id.to_str().ok()?.parse().ok());
    let news = setups.follow(id, after.unwrap_or(0)).await?;
    // A store that fails ends the stream; the client asks again from where it was.
    let news = news.take_while(|news| std::future::ready(news.is_ok()));
    let events = news.filter_map(|news| std::future::ready(news.ok().map(|news| Ok(event(&news)))));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn event(news: &Progress) -> Event {
    let data = serde_json::to_string(news).unwrap_or_default();
    Event::default().id(news.seq.to_string()).event("progress").data(data)
}
