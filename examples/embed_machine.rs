//! The executor alone, in a program of your own: typed actions with a preview, a receipt and
//! a way back, on this machine, without a daemon, a server or an account.

#![expect(clippy::print_stdout, reason = "an example prints")]

use d1_core::{
    Action, Executor, File, FileChange, Job, Outcome, Revert, Step, Stop, SystemClock, TaskId,
};
use d1_executor::{Machine, MachineConfig};
use std::{error::Error, fs, sync::Arc};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let greeting = folder.path().join("greeting");
    fs::write(&greeting, "the old words\n")?;

    let clock = Arc::new(SystemClock::new());
    let machine = Machine::new(MachineConfig::this(&folder.path().join("state"), clock)?);
    let action = Action::File(File {
        path: greeting.to_string_lossy().parse()?,
        change: FileChange::Write { content: "hello\n".into(), mode: None },
    });

    // Look: nothing changes.
    let preview = machine.preview(&action.clone().into()).await?;
    println!("would change: {}", preview.changes[0].resource);

    // Do: what was there before is kept first.
    let (task, (output, _listener)) = (TaskId::generate(), mpsc::channel(64));
    let baseline = machine.prepare(task, &action.clone().into()).await?;
    let step = Step::new("greet".parse()?, "write a greeting", action);
    let done = machine.run(&Job::new(task, step, baseline), &output, &Stop::new()).await?;
    println!("{}: {}", done.outcome, fs::read_to_string(&greeting)?.trim());

    // Undo: from the receipt, not from a guess.
    let action = Action::Revert(Revert { task, changes: done.changes });
    let (task, step) = (TaskId::generate(), Step::new("undo".parse()?, "take it back", action));
    let baseline = machine.prepare(task, &(&step).into()).await?;
    let undone = machine.run(&Job::new(task, step, baseline), &output, &Stop::new()).await?;
    assert_eq!(undone.outcome, Outcome::Succeeded);
    println!("undone: {}", fs::read_to_string(&greeting)?.trim());
    Ok(())
}
