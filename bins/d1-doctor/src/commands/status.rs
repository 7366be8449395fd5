//! `d1-doctor status`: the daemon, what is going on, and one setup in full.
//!
//! Reads only: it makes no link and takes no lock, so it is quick and always works.

use super::{cloud_link::CloudLink, machine::Machine, policy, protection::Protection};
use crate::{
    args,
    failure::{ExitCode, Failure},
    home::Home,
    pick::{Last, pick},
    reach::{self, DaemonState},
    store_failure,
    terminal::Terminal,
    ui::{
        Glyphs, inert,
        receipt_view::{failure_lines, receipt},
        text::{clip, duration, when},
    },
};
use d1_core::{
    Clock, Finding, Outcome, Page, Risk, Setup, SetupStore, Symptom, Task, TaskState, Timestamp,
    Verdict,
};
use d1_executor::{Demands, History};
use d1_protocol::api::SetupView;
use serde::Serialize;
use std::time::Duration;

/// How many setups the overview lists.
const RECENT: usize = 5;

/// Shows an overview, or one setup.
pub async fn run(
    terminal: &Terminal,
    global: &args::Global,
    (home, store, clock): (&Home, &dyn SetupStore, &dyn Clock),
    args: &args::Status,
) -> Result<ExitCode, Failure> {
    match &args.setup {
        Some(text) => {
            let setup = pick(store, text, Last::Newest).await?;
            one(terminal, home, &setup, clock);
        }
        None => overview(terminal, global, (home, store, clock)).await?,
    }
    Ok(ExitCode::Ok)
}

/// Where a setup stands, as one word for people and scripts. A setup that counts as running
/// though no process drives it was interrupted.
#[must_use]
pub fn standing(home: &Home, setup: &Setup) -> &'static str {
    if setup.is_under_way() && home.driver_of(setup.id).is_none() {
        return "interrupted";
    }
    setup.state.name()
}

#[derive(Serialize)]
struct Overview {
    schema: &'static str,
    version: &'static str,
    daemon: DaemonState,
    cloud: CloudLink,
    state_dir: String,
    /// What the owner wants of what a cloud orders; nothing when the policy cannot be read.
    orders: Option<Demands>,
    isolation: &'static str,
    protection: Protection,
    machine: Machine,
    doctor: Option<Doctor>,
    running: Vec<Line>,
    recent: Vec<Line>,
}

/// What the doctor said last: the command's `diagnose`, or the daemon by itself.
#[derive(Serialize)]
struct Doctor {
    looked_at: Timestamp,
    wrong: usize,
    to_look_at: usize,
    symptoms: Vec<Symptom>,
}

impl Doctor {
    /// `None` when it has not looked yet, or nobody remembers.
    fn of(home: &Home) -> Option<Self> {
        let file = home.state.diagnoses();
        // Looking makes no file.
        let last = file.exists().then(|| History::open(&file).ok()?.last().ok()).flatten()?;
        let looked_at = last.values().map(|(at, _)| *at).max()?;
        let findings: Vec<Finding> = last.into_values().map(|(_, finding)| finding).collect();
        let symptoms = Symptom::of(&findings);
        let of = |verdict| symptoms.iter().filter(|symptom| symptom.verdict == verdict).count();
        let (wrong, to_look_at) = (of(Verdict::Fail), of(Verdict::Warn));
        Some(Self { looked_at, wrong, to_look_at, symptoms })
    }

    fn text(&self, now: Timestamp) -> String {
        let counts = [(self.wrong, "wrong"), (self.to_look_at, "to look at")];
        let told = counts.iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told.map(|(count, what)| format!("{count} {what}")).collect();
        let age = when(now.since(self.looked_at));
        if told.is_empty() {
            return format!("all is well (looked {age})");
        }
        format!("{} (looked {age}); see: d1-doctor diagnose", told.join(" · "))
    }
}

#[derive(Serialize)]
struct Line {
    id: d1_core::SetupId,
    intent: String,
    state: &'static str,
    changed_at: u64,
    driver: Option<u32>,
}

async fn overview(
    terminal: &Terminal,
    global: &args::Global,
    (home, store, clock): (&Home, &dyn SetupStore, &dyn Clock),
) -> Result<(), Failure> {
    let line = |setup: &Setup| Line {
        id: setup.id,
        intent: setup.plan.intent.to_string(),
        state: standing(home, setup),
        changed_at: setup.changed_at.0,
        driver: home.driver_of(setup.id),
    };
    let unfinished = store.unfinished().await.map_err(store_failure)?;
    let page = Page { before: None, limit: RECENT };
    let recent = store.list(Home::account(), page).await.map_err(store_failure)?;
    let protection = Protection::of(global);
    let overview = Overview {
        schema: "d1.status.v1",
        version: env!("CARGO_PKG_VERSION"),
        daemon: reach::daemon_state(global, home),
        cloud: CloudLink::of(home),
        state_dir: home.state.path().display().to_string(),
        orders: policy::of_owner().ok().map(|policy| policy.demands()),
        isolation: protection.report.summary(),
        protection,
        machine: Machine::of(home),
        doctor: Doctor::of(home),
        running: unfinished.iter().map(line).collect(),
        recent: recent.iter().map(line).collect(),
    };
    if terminal.is_text() {
        terminal.print(&overview_text(&overview, clock));
    } else {
        terminal.print_json(&overview);
    }
    Ok(())
}

fn overview_text(overview: &Overview, clock: &dyn Clock) -> String {
    let mut text = format!("d1-doctor  {}\n", overview.version);
    text += &format!("daemon     {}\n", overview.daemon);
    if let Some(cloud) = overview.cloud.text(&overview.daemon, clock.now()) {
        text += &format!("cloud      {cloud}\n");
        text += &match overview.orders {
            Some(orders) => format!("orders     {}\n", wanted(orders)),
            None => "orders     none: the policy cannot be read\n".to_owned(),
        };
    }
    text += &format!("state      {}\n", overview.state_dir);
    text += &format!("isolation  {}\n", overview.protection.text());
    text += &format!("machine    {}\n", overview.machine.text());
    text += &match &overview.doctor {
        Some(doctor) => format!("doctor     {}\n", doctor.text(clock.now())),
        None => "doctor     has not looked yet; try: d1-doctor diagnose\n".to_owned(),
    };
    if overview.recent.is_empty() {
        text += "setups     none yet; try: d1-doctor plan ripgrep\n";
        return text;
    }
    let row = |line: &Line| {
        let age = when(clock.now().since(Timestamp(line.changed_at)));
        let next = match line.state {
            "interrupted" => format!("  → d1-doctor resume {}", line.id.short()),
            _ => String::new(),
        };
        let what = clip(&line.intent, 40);
        format!("  {}  {:<11}  {what}, {age}{next}\n", line.id.short(), line.state)
    };
    for (label, lines) in [("running", &overview.running), ("recent", &overview.recent)] {
        if !lines.is_empty() {
            text += &format!("{label}\n");
            lines.iter().for_each(|line| text += &row(line));
        }
    }
    text
}

/// What the owner wants of what a cloud orders, in one line.
fn wanted(demands: Demands) -> String {
    let Demands { yes, signature, refuse } = demands;
    let of = |what: &str, from: Option<Risk>| from.map(|risk| format!("{what} from `{risk}` on"));
    let all = [
        of("a yes here", yes),
        of("the signature of a person", signature),
        of("nothing at all", refuse),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    match all.is_empty() {
        true => "the word of a cloud is enough here".to_owned(),
        false => format!("of a cloud: {}", all.join(", ")),
    }
}

fn one(terminal: &Terminal, home: &Home, setup: &Setup, clock: &dyn Clock) {
    if !terminal.is_text() {
        terminal.print_json(&SetupView::from(setup));
        return;
    }
    let mut text = String::new();
    for (at, task) in setup.tasks.iter().enumerate() {
        text += &task_line(at + 1, setup, task, &terminal.glyphs);
    }
    if setup.is_over() {
        let took = setup.changed_at.since(setup.created_at);
        text = format!("{}{text}{}", receipt(setup, took, &terminal.glyphs), failure_lines(setup));
    } else {
        let state = standing(home, setup);
        let age = when(clock.now().since(setup.created_at));
        let head = format!("setup {}  {}  {state}, began {age}\n", setup.id, setup.plan.intent);
        text.insert_str(0, &head);
        if state == "interrupted" {
            text += "  its process ended before it did; nothing is lost\n";
            text += &format!("  resume     d1-doctor resume {}\n", setup.id.short());
        }
    }
    terminal.print_text(&text);
}

fn task_line(number: usize, setup: &Setup, task: &Task, glyphs: &Glyphs) -> String {
    let title = setup.plan.step(&task.step).map_or("", |step| step.title.as_str());
    let (mark, words) = match &task.state {
        TaskState::Queued => (glyphs.waiting, "waits".to_owned()),
        TaskState::Sent | TaskState::Received => (glyphs.waiting, "on its way".to_owned()),
        TaskState::Running => (glyphs.still, "running when last heard of".to_owned()),
        TaskState::Silent => (glyphs.still, "silent: the link was lost".to_owned()),
        TaskState::Skipped => (glyphs.skipped, "left out".to_owned()),
        TaskState::Finished(result) => {
            let mark = if result.outcome.is_success() { glyphs.done } else { glyphs.failed };
            let words = if result.outcome == Outcome::Succeeded {
                duration(result.duration.max(Duration::ZERO))
            } else {
                result.outcome.to_string()
            };
            (mark, words)
        }
    };
    format!("  {number}  {mark} {}  {words}\n", inert(title))
}
