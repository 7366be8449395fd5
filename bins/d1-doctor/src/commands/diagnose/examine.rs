//! Looking at this machine, with a line that tells how far it is.

use crate::{
    args::Global,
    failure::Failure,
    home::Places,
    terminal::{Progress, Terminal},
    ui::{findings_view::View, frame::MAX_WIDTH, live::Live, text::clip},
};
use d1_core::{About, Category, Finding, Problem, SystemClock};
use d1_executor::{Accepted, Doctor, Host, Selection, Sight, all_checks};
use futures_util::StreamExt as _;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, MissedTickBehavior, interval_at},
};

/// What is over before this needs no line that tells how far it is.
const QUIET: Duration = Duration::from_millis(200);
/// How often that line is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// The doctor of this machine, and what it sees.
pub struct Examination {
    /// What it sees.
    pub sight: Sight,
    doctor: Doctor,
    state_dir: Option<PathBuf>,
}

/// How a look ended.
pub enum Looked {
    /// At everything that was selected: the findings in the order in which they are listed.
    AtAll(Vec<Finding>),
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Examination {
    /// The doctor of this machine; an error when a name of the selection means nothing.
    pub fn new(global: &Global, offline: bool, selection: &Selection) -> Result<Self, Failure> {
        let state_dir = global.state_dir.clone().or_else(|| Places::present().state_dir());
        let host = Host::this(Arc::new(SystemClock::new()));
        let seen = Sight::this(host, state_dir.as_deref().unwrap_or(Path::new("")));
        let sight = Sight { offline, ..seen };
        let doctor = Doctor::new(sight.clone()).accepting(Accepted::of(&sight));
        match doctor.unknown(selection) {
            Some(name) => Err(unknown(name).into()),
            None => Ok(Self { sight, doctor, state_dir }),
        }
    }

    /// Where things are kept; `None` when nobody says where.
    #[must_use]
    pub fn state_dir(&self) -> Option<&Path> {
        self.state_dir.as_deref()
    }

    /// Looks, and tells of each finding as it comes.
    pub async fn look(
        &self,
        terminal: &Terminal,
        selection: &Selection,
        mut tell: impl FnMut(&Finding),
    ) -> Looked {
        let mut waiting: Vec<About> = self.doctor.selected(selection);
        let all = waiting.len();
        let mut coming = std::pin::pin!(self.doctor.examine(selection));
        let mut findings = Vec::with_capacity(all);
        let mut line = Line::new(terminal);
        let mut tick = interval_at(Instant::now() + QUIET, DRAW_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // Where signals cannot be listened for, Ctrl-C ends the process by itself.
        let mut interrupt = signal(SignalKind::interrupt()).ok();
        let interrupted = async {
            match &mut interrupt {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        let mut interrupted = std::pin::pin!(interrupted);
        loop {
            tokio::select! {
                finding = coming.next() => {
                    let Some(finding) = finding else { break };
                    waiting.retain(|about| about.id != finding.check.as_str());
                    tell(&finding);
                    findings.push(finding);
                }
                _ = tick.tick() => line.draw(findings.len(), all, waiting.first(), &self.sight),
                _ = &mut interrupted => {
                    line.end();
                    return Looked::Interrupted;
                }
            }
        }
        line.end();
        sort(&mut findings);
        Looked::AtAll(findings)
    }
}

/// Findings as this terminal shows them.
#[must_use]
pub fn view(terminal: &Terminal) -> View<'_> {
    View { glyphs: &terminal.glyphs, width: terminal.width }
}

/// As they are listed, whatever the order in which they came.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|f| all_checks().position(|about| about.id == f.check.as_str()));
}

/// The line that tells how far a look is, on standard error.
struct Line<'a> {
    terminal: &'a Terminal,
    live: Option<Live<io::Stderr>>,
}

impl<'a> Line<'a> {
    fn new(terminal: &'a Terminal) -> Self {
        Self { terminal, live: None }
    }

    fn draw(&mut self, done: usize, all: usize, next: Option<&About>, sight: &Sight) {
        if self.terminal.progress != Progress::Live {
            return;
        }
        if self.live.is_none() {
            self.live = Live::begin(io::stderr()).ok();
        }
        let spinner = self.terminal.glyphs.spinner(sight.host.clock.now());
        let waiting = next.map_or(String::new(), |about| format!(", waiting for {}", about.id));
        let text = clip(&format!("{spinner} {done} of {all}{waiting}"), MAX_WIDTH);
        if let Some(live) = &mut self.live {
            // A terminal that is gone shows nothing.
            let _unseen = live.draw(&[text]);
        }
    }

    fn end(self) {
        if let Some(live) = self.live {
            let _unseen = live.end();
        }
    }
}

fn unknown(name: &str) -> Problem {
    let mut areas: Vec<&str> = Vec::new();
    for about in all_checks() {
        if !areas.contains(&about.area()) {
            areas.push(about.area());
        }
    }
    let title = format!("there is no check and no area `{name}`");
    Problem::new("D1-CHECK-001", Category::Usage, title)
        .because(format!("the areas are {}", areas.join(", ")))
        .leaving("nothing was changed")
        .next("d1-doctor diagnose --list")
}
