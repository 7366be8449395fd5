//! The server is killed with work under way, and started again: everybody comes back, and
//! everything is done, once.

use crate::{args::Args, drive::one, idle::Fleet, place, table::Table, worker::Workers};
use std::{sync::Arc, time::Instant};
use tokio::task::JoinSet;

/// How many work while the rest waits.
const WORKERS: u32 = 16;
/// How many tasks each has to do meanwhile.
const TASKS: usize = 8;

/// Measures how long it takes until everybody is back.
pub(crate) async fn measure(args: &Args) {
    let server = place::server();
    let (client, url) = (place::client(&server), place::links(&server));
    let workers = Workers::link(&url, &client, WORKERS).await;
    let began = Instant::now();
    let fleet = Fleet::link(&url, args.storm).await;
    let first = began.elapsed();
    let mut working = JoinSet::new();
    for worker in &workers.all {
        let (client, worker) = (client.clone(), Arc::clone(worker));
        working.spawn(async move {
            for _ in 0..TASKS {
                one(&client, &worker).await;
            }
        });
    }
    // Once some of it is done, the server is killed with the rest under way.
    while workers.all.iter().map(|worker| worker.ordered()).min() < Some(2) {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    let server = server.crash_and_restart();
    let up = began.elapsed();
    fleet.until_welcomed(2).await;
    let back = began.elapsed();
    working.join_all().await;
    let done = began.elapsed();
    workers.until_known(&client).await;
    let linked = client.devices().await.unwrap().devices.len();
    assert_eq!(linked, (args.storm + WORKERS) as usize, "somebody is lost");
    once(&client, &workers).await;
    let mut table = Table::new(
        format!("{} devices after the server was killed", args.storm),
        ["seconds", "links/s"],
    );
    let rate = |seconds: f64| format!("{:.0}", f64::from(args.storm) / seconds);
    let mut line = |name: &str, seconds: f64, rate: String| {
        table.line(name, [format!("{seconds:.2}"), rate]);
    };
    line("linked for the first time", first.as_secs_f64(), rate(first.as_secs_f64()));
    line("the server serves again", up.as_secs_f64(), String::new());
    line("and everybody is back", back.as_secs_f64(), rate((back - up).as_secs_f64()));
    line("and all work is done, once", done.as_secs_f64(), String::new());
    table.print();
    fleet.leave().await;
    workers.leave().await;
    drop(server);
}

/// Every setup there is has ended well, and there are as many as were wished for.
async fn once(client: &d1_protocol::ApiClient, workers: &Workers) {
    let wished: usize = workers.all.iter().map(|worker| worker.ordered()).sum();
    let (mut setups, mut cursor) = (Vec::new(), None);
    loop {
        let page = client.list(cursor).await.unwrap();
        setups.extend(page.setups);
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(setups.len(), wished, "a wish is lost, or was heard twice");
    assert!(setups.iter().all(|setup| setup.state == "succeeded"), "not everything is done");
}
