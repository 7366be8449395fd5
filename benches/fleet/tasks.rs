//! Tasks in a second and how long each takes, alone and in a fleet.

use crate::{args::Args, disk, drive::drive, idle::Fleet, place, table::Table, worker::Workers};
use std::time::Duration;

/// How long the disk is measured.
const DISK: Duration = Duration::from_secs(2);

/// Measures one at a time and many at once: with few devices linked, then with the fleet.
pub(crate) async fn measure(args: &Args) {
    let server = place::server();
    let (client, url) = (place::client(&server), place::links(&server));
    let workers = Workers::link(&url, &client, args.in_flight).await;
    let commits = disk::commits_per_second(server.desk().state_dir(), DISK);
    // Caches fill, pages are mapped.
    drive(&client, &workers, (args.in_flight, None), Duration::from_secs(1)).await;
    let many = (args.in_flight, args.rate);
    let alone_one = drive(&client, &workers, (1, None), args.time()).await;
    let alone_many = drive(&client, &workers, many, args.time()).await;
    let fleet = Fleet::link(&url, args.devices).await;
    let fleet_one = drive(&client, &workers, (1, None), args.time()).await;
    let fleet_many = drive(&client, &workers, many, args.time()).await;
    let commits_after = disk::commits_per_second(server.desk().state_dir(), DISK);
    let commits = f64::midpoint(commits, commits_after);
    let mut table = Table::new(
        format!(
            "setups of one task, from the client's wish to the end it is told; {} devices",
            args.devices
        ),
        ["tasks/s", "p50", "p99", "p99 to alone", "tasks/commit"],
    );
    let lines = [
        ("one at a time, alone", &alone_one, &alone_one),
        ("one at a time, in the fleet", &fleet_one, &alone_one),
        ("many at once, alone", &alone_many, &alone_many),
        ("many at once, in the fleet", &fleet_many, &alone_many),
    ];
    for (name, driven, first) in lines {
        let ratio = driven.quantile(0.99).as_secs_f64() / first.quantile(0.99).as_secs_f64();
        table.line(
            name,
            [
                format!("{:.0}", driven.per_second()),
                format!("{:.1?}", driven.quantile(0.5)),
                format!("{:.1?}", driven.quantile(0.99)),
                format!("{ratio:.2}×"),
                format!("{:.2}", driven.per_second() / commits),
            ],
        );
    }
    table.print();
    println!("  the disk commits {commits:.0} times a second\n");
    fleet.leave().await;
    workers.leave().await;
}
