//! Commands that are killed in the middle of traffic leave nothing: no thread, no descriptor, no
//! network namespace. Alone in its program, so that what is counted is its own.

#![expect(clippy::unwrap_used, reason = "test code: a fault here fails the test")]
#![cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]

#[path = "egress/town.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod town;

use d1_core::{Stop, StopMode};
use d1_executor::How;
use std::{fs, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::Semaphore,
};
use town::Town;

const GOOD: &str = "good.example.org";
const HOSTS: [&str; 1] = ["good.example.org:7"];

/// Threads of gates, and all descriptors of this program.
fn left() -> (usize, usize) {
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten().filter(|it| {
        fs::read_to_string(it.path().join("comm")).is_ok_and(|name| name.trim() == "d1-egress")
    });
    (threads.count(), fs::read_dir("/proc/self/fd").unwrap().count())
}

/// How many network namespaces the processes of this machine are in, and descriptors hold.
fn namespaces() -> usize {
    let of = |path: std::path::PathBuf| fs::read_link(path.join("ns/net")).ok();
    let all = fs::read_dir("/proc").unwrap().flatten().filter_map(|it| of(it.path()));
    all.collect::<std::collections::BTreeSet<_>>().len()
}

#[tokio::test]
async fn f20_a_kill_in_the_middle_of_traffic_leaves_nothing() {
    let town = Town::new();
    let flowing = Arc::new(Semaphore::new(0));
    let tell = Arc::clone(&flowing);
    let source = town
        .server(move |mut stream| {
            let tell = Arc::clone(&tell);
            async move {
                let _ask = stream.read(&mut [0; 1]).await;
                let mut first = true;
                while stream.write_all(&[7; 65536]).await.is_ok() {
                    if std::mem::take(&mut first) {
                        tell.add_permits(1);
                    }
                }
            }
        })
        .await;
    town.map.lead(GOOD, &[&[source]]);
    let line = "for i in 1 2 3 4; do (exec 3<>/dev/tcp/good.example.org/7; echo >&3; cat <&3 >/dev/null) & done; wait";
    let grant = town.grant(&["bash", "-c", line], &HOSTS);
    // Once, so that what stays for good is there already.
    town.shell("true", &HOSTS).await;
    let (mut before, spaces) = (left(), namespaces());
    for _ in 0..5 {
        let stop = Stop::new();
        let kill = async {
            flowing.acquire_many(4).await.unwrap().forget();
            stop.ask(StopMode::Kill);
        };
        let (ended, ()) = tokio::join!(town.run_until(&grant, &stop), kill);
        let ended = ended.unwrap();
        assert_eq!(ended.report.how, How::Killed);
        let open = ended.isolation.network.decisions.iter().find(|it| it.port == 7).unwrap();
        assert!(open.times == 4 && open.received > 0, "{open:?}");
        // The servers of this test hold one end each until they see that the other is gone.
        let mut after = left();
        for _ in 0..2000 {
            if after == before {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            after = left();
        }
        assert_eq!(after.0, 0, "a thread is left");
        before.0 = 0;
        assert_eq!(after, before);
        assert!(namespaces() <= spaces + 1, "a namespace is left");
    }
}
