//! What a device wants besides an order: the signature of a person, a yes at the machine. The
//! cloud carries the one, tells of the other, and can give neither.

use super::{
    core::{Engine, setup_problem},
    drive::Driver,
    error::EngineError,
};
use d1_core::{
    Category, Preview, Problem, ProgressEvent, SealedGrant, Setup, SetupId, StoreError, TaskId,
};

/// How often a grant is saved again after somebody else saved the setup first.
const SAVE_TRIES: usize = 8;

impl Engine {
    /// Keeps the signature of a person under the plan of a setup, to be sent along with its
    /// steps. What it says is for the device to read.
    pub async fn sign(&self, id: SetupId, grant: &SealedGrant) -> Result<Setup, EngineError> {
        let parts = &self.0.parts;
        for _ in 0..SAVE_TRIES {
            let mut next = parts.store.get(id).await?;
            if next.state.is_under_way() {
                return Err(under_way(id).into());
            }
            next.grant = Some(grant.clone());
            match parts.store.save(&mut next, &[], parts.clock.now()).await {
                Ok(()) => return Ok(next),
                Err(StoreError::Stale(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Stale(id).into())
    }
}

impl Driver {
    /// The device waits for a yes that is given at the machine itself: people are told.
    pub(super) async fn asked_here(&mut self, task: TaskId, what: &str) -> Result<(), EngineError> {
        let Some(step) = self.setup.task(task).filter(|task| task.state.is_out()) else {
            return Ok(());
        };
        let title = format!("`{}` waits for a yes at the machine", step.step);
        let problem = Problem::new("D1-RISK-002", Category::Denied, title)
            .because(what)
            .leaving("nothing was changed by this step")
            .next("at the machine: d1-doctor approvals list");
        if self.setup.asks.as_ref() == Some(&problem) {
            return Ok(());
        }
        let news = [ProgressEvent::Asked { problem: problem.clone() }];
        self.keep(Setup { asks: Some(problem), ..self.setup.clone() }, &news).await
    }
}

/// What a person has to do first, where a device said so of a plan.
pub(super) fn wants_signature(id: SetupId, previews: &[Preview]) -> Option<Problem> {
    previews.iter().any(|preview| preview.signature).then(|| {
        let title = "this device wants the plan signed by somebody whose key it trusts";
        Problem::new("D1-GRANT-001", Category::Denied, title)
            .because("its owner wants it so, whoever orders it")
            .leaving("nothing was changed")
            .next(format!("d1-doctor setups sign {id}"))
    })
}

fn under_way(id: SetupId) -> Problem {
    let title = format!("setup {} is on its way, and is signed before it begins", id.short());
    setup_problem("D1-SETUP-018", id, title).next("sign it once it has ended, and resume it")
}
