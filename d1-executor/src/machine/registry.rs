//! How the tool of a language registry is set up: it is asked itself, behind the walls that a step would
//! have, without any network, and told to keep nothing.
//!
//! What the tool says is a name that a person is shown before they say yes; no host is known here.

use super::core::Machine;
use crate::registries::{self, Asked, Told};
use d1_core::{
    Action, Answer, Baseline, Ended, Exec, Job, Outcome, Proposal, Source, Step, Stop, TaskId,
};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a tool may take to say it.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Pieces of output on their way to nobody.
const QUEUE: usize = 16;

impl Machine {
    /// The hosts of a registry, as its tool is set up here.
    pub(super) async fn registry(&self, source: Source) -> Answer {
        let mut why = format!("no tool of {} is on this machine", source.as_str());
        for asked in registries::questions(source, &self.looker.home) {
            if self.looker.host.find(asked.program()).is_none() {
                continue;
            }
            match self.ask_tool(asked).await {
                Ok(Told { hosts, folders, .. }) => {
                    let (hosts, folders) = (hosts.into_iter(), folders.into_iter());
                    return Answer::Registry { hosts: hosts.collect(), folders: folders.collect() };
                }
                Err(told) => why = told,
            }
        }
        Answer::Unknown(why)
    }

    async fn ask_tool(&self, asked: Asked) -> Result<Told, String> {
        let mut all = Told::default();
        for question in &asked.questions {
            let ended = self.run_tool(&question.exec).await?;
            let told = (question.read)(&ended.stdout, &ended.stderr, &self.looker.home);
            let told = told.map_err(|said| format!("`{}` {said}", question.exec.argv))?;
            all.hosts.extend(told.hosts);
            all.folders.extend(told.folders);
            if told.is_all {
                break;
            }
        }
        Ok(all)
    }

    /// Runs it behind walls; how it ends is for whoever reads its words.
    async fn run_tool(&self, exec: &Exec) -> Result<Ended, String> {
        let action = Action::Exec(exec.clone());
        let id = "registry".parse().map_err(|error| format!("{error}"))?;
        // As a step that writes, it sees its settings in the home, which may be secret.
        let step = Step { timeout: TIMEOUT, ..Step::new(id, "ask where a registry is", action) };
        let told = |error: d1_core::ExecutorError| error.to_string();
        let permit = self.admit(&Proposal::from(&step)).await.map_err(told)?;
        let permit = permit.ok_or_else(|| "it cannot be asked".to_owned())?;
        if self.sandbox.is_none() {
            // Whatever wrote its settings would run with our rights.
            return Err("its tool is asked behind walls only, and there are none".to_owned());
        }
        let job = Job::new(TaskId::generate(), step, Baseline::default());
        let (to, mut from) = mpsc::channel(QUEUE);
        let nobody = async { while from.recv().await.is_some() {} };
        let run = async {
            let ended = permit.run(self.sandbox.as_ref(), &job, &to, &Stop::new()).await;
            drop(to);
            ended
        };
        let (ended, ()) = tokio::join!(run, nobody);
        let ended = ended.map_err(told)?;
        // One that cannot have what it is asked for says so, and is heard.
        let has_answered = [Outcome::Succeeded, Outcome::Failed].contains(&ended.outcome);
        let silent = || format!("`{}` did not answer: {}", exec.argv, ended.outcome);
        if has_answered { Ok(ended) } else { Err(silent()) }
    }
}
