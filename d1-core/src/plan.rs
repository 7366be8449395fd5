//! How an intent will be carried out: plain data, shown before it runs, pinned while it runs.

use crate::{AbsolutePath, Action, Digest, HostName, Intent, ResourceKey, StepId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What an action does to the machine, at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Looks, and changes nothing.
    Read,
    /// Adds or changes.
    Write,
    /// Takes something away that may be missed.
    Destructive,
}

/// How far a step can be taken back. Said before it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// The machine ends as it was.
    Exact,
    /// All but this.
    Partial(String),
    /// Not at all, for this reason.
    None(String),
}

/// One action in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, unique in the plan.
    pub id: StepId,
    /// What a person reads.
    pub title: String,
    /// What is done.
    pub action: Action,
    /// What it does to the machine, at worst.
    pub effect: Effect,
    /// Whether it takes administrator rights.
    pub needs_root: bool,
    /// The paths it changes, beyond those that its action changes by itself; of a step that only
    /// looks, the paths it looks at. They become the walls around its program.
    pub touches: Vec<AbsolutePath>,
    /// The hosts it talks to.
    pub network: Vec<HostName>,
    /// How long it may run once started.
    #[serde(rename = "timeout_ms", with = "millis")]
    pub timeout: Duration,
    /// Whether it may be stopped in the middle without harm.
    pub interruptible: bool,
    /// How far it can be taken back.
    pub undo: Undo,
    /// The steps that must have succeeded before.
    pub depends_on: Vec<StepId>,
    /// What no two steps may use at once; such steps run one after the other.
    pub resource_keys: Vec<ResourceKey>,
    /// What a person should know before saying yes. Empty when there is nothing.
    pub warning: String,
}

impl Step {
    /// The shortest time a step may be given.
    pub const MIN_TIMEOUT: Duration = Duration::from_secs(1);
    /// The longest time a step may be given.
    pub const MAX_TIMEOUT: Duration = Duration::from_secs(4 * 3600);
    /// What a step is given when its recipe does not say.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

    /// A step that writes, as an ordinary user and without the network, alone and fully
    /// undoable; whatever is otherwise is said by its fields.
    #[must_use]
    pub fn new(id: StepId, title: impl Into<String>, action: Action) -> Self {
        Self {
            id,
            title: title.into(),
            action,
            effect: Effect::Write,
            needs_root: false,
            touches: Vec::new(),
            network: Vec::new(),
            timeout: Self::DEFAULT_TIMEOUT,
            interruptible: true,
            undo: Undo::Exact,
            depends_on: Vec::new(),
            resource_keys: Vec::new(),
            warning: String::new(),
        }
    }

    /// The step's name by what is in it: the digest of its canonical JSON. A step of which
    /// anything is different has another one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // As with a plan: this cannot fail, and if it ever did, an empty text is no step's.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// The steps that carry out an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What it carries out.
    pub intent: Intent,
    /// The steps; each comes after the steps that it depends on.
    pub steps: Vec<Step>,
    /// Where the steps come from: `recipe docker 3 (tested on apt)`, `index of apt`.
    pub sources: Vec<String>,
    /// What a person has to do afterwards, when it succeeded.
    pub follow_up: Vec<String>,
}

/// Why a list of steps is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPlan {
    /// More steps than a plan may have.
    #[error("a plan has at most {max} steps, this one has {given}; ask for fewer things at once")]
    TooManySteps {
        /// How many there are.
        given: usize,
        /// The bound.
        max: usize,
    },
    /// Two steps of one name.
    #[error("two steps are called `{0}`; step ids are unique in a plan")]
    DuplicateStep(StepId),
    /// A dependency on a step that comes later, or never.
    #[error("step `{step}` depends on `{on}`, which does not come before it")]
    Dependency {
        /// Which step.
        step: StepId,
        /// On what.
        on: StepId,
    },
    /// A time no device accepts.
    #[error("step `{step}` may run {given:?}; give it between {min:?} and {max:?}", min = Step::MIN_TIMEOUT, max = Step::MAX_TIMEOUT)]
    Timeout {
        /// Which step.
        step: StepId,
        /// What it was given.
        given: Duration,
    },
    /// An action with nothing to do or too much.
    #[error("step `{step}` is not well formed: {why}")]
    Action {
        /// Which step.
        step: StepId,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Plan {
    /// The most steps.
    pub const MAX_STEPS: usize = 256;

    /// The plan's name: the digest of its canonical JSON. The same plan has the
    /// same name everywhere, and a changed plan has another.
    #[must_use]
    pub fn id(&self) -> Digest {
        // Plain structs, ordered maps and no floats: this cannot fail, and if it
        // ever did, an empty text would match no approval.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Whether these steps can be carried out at all, or the first reason they cannot.
    pub fn validate(&self) -> Result<(), InvalidPlan> {
        if self.steps.len() > Self::MAX_STEPS {
            let (given, max) = (self.steps.len(), Self::MAX_STEPS);
            return Err(InvalidPlan::TooManySteps { given, max });
        }
        let mut seen = BTreeSet::new();
        for step in &self.steps {
            let missing = step.depends_on.iter().find(|on| !seen.contains(on));
            if let Some(on) = missing {
                let (step, on) = (step.id.clone(), on.clone());
                return Err(InvalidPlan::Dependency { step, on });
            }
            if !(Step::MIN_TIMEOUT..=Step::MAX_TIMEOUT).contains(&step.timeout) {
                let (step, given) = (step.id.clone(), step.timeout);
                return Err(InvalidPlan::Timeout { step, given });
            }
            if let Some(why) = fault_of(&step.action) {
                return Err(InvalidPlan::Action { step: step.id.clone(), why });
            }
            if !seen.insert(&step.id) {
                return Err(InvalidPlan::DuplicateStep(step.id.clone()));
            }
        }
        Ok(())
    }

    /// The worst any step does.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.steps.iter().map(|step| step.effect).max().unwrap_or(Effect::Read)
    }

    /// The step of this name.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// Every step that depends on `id`, directly or not.
    #[must_use]
    pub fn dependents(&self, id: &StepId) -> BTreeSet<&StepId> {
        let mut found = BTreeSet::new();
        for step in &self.steps {
            if step.depends_on.iter().any(|on| on == id || found.contains(on)) {
                found.insert(&step.id);
            }
        }
        found
    }
}

fn fault_of(action: &Action) -> Option<&'static str> {
    use crate::{File, FileChange, Packages};
    const TOO_MUCH_ENV: usize = 64;
    let crowded = |env: &BTreeMap<String, String>| {
        env.len() > TOO_MUCH_ENV || env.keys().any(|key| key.is_empty() || key.contains('='))
    };
    match action {
        Action::Packages(p) if p.names.is_empty() => Some("it names no package"),
        Action::Packages(p) if p.names.len() > Packages::MAX_NAMES => {
            Some("it names too many packages")
        }
        Action::File(File { change: FileChange::Write { content, .. }, .. })
            if content.len() > File::MAX_BYTES =>
        {
            Some("the file is too large")
        }
        Action::File(File { change: FileChange::EnsureLine { line }, .. })
            if line.contains('\n') || line.is_empty() || line.len() > File::MAX_BYTES =>
        {
            Some("the line is empty, too long, or several")
        }
        Action::File(File { change: FileChange::SetMode { mode }, .. }) if *mode > 0o7777 => {
            Some("there are no such permission bits")
        }
        Action::Exec(exec) if crowded(&exec.env) => Some("its environment is too large or bad"),
        Action::Shell(shell) if crowded(&shell.env) => Some("its environment is too large or bad"),
        Action::Shell(shell) if shell.script.is_empty() || shell.script.contains('\0') => {
            Some("the script is empty or has a NUL byte in it")
        }
        Action::Packages(_)
        | Action::RefreshIndex(_)
        | Action::Service(_)
        | Action::GroupMember(_)
        | Action::File(_)
        | Action::Exec(_)
        | Action::Shell(_)
        | Action::Revert(_) => None,
    }
}

/// Durations as whole milliseconds: readable, and the same on every platform.
pub(crate) mod millis {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::time::Duration;

    pub(crate) fn serialize<S: Serializer>(d: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        u64::deserialize(d).map(Duration::from_millis)
    }
}
