//! `d1-doctor approvals`: what a cloud ordered and waits for a yes at this machine.
//!
//! The daemon is asked over its own socket. It knows by the kernel's word who asks, and takes a
//! yes only from a program that has a terminal before it; so there is no flag that says yes.

use crate::{
    args::{self, Global},
    compose,
    failure::{ExitCode, Failure},
    home::Home,
    reach::{DaemonState, daemon_state},
    terminal::Terminal,
    ui::{
        exact_view,
        text::{inert, when},
    },
};
use d1_core::{
    Category, Clock as _, Digest, FromDevice, OrchestratorLink, Problem, RequestId, Supervisor,
    SystemClock, ToDevice, WaitingTask,
};
use d1_protocol::unix;
use serde::Serialize;
use std::time::Duration;

/// How long the daemon may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

#[derive(Serialize)]
struct Told {
    schema: &'static str,
    waiting: Vec<One>,
}

#[derive(Serialize)]
struct One {
    /// What a yes is a yes to.
    what: Digest,
    #[serde(flatten)]
    task: WaitingTask,
}

/// Lists what waits, shows it, or answers.
pub async fn run(
    terminal: &Terminal,
    global: &Global,
    home: &Home,
    what: &args::Approvals,
) -> Result<ExitCode, Failure> {
    // Before anything is asked: whoever cannot be asked says no yes.
    if matches!(what, args::Approvals::Approve(_)) && !terminal.can_ask() {
        return Err(nobody_to_ask());
    }
    let supervisor = Supervisor::default();
    let mut daemon = Daemon { link: dial(global, home, &supervisor).await? };
    let waiting = daemon.all().await?;
    match what {
        args::Approvals::List => list(terminal, waiting),
        args::Approvals::Show(one) => show(terminal, &picked(&waiting, &one.task)?),
        args::Approvals::Approve(one) => {
            approve(terminal, &mut daemon, picked(&waiting, &one.task)?).await
        }
        args::Approvals::Decline(one) => {
            let task = picked(&waiting, &one.task)?;
            daemon.decide(&task, false).await?;
            let done = terminal.glyphs.done;
            terminal.print_text(&format!("{done} it does not run\n"));
            Ok(ExitCode::Ok)
        }
    }
}

fn list(terminal: &Terminal, waiting: Vec<WaitingTask>) -> Result<ExitCode, Failure> {
    if !terminal.is_text() {
        return Ok(json(terminal, waiting));
    }
    let mut text = String::new();
    for WaitingTask { command, risk, why, until, .. } in &waiting {
        let left = until.since(SystemClock::new().now()).as_secs().div_ceil(60);
        text += &format!("{}  {risk:<6}  {}\n", command.task.short(), inert(&command.step.title));
        text += &format!("  why    {}\n", inert(why));
        text += &format!("  left   {left} min, then it is a no\n");
    }
    if waiting.is_empty() {
        text += "nothing waits for a yes at this machine\n";
    } else {
        text += "see one, and answer: d1-doctor approvals approve TASK\n";
    }
    terminal.print_text(&text);
    Ok(ExitCode::Ok)
}

fn json(terminal: &Terminal, waiting: Vec<WaitingTask>) -> ExitCode {
    let one = |task: WaitingTask| One { what: task.what(), task };
    let waiting = waiting.into_iter().map(one).collect();
    terminal.print_json(&Told { schema: "d1.approvals.v1", waiting });
    ExitCode::Ok
}

fn show(terminal: &Terminal, task: &WaitingTask) -> Result<ExitCode, Failure> {
    if terminal.is_text() {
        terminal.print_text(&text(task));
        return Ok(ExitCode::Ok);
    }
    Ok(json(terminal, vec![task.clone()]))
}

fn text(task: &WaitingTask) -> String {
    let WaitingTask { command, risk, why, by, until } = task;
    let ago = when(until.since(SystemClock::new().now()));
    format!(
        "{}\n\n  step     {}\n  risk     {risk}: {}\n  ordered  by {}\n  setup    {}\n  plan     {}\n  until    {}\n",
        exact_view::step(&command.step),
        inert(&command.step.title),
        inert(why),
        inert(by),
        command.setup,
        command.plan,
        ago.replace(" ago", " from now"),
    )
}

async fn approve(
    terminal: &Terminal,
    daemon: &mut Daemon,
    task: WaitingTask,
) -> Result<ExitCode, Failure> {
    terminal.talk(&text(&task));
    match terminal.ask("Let exactly this run? [y/N]").as_deref() {
        Some("y" | "yes") => {}
        Some(_) | None => {
            return Err(Problem::new("D1-INPUT-002", Category::Denied, "you did not say yes")
                .leaving("it still waits, and is a no when nobody answers")
                .next(format!("d1-doctor approvals decline {}", task.command.task.short()))
                .into());
        }
    }
    daemon.decide(&task, true).await?;
    terminal.print_text(&format!("{} it runs\n", terminal.glyphs.done));
    if !terminal.is_text() {
        json(terminal, vec![task]);
    }
    Ok(ExitCode::Ok)
}

/// The one whose id begins so.
fn picked(waiting: &[WaitingTask], begins: &str) -> Result<WaitingTask, Failure> {
    let named = |task: &&WaitingTask| task.command.task.to_string().starts_with(begins);
    let mut found = waiting.iter().filter(named);
    let title = match (found.next(), found.next()) {
        (Some(one), None) if !begins.is_empty() => return Ok(one.clone()),
        (Some(_), _) => format!("several tasks that wait begin with `{}`", inert(begins)),
        (None, _) => format!("no task that waits begins with `{}`", inert(begins)),
    };
    Err(Problem::new("D1-RISK-003", Category::Usage, title)
        .leaving("nothing was begun")
        .next("d1-doctor approvals list")
        .into())
}

/// The daemon of this machine.
struct Daemon {
    link: OrchestratorLink,
}

impl Daemon {
    async fn all(&mut self) -> Result<Vec<WaitingTask>, Failure> {
        let mut all = Vec::new();
        loop {
            let place = u32::try_from(all.len()).unwrap_or(u32::MAX);
            let request = RequestId::generate();
            match self.ask(ToDevice::ShowWaiting { request, place }, request).await? {
                Some(one) => all.push(one),
                None => return Ok(all),
            }
        }
    }

    async fn decide(&mut self, task: &WaitingTask, yes: bool) -> Result<(), Failure> {
        let (request, what) = (RequestId::generate(), task.what());
        let decide = ToDevice::Decide { request, task: task.command.task, what, yes };
        self.ask(decide, request).await.map(drop)
    }

    async fn ask(
        &mut self,
        question: ToDevice,
        asked: RequestId,
    ) -> Result<Option<WaitingTask>, Failure> {
        let answered = async {
            self.link.tx.send(question).await.ok()?;
            loop {
                // It tells how the machine is, and the like, besides.
                if let Some(answer) = answer(self.link.rx.recv().await?, asked) {
                    return Some(answer);
                }
            }
        };
        let answered = tokio::time::timeout(ANSWER_WITHIN, answered).await.ok().flatten();
        answered.unwrap_or_else(|| Err(silent()))
    }
}

/// What was said, if it is the answer to what was asked.
fn answer(said: FromDevice, asked: RequestId) -> Option<Result<Option<WaitingTask>, Failure>> {
    if let FromDevice::Waiting { request, one, .. } = said {
        return (request == asked).then(|| Ok(one.map(|one| *one)));
    }
    if let FromDevice::Refused { request, problem } = said {
        return (request == asked).then(|| Err(problem.into()));
    }
    None
}

async fn dial(
    global: &Global,
    home: &Home,
    supervisor: &Supervisor,
) -> Result<OrchestratorLink, Failure> {
    match daemon_state(global, home) {
        DaemonState::Listening { socket } => {
            compose::dial(&unix::Dial::new(&socket, supervisor.clone())).await
        }
        DaemonState::Forbidden { socket } => Err(compose::forbidden(&socket)),
        DaemonState::Gone { socket } => Err(compose::gone(&socket)),
        DaemonState::None => Err(Problem::new(
            "D1-DAEMON-001",
            Category::Daemon,
            "no daemon runs here, so nothing that a cloud ordered waits",
        )
        .leaving("nothing was begun")
        .into()),
    }
}

fn nobody_to_ask() -> Failure {
    Problem::new("D1-INPUT-001", Category::Usage, "this needs a yes, and nobody can be asked")
        .because("standard input or standard error is not a terminal, or --no-input was given")
        .leaving("nothing was begun")
        .next("type it at a terminal of this machine: no flag and no program says yes to this")
        .into()
}

fn silent() -> Failure {
    Problem::new("D1-DAEMON-001", Category::Daemon, "the daemon does not answer")
        .because("it is busy, ends just now, or is of an older version")
        .leaving("nothing was begun that was not told to be")
        .next("d1-doctor status")
        .into()
}
