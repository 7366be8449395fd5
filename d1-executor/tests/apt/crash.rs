//! We die in the middle of an installation; it does not.

use crate::{
    bench::{Stand, change, install, installed},
    scratch::{Deb, Machine},
};
use d1_core::{Ended, ProbeAnswer, State};
use d1_executor::{
    Captured, Command, Goal, PackageManager as _, ProcessTool, Run, Tool, ToolError,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;

/// Says that it has begun, and ends when it may.
const PATIENT: Deb = Deb::new("d1-patient", "1.0")
    .postinst("echo has begun; until [ -e \"$DPKG_ROOT/may-end\" ]; do sleep 0.05; done");

/// The real tool, and a word about every look at whether something still runs.
#[derive(Debug)]
struct Watched {
    real: ProcessTool,
    looks: mpsc::UnboundedSender<bool>,
}

#[async_trait::async_trait]
impl Tool for Watched {
    async fn capture(&self, command: &Command, timeout: Duration) -> Result<Captured, ToolError> {
        self.real.capture(command, timeout).await
    }

    async fn stream(&self, command: &Command, run: &Run<'_>) -> Result<Ended, ToolError> {
        self.real.stream(command, run).await
    }

    async fn still_runs(&self, run: &Run<'_>) -> bool {
        let runs = self.real.still_runs(run).await;
        self.looks.send(runs).unwrap();
        runs
    }
}

#[tokio::test]
async fn an_installation_that_outlived_us_is_waited_for_and_counted_as_done() {
    let machine = Machine::with(&[PATIENT]);
    let (looks, mut looked) = mpsc::unbounded_channel();
    let apt = machine.apt_with(Arc::new(Watched { real: ProcessTool::default(), looks }));
    let wanted = install(&["d1-patient"]);
    let baseline = apt.prepare().await.unwrap();
    let mut stand = Stand::new();

    // Whoever followed it is gone, as after a kill.
    let mut outputs = std::mem::replace(&mut stand.outputs, mpsc::channel(1).1);
    let begun = async {
        let mut text = String::new();
        while !text.contains("has begun") {
            text += &String::from_utf8_lossy(&outputs.recv().await.expect("more output").bytes);
        }
    };
    let run = stand.run();
    tokio::select! {
        ended = apt.apply(&wanted, &run) => panic!("it cannot have ended: {ended:?}"),
        () = begun => {}
    }

    let probe = apt.probe(Goal::Packages(&wanted), &baseline, &run);
    let let_it_end = async {
        for _ in 0..2 {
            assert_eq!(looked.recv().await, Some(true), "it runs, and is looked at again");
        }
        std::fs::write(machine.root().join("may-end"), "").unwrap();
    };
    let (probed, ()) = tokio::join!(probe, let_it_end);
    let probed = probed.unwrap();
    assert_eq!(probed.answer, ProbeAnswer::Done);
    assert_eq!(probed.changes, [change("d1-patient", State::Absent, installed("1.0", false))]);
}
