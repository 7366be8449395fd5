//! What an idle link costs the server, beside a bare server of WebSockets.

use crate::{
    args::{Args, Buffers},
    idle::Fleet,
    peer::Peer,
    place,
    table::Table,
};
use std::time::Duration;

/// How long memory settles.
const SETTLE: Duration = Duration::from_secs(3);
/// So many come and go first, so that what is made once is not counted.
const FIRST: u32 = 16;

/// Measures ours, then the peers.
pub(crate) async fn measure(args: &Args) {
    let server = place::server();
    let url = place::links(&server);
    Fleet::link(&url, FIRST).await.leave().await;
    tokio::time::sleep(SETTLE).await;
    let before = place::memory_of(server.pid());
    let fleet = Fleet::link(&url, args.devices).await;
    tokio::time::sleep(SETTLE).await;
    let ours = per_link(before, place::memory_of(server.pid()), args.devices);
    fleet.leave().await;
    let mut table = Table::new(
        format!("memory of the server for each of {} idle links", args.devices),
        ["bytes", "ratio"],
    );
    let mut line = |name: &str, bytes: f64| {
        table.line(name, [format!("{bytes:.0}"), format!("{:.2}×", bytes / ours)]);
    };
    line("d1-cloud: link, seat, facts, health", ours);
    for (name, buffers) in [
        ("bare server, its library's buffers", Buffers::Default),
        ("bare server, our buffers", Buffers::Tuned),
    ] {
        let peer = Peer::start(buffers);
        drop(peer.hold(FIRST).await);
        tokio::time::sleep(SETTLE).await;
        let before = place::memory_of(peer.pid());
        let links = peer.hold(args.devices).await;
        tokio::time::sleep(SETTLE).await;
        line(name, per_link(before, place::memory_of(peer.pid()), args.devices));
        drop(links);
    }
    table.print();
}

fn per_link(before: u64, after: u64, links: u32) -> f64 {
    after.saturating_sub(before) as f64 / f64::from(links)
}
