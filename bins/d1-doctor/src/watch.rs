//! Follows a running setup at the terminal, and hears Ctrl-C.
//!
//! 1. News comes in, the model takes it, the terminal shows it.
//! 2. Ctrl-C once: stop after the running step. Twice: ask what to do, or, where nobody can
//!    be asked, stop now and kill after `KILL_AFTER`. A third time: leave at once.
//! 3. A closed terminal (SIGHUP) ends the showing, not the work.
//! 4. Somebody else's wish to stop (`d1-doctor cancel`) comes in as SIGUSR1.

use crate::{
    terminal::{Progress as Show, Terminal},
    ui::{frame::frame, live::Live, model::Model, plain},
};
use d1_core::{Clock, Progress, StopMode};
use futures_util::{Stream, StreamExt as _};
use serde::Serialize;
use std::{future::Future, io, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, Interval, MissedTickBehavior, interval},
};

/// How often the live block is drawn at most.
const REDRAW: Duration = Duration::from_millis(100);
/// Where nobody can be asked, a second Ctrl-C kills after this long.
const KILL_AFTER: Duration = Duration::from_secs(10);
/// The size of a terminal that does not tell.
const UNKNOWN_SIZE: (usize, usize) = (80, 24);

/// How the watching ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The setup is over.
    Over,
    /// The person left; the setup may still be running.
    Left,
    /// The person left by a third Ctrl-C.
    Interrupted,
    /// There is no more news, though the setup is not over.
    Lost,
}

/// What the watcher can ask of whoever drives the setup.
pub trait Control {
    /// Asks the setup to stop.
    fn stop(&self, mode: StopMode) -> impl Future<Output = ()>;
    /// A wish to stop that another process left.
    fn wish(&self) -> Option<StopMode>;
    /// Waits until the machine is gone for good.
    fn gone(&self) -> impl Future<Output = ()>;
}

/// What a person can press, or a system can send.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    wish: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            wish: signal(SignalKind::user_defined1())?,
        })
    }
}

/// The watcher's state between two events.
struct Watch<'a, C: Control> {
    terminal: &'a Terminal,
    model: &'a mut Model,
    clock: &'a dyn Clock,
    control: &'a C,
    show: Show,
    live: Option<Live<io::Stderr>>,
    presses: u8,
    kill_at: Option<Instant>,
}

/// Follows `news` to the end of the setup, or until the person leaves.
pub async fn watch<E>(
    terminal: &Terminal,
    model: &mut Model,
    clock: &dyn Clock,
    control: &impl Control,
    news: impl Stream<Item = Result<Progress, E>>,
) -> io::Result<Ended> {
    let mut signals = Signals::listen()?;
    let mut news = std::pin::pin!(news);
    let show = terminal.progress;
    let live = if show == Show::Live { Some(Live::begin(io::stderr())?) } else { None };
    let mut watch =
        Watch { terminal, model, clock, control, show, live, presses: 0, kill_at: None };
    let mut redraw = ticks(REDRAW);
    let mut heartbeat = ticks(plain::HEARTBEAT);
    heartbeat.reset();
    let ended = loop {
        let kill_at = watch.kill_at;
        tokio::select! {
            biased;
            item = news.next() => match item {
                Some(Ok(progress)) => {
                    heartbeat.reset();
                    watch.hear(&progress);
                    if watch.model.ended.is_some() {
                        break Ended::Over;
                    }
                }
                Some(Err(_)) | None => break Ended::Lost,
            },
            Some(()) = signals.interrupt.recv() => {
                if let Some(ended) = watch.press().await {
                    break ended;
                }
            }
            Some(()) = signals.terminate.recv() => control.stop(StopMode::AfterStep).await,
            Some(()) = signals.hangup.recv() => watch.go_dark(),
            Some(()) = signals.wish.recv() => {
                if let Some(mode) = control.wish() {
                    control.stop(mode).await;
                }
            }
            () = control.gone() => break Ended::Lost,
            () = until(kill_at), if kill_at.is_some() => {
                watch.kill_at = None;
                control.stop(StopMode::Kill).await;
            }
            _ = redraw.tick(), if watch.live.is_some() => watch.draw(),
            _ = heartbeat.tick(), if watch.show == Show::Plain => watch.beat(),
        }
    };
    watch.finish();
    Ok(ended)
}

impl<C: Control> Watch<'_, C> {
    fn hear(&mut self, progress: &Progress) {
        self.model.hear(progress);
        match self.show {
            Show::Plain => {
                if let Some(line) = plain::line(self.model, progress) {
                    self.terminal.talk(&line);
                }
            }
            Show::Events => self.terminal.print_json(&Event { schema: "d1.progress.v1", progress }),
            Show::Live | Show::None => {}
        }
    }

    /// Ctrl-C.
    async fn press(&mut self) -> Option<Ended> {
        self.presses += 1;
        match self.presses {
            1 => {
                self.say("stopping after this step; Ctrl-C again to choose");
                self.control.stop(StopMode::AfterStep).await;
                None
            }
            2 if self.terminal.can_ask() => self.choose().await,
            2 => {
                self.say("stopping now; the step is killed in 10 s");
                self.control.stop(StopMode::Now).await;
                self.kill_at = Some(Instant::now() + KILL_AFTER);
                None
            }
            _ => Some(Ended::Interrupted),
        }
    }

    async fn choose(&mut self) -> Option<Ended> {
        self.finish();
        let question = "A step is still running. \
            [w] wait for it  [l] leave it running  [k] kill it, which may leave it half done ›";
        let terminal = self.terminal.clone();
        let answer = tokio::task::spawn_blocking(move || terminal.ask(question)).await;
        match answer.ok().flatten().as_deref() {
            Some("k" | "kill") => {
                self.control.stop(StopMode::Kill).await;
                self.resume_drawing();
                None
            }
            Some("l" | "leave") | None => Some(Ended::Left),
            Some(_) => {
                self.presses = 1;
                self.resume_drawing();
                None
            }
        }
    }

    fn say(&self, text: &str) {
        if self.show == Show::Plain || self.show == Show::Events {
            self.terminal.talk(text);
        }
    }

    /// The terminal is gone: the work goes on unseen.
    fn go_dark(&mut self) {
        self.show = Show::None;
        self.live = None;
    }

    fn draw(&mut self) {
        let lines = frame(self.model, self.clock.now(), size(), &self.terminal.glyphs);
        let drawn = self.live.as_mut().map_or(Ok(()), |live| live.draw(&lines));
        if drawn.is_err() {
            self.go_dark();
        }
    }

    fn resume_drawing(&mut self) {
        if self.show == Show::Live {
            self.live = Live::begin(io::stderr()).ok();
        }
    }

    fn beat(&self) {
        if let Some(line) = plain::heartbeat(self.model, self.clock.now()) {
            self.terminal.talk(&line);
        }
    }

    fn finish(&mut self) {
        if let Some(live) = self.live.take() {
            // A terminal that is gone needs no tidying.
            let _gone = live.end();
        }
    }
}

#[derive(Serialize)]
struct Event<'a> {
    schema: &'static str,
    #[serde(flatten)]
    progress: &'a Progress,
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks
}

async fn until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}

/// Columns and rows, by ioctl: the terminal itself is never asked.
fn size() -> (usize, usize) {
    match rustix::termios::tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            (usize::from(size.ws_col), usize::from(size.ws_row))
        }
        Ok(_) | Err(_) => UNKNOWN_SIZE,
    }
}
