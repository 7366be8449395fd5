//! `d1-doctor cancel`: stop a setup that is running.
//!
//! The process that drives the setup is told. When there is none, because it died, this
//! process takes the setup over and brings it to its end.

use crate::{
    args,
    commands::{
        drive::{drive, last_news},
        status::standing,
    },
    compose::{Local, Mode},
    failure::{ExitCode, Failure},
    home::Home,
    pick::{Last, pick},
    store_failure,
    terminal::Terminal,
};
use d1_core::{Category, Problem, Setup, SetupId, SetupStore, StopMode};
use d1_protocol::api::SetupView;
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;

/// How often the store is looked at until the setup is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a step may take to come to its end before the command stops waiting.
const WAIT_AT_MOST: Duration = Duration::from_secs(60);

/// Stops a setup.
pub async fn run(
    terminal: &Terminal,
    global: &args::Global,
    (home, store): (&Home, &dyn SetupStore),
    args: &args::Cancel,
) -> Result<ExitCode, Failure> {
    let setup = pick(store, &args.setup, Last::Newest).await?;
    if setup.is_over() {
        let words = standing(home, &setup).replace('_', " ");
        let title = format!("setup {} is not running: {words}", setup.id.short());
        return Err(Problem::new("D1-SETUP-005", Category::Usage, title)
            .leaving("nothing was changed")
            .next(format!("d1-doctor status {}", setup.id.short()))
            .into());
    }
    let mode = match (args.kill, args.now) {
        (true, _) => StopMode::Kill,
        (false, true) => StopMode::Now,
        (false, false) => StopMode::AfterStep,
    };
    match home.driver_of(setup.id) {
        Some(driver) => ask_driver(terminal, (home, store), &setup, driver, mode).await,
        None => take_over(terminal, global, home, setup.id, mode).await,
    }
}

async fn ask_driver(
    terminal: &Terminal,
    (home, store): (&Home, &dyn SetupStore),
    setup: &Setup,
    driver: u32,
    mode: StopMode,
) -> Result<ExitCode, Failure> {
    home.leave_stop(setup.id, mode)?;
    let pid = i32::try_from(driver).ok().and_then(Pid::from_raw);
    let told = pid.is_some_and(|pid| kill_process(pid, Signal::USR1).is_ok());
    if !told {
        let title = format!("process {driver}, which drives the setup, cannot be told to stop");
        return Err(Problem::new("D1-SETUP-006", Category::Denied, title)
            .because("it belongs to another user, or has just ended")
            .next(format!("d1-doctor status {}", setup.id.short()))
            .into());
    }
    let over = tokio::time::timeout(WAIT_AT_MOST, until_over(store, setup.id)).await;
    match over {
        Ok(setup) => {
            let setup = setup?;
            if terminal.is_text() {
                let words = standing(home, &setup).replace('_', " ");
                terminal.print_text(&format!("setup {} has {words}\n", setup.id.short()));
            } else {
                terminal.print_json(&SetupView::from(&setup));
            }
            Ok(ExitCode::Ok)
        }
        Err(_elapsed) => {
            terminal.talk("it stops when its running step has ended; --kill does not wait");
            Ok(ExitCode::StillRunning)
        }
    }
}

async fn until_over(store: &dyn SetupStore, id: SetupId) -> Result<Setup, Failure> {
    loop {
        let setup = store.get(id).await.map_err(store_failure)?;
        if setup.is_over() {
            return Ok(setup);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn take_over(
    terminal: &Terminal,
    global: &args::Global,
    home: &Home,
    id: SetupId,
    mode: StopMode,
) -> Result<ExitCode, Failure> {
    let local = Local::open(terminal, global, home, Mode::Work).await?;
    let driving = home.drive(id)?;
    let work = async {
        let seen = last_news(&local, id).await?;
        local.engine.take(id).await?;
        local.engine.stop(id, mode).await?;
        drive(terminal, home, &local, id, seen).await
    };
    let ended = work.await;
    drop(driving);
    local.close().await;
    // Being stopped is what was asked for.
    ended.map(|exit| if exit == ExitCode::Interrupted { ExitCode::Ok } else { exit })
}
