//! From a wish to a plan that can be shown.
//!
//! 1. The device tells its facts.
//! 2. The planner plans, or asks more of the machine; at most [`MAX_ROUNDS`] times.
//! 3. The device tells what each step would change.
//! 4. The price list says what that costs.

use super::{core::Engine, error::EngineError, undo::plan_undo};
use d1_core::{
    AccountId, Action, Category, DeviceId, Effect, Facts, Intent, Plan, PlanError, Planned,
    Presence, Preview, Problem, Proposal, Quote, SetupId, Step, Terms,
};

/// How often a planner may ask the machine before it has to say something.
const MAX_ROUNDS: usize = 8;

/// The last parts of the codes by which every package manager says that its index does not
/// have a package, or that it has no index: `D1-APT-002`, `D1-APT-011`.
const CURED_BY_REFRESH: [&str; 2] = ["002", "011"];

/// A plan with everything a person wants to know before saying yes. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What would be done.
    pub plan: Plan,
    /// What the device says each step would change, in the order of the steps.
    pub previews: Vec<Preview>,
    /// What it would cost at most.
    pub quote: Quote,
    /// What the plan was made for.
    pub facts: Facts,
    /// For how long it would wait, and the like; whoever makes a setup of it may choose.
    pub terms: Terms,
}

impl Draft {
    /// Whether everything is so already. What cannot be told counts as not so. A step that
    /// only looks, or refreshes an index, is no work by itself.
    #[must_use]
    pub fn nothing_to_do(&self) -> bool {
        let idle = |(step, preview): (&Step, &Preview)| {
            preview.presence == Presence::Present
                || step.effect == Effect::Read
                || matches!(step.action, Action::RefreshIndex(_))
        };
        self.blocked().is_none() && self.plan.steps.iter().zip(&self.previews).all(idle)
    }

    /// The first reason it cannot be done by anybody.
    #[must_use]
    pub fn blocked(&self) -> Option<&Problem> {
        self.previews.iter().find_map(|preview| preview.blocked.as_ref())
    }

    /// Why it cannot be done with the rights the device has: it may be looked at, and not
    /// begun.
    #[must_use]
    pub fn lacks_rights(&self) -> Option<Problem> {
        let user = &self.facts.user;
        // Only the package managers are asked to become the administrator by themselves.
        let may = |step: &Step| match step.action {
            Action::Packages(_) | Action::RefreshIndex(_) | Action::Revert(_) => {
                user.is_root || user.can_elevate
            }
            Action::Service(_)
            | Action::GroupMember(_)
            | Action::File(_)
            | Action::Exec(_)
            | Action::Shell(_) => user.is_root,
        };
        let mut steps = self.plan.steps.iter().zip(&self.previews);
        let (step, _) = steps.find(|(step, preview)| {
            step.needs_root && preview.presence != Presence::Present && !may(step)
        })?;
        let title = format!("`{}` takes administrator rights", step.title);
        Some(
            Problem::new("D1-PLAN-007", Category::Denied, title)
                .because("it would run as a user who has none, nor `sudo` without a password")
                .leaving("nothing was changed")
                .next("run the same command as root, or with sudo in front"),
        )
    }
}

impl Engine {
    /// Plans `intent` for `device`, and asks it what that would change.
    pub async fn draft(
        &self,
        account: AccountId,
        device: DeviceId,
        intent: Intent,
    ) -> Result<Draft, EngineError> {
        if let Intent::Undo(setup) = intent {
            return self.draft_undo(account, setup).await;
        }
        let mut facts = self.hub().ask(device, Vec::new()).await?;
        for _ in 0..MAX_ROUNDS {
            match self.0.parts.planner.plan(&intent, &facts).await? {
                Planned::Plan(plan) => return self.complete(device, plan, facts).await,
                Planned::Ask(queries) if queries.is_empty() => break,
                Planned::Ask(queries) => {
                    facts.answers.merge(self.hub().ask(device, queries).await?.answers);
                }
            }
        }
        let why = format!("it keeps asking the machine, without a plan after {MAX_ROUNDS} answers");
        Err(PlanError::Unavailable(why).into())
    }

    /// Asks `device` what a plan would change that somebody else made: the doctor for what it
    /// found, an agent, a program that embeds this one.
    pub async fn draft_plan(&self, device: DeviceId, plan: Plan) -> Result<Draft, EngineError> {
        let facts = self.hub().ask(device, Vec::new()).await?;
        self.complete(device, plan, facts).await
    }

    /// Plans to take back what `setup` changed, and asks its device what that would change.
    pub async fn draft_undo(
        &self,
        account: AccountId,
        setup: SetupId,
    ) -> Result<Draft, EngineError> {
        let setup = self.get(account, setup).await?;
        let plan = plan_undo(&setup)?;
        let facts = self.hub().ask(setup.device, Vec::new()).await?;
        self.complete(setup.device, plan, facts).await
    }

    async fn complete(
        &self,
        device: DeviceId,
        plan: Plan,
        facts: Facts,
    ) -> Result<Draft, EngineError> {
        plan.validate().map_err(PlanError::from)?;
        let proposals: Vec<_> = plan.steps.iter().map(Proposal::from).collect();
        let previews = if proposals.is_empty() {
            Vec::new()
        } else {
            self.hub().preview(device, proposals).await?
        };
        let previews = plan.steps.iter().zip(previews);
        let previews = previews.map(|(step, preview)| soften(&plan, step, preview)).collect();
        let quote = self.0.parts.prices.quote(&plan);
        Ok(Draft { plan, previews, quote, facts, terms: Terms::default() })
    }
}

/// A package that the index does not have cannot be simulated. When the plan refreshes that
/// index first, this is no reason to stop, only a reason not to know what it brings.
fn soften(plan: &Plan, step: &Step, preview: Preview) -> Preview {
    let Action::Packages(packages) = &step.action else { return preview };
    let manager = packages.manager.as_str().to_uppercase();
    let curable = CURED_BY_REFRESH.map(|end| format!("D1-{manager}-{end}"));
    let is_curable =
        preview.blocked.as_ref().is_some_and(|problem| curable.contains(&problem.code));
    let refreshes_first = |earlier: &Step| {
        earlier.action == Action::RefreshIndex(packages.manager)
            && plan.dependents(&earlier.id).contains(&step.id)
    };
    if !is_curable || !plan.steps.iter().any(refreshes_first) {
        return preview;
    }
    Preview {
        presence: Presence::Unknown("the package index is refreshed first".into()),
        warnings: vec!["what this brings is known only after the index was refreshed".into()],
        ..Preview::absent(preview.undo)
    }
}
