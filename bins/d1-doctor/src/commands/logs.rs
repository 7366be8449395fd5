//! `d1-doctor logs`: what a setup's steps wrote.

use crate::{
    args,
    failure::{ExitCode, Failure},
    home::Home,
    pick::{Last, pick},
    store_failure,
    terminal::Terminal,
    ui::inert,
};
use d1_core::{
    Category, Problem, Progress, ProgressEvent, Setup, SetupId, SetupStore, StepId, Stream,
};
use serde::Serialize;
use std::time::Duration;

/// How many pieces of news are read at once.
const BATCH: usize = 256;
/// How often the store is looked at while following another process's work.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Prints what the steps wrote.
pub async fn run(
    terminal: &Terminal,
    (home, store): (&Home, &dyn SetupStore),
    args: &args::Logs,
) -> Result<ExitCode, Failure> {
    let setup = pick(store, &args.setup, Last::Newest).await?;
    let only = args.step.as_deref().map(|step| step_of(&setup, step)).transpose()?;
    let mut log = Log { terminal, setup: &setup, only, current: None, lines: Vec::new() };
    let mut after = 0;
    loop {
        let news = store.progress(setup.id, after, BATCH).await.map_err(store_failure)?;
        let caught_up = news.is_empty();
        for one in &news {
            after = one.seq;
            log.show(one);
        }
        if caught_up {
            if !args.follow || is_over(home, store, setup.id).await? {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    log.finish();
    Ok(ExitCode::Ok)
}

/// Over, or left behind by a process that died.
async fn is_over(home: &Home, store: &dyn SetupStore, id: SetupId) -> Result<bool, Failure> {
    let setup = store.get(id).await.map_err(store_failure)?;
    Ok(setup.is_over() || home.driver_of(id).is_none())
}

fn step_of(setup: &Setup, text: &str) -> Result<StepId, Failure> {
    let by_number =
        text.parse::<usize>().ok().and_then(|n| setup.plan.steps.get(n.checked_sub(1)?));
    let by_name = || setup.plan.steps.iter().find(|step| step.id.as_str() == text);
    by_number.or_else(by_name).map(|step| step.id.clone()).ok_or_else(|| {
        let title = format!("setup {} has no step `{}`", setup.id.short(), text.escape_debug());
        Problem::new("D1-LOGS-001", Category::Usage, title)
            .because(format!("it has the steps 1 to {}", setup.plan.steps.len()))
            .next(format!("d1-doctor status {}", setup.id.short()))
            .into()
    })
}

struct Log<'a> {
    terminal: &'a Terminal,
    setup: &'a Setup,
    only: Option<StepId>,
    current: Option<StepId>,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    step: StepId,
    attempt: u32,
    stream: Stream,
    text: String,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    setup: SetupId,
    output: &'a [Line],
}

impl Log<'_> {
    fn show(&mut self, news: &Progress) {
        let ProgressEvent::Output { step, attempt, stream, text, .. } = &news.event else {
            return;
        };
        if self.only.as_ref().is_some_and(|only| only != step) {
            return;
        }
        if !self.terminal.is_text() {
            let (step, text) = (step.clone(), text.clone());
            self.lines.push(Line { step, attempt: *attempt, stream: *stream, text });
            return;
        }
        if self.current.as_ref() != Some(step) {
            self.current = Some(step.clone());
            let title = self.setup.plan.step(step).map_or("", |step| step.title.as_str());
            self.terminal.print(&format!("== {} ({step})\n", inert(title)));
        }
        for line in text.split_inclusive('\n') {
            let end = if line.ends_with('\n') || *stream == Stream::Note { "\n" } else { "" };
            let mark = if *stream == Stream::Note { "# " } else { "" };
            self.terminal.print(&format!("{mark}{}{end}", inert(line)));
        }
    }

    fn finish(&self) {
        if !self.terminal.is_text() {
            let setup = self.setup.id;
            let document = Document { schema: "d1.logs.v1", setup, output: &self.lines };
            self.terminal.print_json(&document);
        } else if self.current.is_none() {
            self.terminal.print("its steps wrote nothing\n");
        }
    }
}
