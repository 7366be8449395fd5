//! What whoever owns the device wants besides the word of a cloud, before a task of it begins.
//!
//! 1. How grave the task is, is reckoned here ([`reckon`]); what the cloud says of it counts as
//!    the least.
//! 2. The policy says from which risk on it is refused, needs the signature of a person whose key
//!    is trusted here, or a yes at the machine itself.
//! 3. All of it is asked anew right before the task is taken on: the owner may have written
//!    meanwhile, and a grant is over at some time.

use super::here::RISK_REFUSED;
use crate::policy::{Demands, Policy, Reckoning, real, reckon};
use d1_core::{
    Category, Clock, DeviceId, GrantExpected, GrantRefusal, PlanGrant, Preview, Problem, Proposal,
    ReplayLedger, Risk, TaskCommand, UserTrust, verify_grant,
};
use std::{fmt, sync::Arc, time::Duration};

/// How long the use of a grant is remembered: far longer than any is good, so that a clock that
/// is set back makes none good again.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// The keys of people that are trusted here, read anew each time: what the owner takes away is
/// good for nothing at once.
#[derive(Clone)]
pub struct KnownUsers(Arc<dyn Fn() -> Result<UserTrust, Problem> + Send + Sync>);

impl KnownUsers {
    /// The keys as this reads them.
    pub fn read_by(read: impl Fn() -> Result<UserTrust, Problem> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

impl fmt::Debug for KnownUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownUsers")
    }
}

/// What whoever owns the device wants of the orders of a cloud.
#[derive(Clone, Debug)]
pub struct Owner {
    /// What they wrote down.
    pub policy: Policy,
    /// Whose signatures are good.
    pub users: KnownUsers,
    /// The grants that were used, of all conversations.
    pub ledger: Arc<dyn ReplayLedger>,
    /// What time it is, also after the machine slept.
    pub clock: Arc<dyn Clock>,
}

/// What becomes of an order.
#[derive(Debug)]
pub(super) enum Admission {
    /// It is taken on.
    Take,
    /// Somebody at the machine is asked first.
    Ask(Reckoning),
    /// It is not done.
    Refuse(Box<Problem>),
}

/// What was found out about an order before somebody is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nobody has said anything.
    Nothing,
    /// Somebody at the machine has said yes to exactly this.
    Yes,
}

impl Owner {
    /// How grave an order is: by what it does, and at least what is said of it. What only its
    /// title would tell is no reason.
    pub(super) fn reckoned(&self, command: &TaskCommand) -> Reckoning {
        let reckoned = self.own(&Proposal::from(&command.step), command.step.needs_root);
        match Risk::claimed(&command.step) {
            claimed if claimed > reckoned.risk => {
                Reckoning { risk: claimed, why: "whoever ordered it says so".to_owned() }
            }
            _ => reckoned,
        }
    }

    /// How grave it is by what it does alone.
    pub(super) fn own(&self, what: &Proposal, needs_root: bool) -> Reckoning {
        let walled = self.policy.demand() == crate::sandbox::Demand::Required;
        reckon(what, needs_root, walled, &real)
    }

    /// What becomes of an order. `again` is whether it was admitted before, and did not begin: a
    /// grant that was used for it is not used twice then.
    pub(super) async fn admit(
        &self,
        device: DeviceId,
        command: &TaskCommand,
        said: Said,
        again: bool,
    ) -> Admission {
        match self.try_admit(device, command, said, again).await {
            Ok(admission) => admission,
            Err(problem) => Admission::Refuse(problem),
        }
    }

    async fn try_admit(
        &self,
        device: DeviceId,
        command: &TaskCommand,
        said: Said,
        again: bool,
    ) -> Result<Admission, Box<Problem>> {
        let policy = self.policy.again().map_err(|error| Box::new(error.problem()))?;
        let demands = policy.demands();
        let reckoning = Self { policy, ..self.clone() }.reckoned(command);
        if Demands::reach(demands.refuse, reckoning.risk) {
            return Ok(Admission::Refuse(Box::new(refused(&reckoning))));
        }
        let grant = match Demands::reach(demands.signature, reckoning.risk) {
            true => Some(self.granted(device, command)?),
            false => None,
        };
        if said == Said::Nothing && Demands::reach(demands.yes, reckoning.risk) {
            return Ok(Admission::Ask(reckoning));
        }
        if let Some(grant) = grant {
            self.use_up(&grant, command, again).await?;
        }
        Ok(Admission::Take)
    }

    fn granted(&self, device: DeviceId, command: &TaskCommand) -> Result<PlanGrant, Box<Problem>> {
        let users = (self.users.0)()?;
        let expected = GrantExpected::of(command, device, self.clock.now());
        let granted = verify_grant(command.grant.as_ref(), &expected, &users);
        granted.map_err(|refusal| Box::new(refusal.problem(command.setup)))
    }

    async fn use_up(
        &self,
        grant: &PlanGrant,
        command: &TaskCommand,
        again: bool,
    ) -> Result<(), Box<Problem>> {
        let now = self.clock.now();
        let once = grant.use_for(command.step.digest());
        match self.ledger.take(once, now.after(REMEMBERED), now).await {
            Ok(fresh) if fresh || again => Ok(()),
            Ok(_) => Err(Box::new(GrantRefusal::Used.problem(command.setup))),
            Err(error) => Err(super::gate::trouble(&error)),
        }
    }

    /// Tells whoever shows a plan what its step takes besides an order.
    pub(super) fn annotate(&self, what: &Proposal, preview: Preview) -> Preview {
        let Ok(policy) = self.policy.again() else { return preview };
        let demands = policy.demands();
        let reckoning = Self { policy, ..self.clone() }.own(what, false);
        let Reckoning { risk, why } = &reckoning;
        if Demands::reach(demands.refuse, *risk) {
            return Preview { blocked: preview.blocked.or(Some(refused(&reckoning))), ..preview };
        }
        let mut preview = preview;
        preview.signature = Demands::reach(demands.signature, *risk);
        preview.yes_here = Demands::reach(demands.yes, *risk);
        if preview.signature {
            let text = "the owner of this machine wants the plan signed: d1-doctor setups sign";
            preview.warnings.push(format!("{text} ({why})"));
        }
        if preview.yes_here {
            let text = "it waits for a yes at the machine: d1-doctor approvals list";
            preview.warnings.push(format!("{text} ({why})"));
        }
        preview
    }
}

/// The owner does not want it, whoever orders it.
fn refused(reckoning: &Reckoning) -> Problem {
    let title = format!("the owner of this machine wants nothing done that is {}", reckoning.risk);
    Problem::new(RISK_REFUSED, Category::Denied, title)
        .because(reckoning.why.clone())
        .leaving("nothing was changed by this step")
        .next(
            "do it at the machine itself, or have its owner change `orders.refuse` in policy.toml",
        )
}
