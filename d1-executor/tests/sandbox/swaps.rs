//! Names that are swapped while we look: a link in the place of a folder, thousands of times.

use crate::rig::Rig;
use d1_executor::{Access, How, SandboxError, Touch};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

/// How many sandboxes are set up at least while the names are swapped, and at most until each
/// way of it was seen.
const SET_UPS: usize = 60;
const SET_UPS_AT_MOST: usize = 5000;
/// How often the command itself swaps and looks.
const SWAPS: u32 = 20_000;

fn swap(one: &Path, other: &Path) {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_swapped_in_while_the_sandbox_is_made_never_leads_out() {
    let rig = Rig::new();
    let hall = tempfile::tempdir_in("/var/lib").unwrap();
    fs::write(hall.path().join("secret"), "top secret").unwrap();
    let (place, link) = (rig.path("work/place"), rig.path("work/link"));
    fs::create_dir_all(&place).unwrap();
    std::os::unix::fs::symlink(hall.path(), &link).unwrap();
    let (over, swaps, led_out) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let mut grant = rig.grant(&["sh", "-c", "cat work/place/secret; echo x > work/place/new"]);
    grant.touches = vec![Touch { path: place.clone(), access: Access::Write }];
    let (mut ran, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                swap(&place, &link);
                // Whoever follows names would see it: the other half of the time.
                led_out.fetch_add(
                    u32::from(fs::read(place.join("secret")).is_ok()),
                    Ordering::Relaxed,
                );
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                for turn in 0..SET_UPS_AT_MOST {
                    let led_out = led_out.load(Ordering::Relaxed);
                    if turn >= SET_UPS && led_out > 0 && ran > 0 && refused > 0 {
                        break;
                    }
                    match rig.run(&grant).await {
                        Ok(ended) => {
                            ran += 1;
                            assert_eq!(ended.report.stdout, "");
                        }
                        Err(SandboxError::Path { .. } | SandboxError::SetUp { .. }) => refused += 1,
                        other => assert!(other.is_ok(), "{other:?}"),
                    }
                }
            });
        });
        over.store(true, Ordering::Relaxed);
    });
    assert!(led_out.into_inner() > 0, "in {} swaps a name never led out", swaps.into_inner());
    assert!(ran > 0 && refused > 0, "both were seen: {ran} ran, {refused} were refused");
    assert_eq!(fs::read_dir(hall.path()).unwrap().count(), 1, "something was made outside");
}

#[tokio::test]
async fn a_command_that_swaps_names_itself_sees_nothing_it_was_not_given() {
    let rig = Rig::new();
    let hall = tempfile::tempdir_in("/var/lib").unwrap();
    fs::write(hall.path().join("secret"), "top secret").unwrap();
    fs::create_dir_all(rig.path("work/place")).unwrap();
    std::os::unix::fs::symlink(hall.path(), rig.path("work/link")).unwrap();
    // `renameat2(2)` with RENAME_EXCHANGE; how often it worked, and how often it led out.
    let script = format!(
        "my ($done, $out) = (0, 0); my ($one, $other) = ('work/place', 'work/link'); \
        for (1..{SWAPS}) {{ $done++ if syscall(316, -100, $one, -100, $other, 2) == 0; \
        $out++ if open(my $file, '<', 'work/place/secret'); }} print qq($done $out);"
    );
    let ended = rig.run(&rig.grant(&["perl", "-e", &script])).await.unwrap();
    assert_eq!(ended.report.how, How::Exited(0), "{}", ended.report.stderr);
    assert_eq!(ended.report.stdout, format!("{SWAPS} 0"));
    let mut outside = std::process::Command::new("perl");
    outside.args(["-e", &script]).current_dir(&rig.home);
    let said = String::from_utf8(outside.output().unwrap().stdout).unwrap();
    assert_eq!(said, format!("{SWAPS} {}", SWAPS / 2), "outside it leads on");
}
