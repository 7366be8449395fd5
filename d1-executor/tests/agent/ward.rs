//! An owner who wants more than the word of a cloud, and whoever signs plans for them.

use crate::rig::Rig;
use d1_core::{
    Clock as _, DeviceId, Digest, PlanGrant, ReplayLedger, SealedGrant, TaskCommand, TaskId,
    Timestamp, TrustedUser, UserKey, UserTrust, memory::MemoryReplayLedger,
};
use d1_executor::{CloudTerms, KnownUsers, Owner, Policy};
use std::sync::{Arc, Mutex};

/// The device of a [`Rig`].
pub(crate) fn device() -> DeviceId {
    DeviceId::from_bytes([1; 16])
}

/// An owner, and whom they trust.
pub(crate) struct Ward {
    pub(crate) rig: Rig,
    pub(crate) key: UserKey,
    pub(crate) trust: Arc<Mutex<UserTrust>>,
    ledger: Arc<dyn ReplayLedger>,
    policy: Policy,
}

impl Ward {
    /// An owner with this policy, who trusts one person.
    pub(crate) fn with(policy: &str, rig: Rig) -> Self {
        let key = UserKey::from_seed(&[9; 32]);
        let mut trust = UserTrust::default();
        let since = Timestamp::default();
        assert!(trust.trust(TrustedUser { key: key.public(), name: "ada".into(), since }));
        Self {
            rig,
            key,
            trust: Arc::new(Mutex::new(trust)),
            ledger: Arc::new(MemoryReplayLedger::new()),
            policy: Policy::parse(policy, "").unwrap(),
        }
    }

    /// One who wants what changes the system signed.
    pub(crate) fn signing() -> Self {
        Self::with("[orders]\nyes = 'never'\nsignature = 'system'\n", Rig::new())
    }

    /// The same owner of a device that was started anew, and has forgotten what waited.
    pub(crate) fn restarted(self, rig: Rig) -> Self {
        Self { rig, ..self }
    }

    pub(crate) fn terms(&self) -> CloudTerms {
        let trust = Arc::clone(&self.trust);
        let owner = Owner {
            policy: self.policy.clone(),
            users: KnownUsers::read_by(move || Ok(trust.lock().unwrap().clone())),
            ledger: Arc::clone(&self.ledger),
            clock: Arc::clone(&self.rig.clock) as _,
        };
        CloudTerms { guard: None, owner: Some(owner) }
    }

    /// A yes to this order, and to nothing else.
    pub(crate) fn grant(&self, order: &TaskCommand) -> PlanGrant {
        let issued_at = Timestamp(self.rig.clock.now().0 / 1_000 * 1_000);
        PlanGrant {
            id: *TaskId::generate().as_bytes(),
            device: device(),
            setup: order.setup,
            plan: order.plan,
            steps: vec![Digest::of(b"another step"), order.step.digest()],
            issued_at,
            expires: issued_at.after(PlanGrant::LIFE),
        }
    }

    /// The order, with a yes to it.
    pub(crate) fn signed(&self, order: &TaskCommand) -> TaskCommand {
        with(order, self.grant(order).seal(&self.key).unwrap())
    }
}

/// An order that comes with this.
pub(crate) fn with(order: &TaskCommand, grant: SealedGrant) -> TaskCommand {
    TaskCommand { grant: Some(grant), ..order.clone() }
}
