//! Fork bombs that are killed at random times leave nothing: no process, no mount, no control
//! group, no namespace, no descriptor. Alone in its program, so that what is counted is its own.
//!
//! As often as one likes: `D1_KILLS=1000 tests/run fork_bombs`.

#![expect(clippy::unwrap_used, reason = "test code: a fault here fails the test")]
#![cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]

#[path = "sandbox/rig.rs"]
mod rig;

use d1_core::{Stop, StopMode};
use d1_executor::{Grant, How, Limits, Profile};
use rig::{PATIENCE, Rig};
use std::{fs, time::Duration};

/// How often, unless somebody wants more.
const KILLS: u32 = 100;
/// The latest time, after the bomb went off.
const LATEST: u32 = 40_000;

/// What a run could leave behind: processes with this word, mounts, groups, descriptors. A
/// namespace lives as long as one of these holds it, and what else is on this machine has its
/// own, so these are what is counted.
fn left(mark: &str) -> (usize, usize, usize, usize) {
    let count = |path: &str| fs::read_dir(path).unwrap().count();
    let marked = fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| line.windows(mark.len()).any(|part| part == mark.as_bytes()))
    });
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let places: Vec<String> = mounts
        .lines()
        .filter(|line| line.contains(" - cgroup2 "))
        .filter_map(|line| Some(line.split(' ').nth(4)?.to_owned()))
        .collect();
    let ours = format!("d1-{}-", std::process::id());
    let groups = places.iter().flat_map(|place| fs::read_dir(place).unwrap().flatten());
    let groups = groups.filter(|entry| entry.file_name().to_string_lossy().starts_with(&ours));
    (marked.count(), mounts.lines().count(), groups.count(), count("/proc/self/fd"))
}

#[tokio::test]
async fn fork_bombs_killed_at_any_time_leave_nothing() {
    let kills = std::env::var("D1_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let mark = format!("d1bomb{}", std::process::id());
    // Every process goes into a session of its own, so that no group or session holds them.
    let line = format!(": {mark}; b() {{ setsid sh -c ': {mark}; sleep 100' & b & b & }}; b; wait");
    // What is made once, and stays.
    Rig::new().shell("true").await;
    let before = left(&mark);
    let mut random = u64::from(std::process::id());
    for round in 0..kills {
        // Numerical Recipes' generator: any spread of times will do, and it can be repeated.
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let micros = u64::from((random >> 33) as u32 % LATEST);
        let rig = Rig::new();
        let mut grant = rig.grant(&["bash", "-c", &line]);
        grant.limits = Limits { processes: 200, ..Limits::USUAL };
        match round % 3 {
            0 => {}
            // After one command the next has a first process that was made ahead.
            1 => drop(rig.shell("true").await),
            // After two that only read, the walls of a third like them are up, or go up.
            _ => {
                let reads = |grant| Grant { profile: Profile::Diagnose, cwd: "/".into(), ..grant };
                for _ in 0..2 {
                    let ended = rig.run(&reads(rig.grant(&["true"]))).await.unwrap();
                    assert_eq!(ended.report.how, How::Exited(0));
                }
                grant = reads(grant);
            }
        }
        let stop = Stop::new();
        let kill = async {
            tokio::time::sleep(Duration::from_micros(micros)).await;
            stop.ask(StopMode::Kill);
        };
        let (ended, ()) = tokio::join!(rig.run_until(&grant, PATIENCE, &stop), kill);
        let how = ended.unwrap().report.how;
        assert!(matches!(how, How::Killed | How::TooManyProcesses), "round {round}: {how:?}");
        drop(rig);
        assert_eq!(left(&mark), before, "round {round}, {micros} µs");
    }
}
