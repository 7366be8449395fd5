//! What becomes of an order before it is taken on, and what people at the machine say to it.

use super::{
    audit,
    conversation::{Conversation, End},
    core::Agent,
    owner::{Admission, Owner, Said},
    party::Party,
};
use d1_core::{
    Category, Digest, FromDevice, Outcome, Problem, RequestId, Stage, TaskCommand, TaskId,
};

impl Conversation {
    /// Takes an order on, if the owner wants nothing else; asks or refuses otherwise.
    pub(super) async fn vet(&mut self, command: TaskCommand) -> Result<(), End> {
        let Some(owner) = self.party.owner().cloned() else { return self.take_on(command).await };
        if self.has_begun(&command).await? {
            return self.take_on(command).await;
        }
        if !self.is_fenced(command.setup, command.epoch).await? {
            return Ok(());
        }
        let noted = self.agent.note_overruled(&command, &owner.reckoned(&command)).await;
        noted.map_err(End::Broken)?;
        match self.agent.admitted(&owner, &command, Said::Nothing).await? {
            Admission::Take => self.take_on(command).await,
            Admission::Refuse(why) => {
                self.end_unbegun(command, Outcome::DeniedByPolicy, *why).await
            }
            Admission::Ask(reckoning) => {
                let (task, what) = (command.task, reckoning.why.clone());
                match self.agent.ask_here(command.clone(), reckoning, &owner, &self.by) {
                    Ok(()) => {
                        self.asked_here.insert(task, command);
                        self.say(FromDevice::Confirm { task, what, here: true }).await
                    }
                    Err(problem) => self.say(FromDevice::Error(problem)).await,
                }
            }
        }
    }

    /// Somebody at the machine has answered; `None` when it is not known about which task.
    pub(super) async fn hear_answer(&mut self, task: Option<TaskId>) -> Result<(), End> {
        let answered: Vec<TaskId> = match task {
            Some(task) => vec![task],
            None => self.asked_here.keys().copied().collect(),
        };
        for task in answered {
            if let Some(command) = self.asked_here.remove(&task) {
                // What was answered with a yes is on its way; what was not is over. Whatever is
                // neither is asked again.
                self.vet(command).await?;
            }
        }
        Ok(())
    }

    /// Shows people at the machine what waits for their yes.
    pub(super) async fn show_waiting(&self, request: RequestId, place: u32) -> Result<(), End> {
        match self.party {
            Party::Here { .. } => self.say_waiting(request, place).await,
            Party::Known | Party::Cloud(_) => self.refuse_answer(request, elsewhere()).await,
        }
    }

    /// Hears the yes or no of somebody at the machine; of nobody else.
    pub(super) async fn decide_here(
        &self,
        request: RequestId,
        what: (TaskId, Digest),
        yes: bool,
    ) -> Result<(), End> {
        match self.party {
            Party::Here { decides } if decides || !yes => {
                match self.agent.decide(what, yes, &self.by).await {
                    Ok(()) => self.say_waiting(request, u32::MAX).await,
                    Err(problem) => self.say(FromDevice::Refused { request, problem }).await,
                }
            }
            Party::Here { .. } => self.refuse_answer(request, no_terminal()).await,
            Party::Known | Party::Cloud(_) => self.refuse_answer(request, elsewhere()).await,
        }
    }

    async fn say_waiting(&self, request: RequestId, place: u32) -> Result<(), End> {
        let (count, one) = self.agent.show_waiting(place);
        self.say(FromDevice::Waiting { request, count, one: one.map(Box::new) }).await
    }

    /// Who tried is on record.
    async fn refuse_answer(&self, request: RequestId, problem: Problem) -> Result<(), End> {
        tracing::warn!(by = &*self.by, %problem, "an answer is not heard");
        if let Err(error) = self.agent.note(audit::answer_refused(&problem, &self.by)).await {
            tracing::error!(%error, "an answer that is not heard is not in the audit log");
        }
        self.say(FromDevice::Refused { request, problem }).await
    }
}

impl Agent {
    /// What becomes of an order by the owner's word. One that was taken on before, and did not
    /// begin since, has used its grant: that is no reason to refuse it.
    pub(super) async fn admitted(
        &self,
        owner: &Owner,
        command: &TaskCommand,
        said: Said,
    ) -> Result<Admission, d1_core::JournalError> {
        let entry = self.0.parts.journal.entry(command.task).await?;
        let again = entry.is_some_and(|entry| {
            let same = entry.command.attempt == command.attempt
                && entry.command.setup == command.setup
                && entry.command.step == command.step;
            same && entry.stage == Stage::Received
        });
        Ok(owner.admit(self.0.parts.device, command, said, again).await)
    }
}

fn elsewhere() -> Problem {
    let title = "only people at the machine say yes or no to what waits there";
    Problem::new("D1-RISK-004", Category::Denied, title)
        .because("this came over another link than the machine's own socket")
        .leaving("nothing was begun")
        .next("at the machine: d1-doctor approvals list")
}

fn no_terminal() -> Problem {
    Problem::new("D1-RISK-005", Category::Denied, "a yes is given by a person at a terminal")
        .because("whoever sent it has no terminal in front of them, so it may be a program")
        .leaving("nothing was begun")
        .next("at a terminal of the machine: d1-doctor approvals approve")
}
