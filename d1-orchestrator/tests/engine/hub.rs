//! The hub: who is welcome, who is asked, and who waits for whom.

use crate::{
    device::Device,
    stage::{Stage, gone},
};
use d1_core::{
    Category, DeviceId, FromDevice, Health, Hello, Link, Output, OutputChunk, PROTOCOL, Problem,
    Stream, Supervisor, SystemClock, TaskId, Timestamp, ToDevice,
};
use d1_orchestrator::{DeviceNews, Hub, HubError};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

fn a_hub() -> Hub {
    Hub::new(Supervisor::default(), Arc::new(SystemClock::starting_at(Timestamp(1_000))))
}

fn a_hello() -> Hello {
    Device::new(Supervisor::default()).hello()
}

#[tokio::test(start_paused = true)]
async fn a_link_that_says_nothing_is_dropped() {
    let hub = a_hub();
    let (ours, mut theirs) = Link::pair();
    assert_eq!(hub.attach(ours).await, Err(HubError::NoHello));
    assert_eq!(theirs.rx.recv().await, None);
    assert_eq!(hub.devices(), []);
}

#[tokio::test(start_paused = true)]
async fn a_device_of_another_time_is_told_what_is_spoken_here_and_how_to_get_there() {
    for (min, max, how) in [
        (*PROTOCOL.end() + 1, 9, "upgrade the orchestrator, or use a daemon of its version"),
        (0, 0, "upgrade the daemon of this device, then start it again"),
    ] {
        let hub = a_hub();
        let (ours, mut theirs) = Link::pair();
        let hello = Hello { protocol_min: min, protocol_max: max, ..a_hello() };
        theirs.tx.send(FromDevice::Hello(Box::new(hello))).await.unwrap();
        let refused = hub.attach(ours).await.unwrap_err();
        let Some(ToDevice::Error(problem)) = theirs.rx.recv().await else {
            panic!("it was told nothing");
        };
        assert_eq!(refused, HubError::UpgradeRequired(Box::new(problem.clone())));
        assert!(problem.title.starts_with("UPGRADE_REQUIRED"));
        let spoken = format!("min={} max={}", PROTOCOL.start(), PROTOCOL.end());
        assert!(problem.cause.contains(&spoken), "{problem}");
        assert_eq!(problem.next, [how]);
        assert_eq!(theirs.rx.recv().await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_not_admitted_is_told_why_and_takes_no_seat() {
    let hub = a_hub();
    let (ours, mut theirs) = Link::pair();
    let hello = a_hello();
    theirs.tx.send(FromDevice::Hello(Box::new(hello.clone()))).await.unwrap();
    let problem = Problem::new("D1-X-001", Category::Denied, "another's");
    let asked = hub.attach_if(ours, |device| {
        let said = if device == hello.device { Err(problem.clone()) } else { Ok(()) };
        std::future::ready(said)
    });
    assert_eq!(asked.await, Err(HubError::Refused(Box::new(problem.clone()))));
    assert_eq!(theirs.rx.recv().await, Some(ToDevice::Error(problem)));
    assert_eq!(theirs.rx.recv().await, None);
    assert_eq!(hub.devices(), []);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_does_not_answer_is_silent_and_one_that_goes_is_offline() {
    let hub = a_hub();
    let (ours, theirs) = Link::pair();
    theirs.tx.send(FromDevice::Hello(Box::new(a_hello()))).await.unwrap();
    let device = hub.attach(ours).await.unwrap();
    assert_eq!(hub.ask(device, Vec::new()).await, Err(HubError::Silent(device)));
    let (answer, ()) = tokio::join!(hub.ask(device, Vec::new()), async { drop(theirs) });
    assert_eq!(answer, Err(HubError::Offline(device)));
    let stranger = DeviceId::generate();
    assert_eq!(hub.send(stranger, ToDevice::Drain).await, Err(HubError::Offline(stranger)));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_reaches_whoever_asked() {
    let hub = a_hub();
    let (ours, mut theirs) = Link::pair();
    theirs.tx.send(FromDevice::Hello(Box::new(a_hello()))).await.unwrap();
    let device = hub.attach(ours).await.unwrap();
    let problem = Problem::new("D1-X-001", Category::Denied, "not here");
    let (answer, ()) = tokio::join!(hub.ask(device, Vec::new()), async {
        assert!(matches!(theirs.rx.recv().await, Some(ToDevice::Welcome(_))));
        let Some(ToDevice::Ask { request, .. }) = theirs.rx.recv().await else { panic!("no ask") };
        let refused = FromDevice::Refused { request, problem: problem.clone() };
        theirs.tx.send(refused).await.unwrap();
    });
    assert_eq!(answer, Err(HubError::Refused(Box::new(problem))));
}

#[tokio::test(start_paused = true)]
async fn a_device_that_accepts_nothing_loses_its_link() {
    let hub = a_hub();
    let (ours, theirs) = Link::pair();
    theirs.tx.send(FromDevice::Hello(Box::new(a_hello()))).await.unwrap();
    let device = hub.attach(ours).await.unwrap();
    let mut sent = Ok(());
    while sent.is_ok() {
        sent = hub.send(device, ToDevice::Drain).await;
    }
    assert_eq!(sent, Err(HubError::Silent(device)));
    gone(&hub, device).await;
}

#[tokio::test(start_paused = true)]
async fn a_newer_link_of_the_same_device_closes_the_older_one_and_watchers_hear_of_it() {
    let hub = a_hub();
    let hello = a_hello();
    let (ours, mut older) = Link::pair();
    older.tx.send(FromDevice::Hello(Box::new(hello.clone()))).await.unwrap();
    let device = hub.attach(ours).await.unwrap();
    let mut watching = hub.watch(device, BTreeSet::new());
    assert_eq!(watching.next().await, Some(DeviceNews::Up));
    let (ours, newer) = Link::pair();
    newer.tx.send(FromDevice::Hello(Box::new(hello))).await.unwrap();
    assert_eq!(hub.attach(ours).await, Ok(device));
    assert!(matches!(older.rx.recv().await, Some(ToDevice::Welcome(_))));
    assert_eq!(older.rx.recv().await, None);
    tokio::time::timeout(Duration::from_secs(1), older.tx.closed()).await.unwrap();
    assert_eq!(watching.next().await, Some(DeviceNews::Up));
    assert!(hub.is_connected(device));
    // Its end is heard once.
    drop(newer);
    assert_eq!(watching.next().await, Some(DeviceNews::Down));
    assert_eq!(watching.try_next(), None);
    assert!(!hub.is_connected(device));
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_is_slow_slows_the_device_and_not_its_memory() {
    let hub = a_hub();
    let (ours, theirs) = Link::pair();
    theirs.tx.send(FromDevice::Hello(Box::new(a_hello()))).await.unwrap();
    let device = hub.attach(ours).await.unwrap();
    let task = TaskId::generate();
    let mut watching = hub.watch(device, BTreeSet::from([task]));
    assert_eq!(watching.next().await, Some(DeviceNews::Up));
    let chunk = |seq| {
        let output = Output { stream: Stream::Stdout, bytes: vec![b'x'] };
        FromDevice::Output(OutputChunk { task, attempt: 1, seq, output })
    };
    let mut accepted = 0;
    let within = Duration::from_secs(1);
    while theirs.tx.send_timeout(chunk(accepted + 1), within).await.is_ok() {
        accepted += 1;
    }
    assert!(accepted < 200, "{accepted} were accepted");
    // Once it listens again, everything comes, in order.
    for seq in 1..=accepted {
        assert_eq!(watching.next().await, Some(DeviceNews::Said(Box::new(chunk(seq)))));
    }
}

#[tokio::test(start_paused = true)]
async fn devices_are_listed_with_what_is_known_of_them() {
    let stage = Stage::new().await;
    let health = Health { running: 3, ..Health::default() };
    let told = health.clone();
    stage.device.say(FromDevice::Health(Box::new(health))).await;
    let known = async {
        while stage.hub.devices()[0].health.is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), known).await.unwrap();
    let devices = stage.hub.devices();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].hello.version, "1.2.3");
    assert_eq!(devices[0].health, Some(told));
    assert_eq!(devices[0].since, Timestamp(1_000));
}

#[tokio::test(start_paused = true)]
async fn devices_that_are_sent_away_go_one_after_the_other() {
    let hub = a_hub();
    let mut ends = Vec::new();
    for _ in 0..4 {
        let (ours, theirs) = Link::pair();
        theirs.tx.send(FromDevice::Hello(Box::new(a_hello()))).await.unwrap();
        hub.attach(ours).await.unwrap();
        ends.push(theirs);
    }
    let began = tokio::time::Instant::now();
    let mut gone = Vec::new();
    let watch = async {
        for end in &ends {
            end.tx.closed().await;
            gone.push(began.elapsed().as_secs());
        }
    };
    tokio::join!(hub.send_away(Duration::from_secs(8)), watch);
    gone.sort_unstable();
    // In the order of their names, which is by chance: the last is waited for.
    assert_eq!((gone.last(), hub.devices().len()), (Some(&6), 0));
    // With nobody there, there is nothing to wait for.
    hub.send_away(Duration::from_secs(8)).await;
}
