//! The [`Planner`] port: intent and facts in, plan out.

use crate::{Category, Facts, IndexEntry, Intent, InvalidPlan, Plan, Problem, Query, ThingName};
use std::fmt;

/// What a planner has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// This is how. No steps at all means: it is so already.
    Plan(Plan),
    /// It depends; ask the machine this, and plan again.
    Ask(Vec<Query>),
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Nobody knows such a thing.
    #[error("nothing called `{thing}` is known{}", suggestion(near))]
    Unknown {
        /// What was asked for.
        thing: ThingName,
        /// Names that are close to it, best first.
        near: Vec<String>,
    },
    /// It could be several things.
    #[error("`{thing}` could be {} different packages; name the one you mean", candidates.len())]
    Ambiguous {
        /// What was asked for.
        thing: ThingName,
        /// What it could be.
        candidates: Vec<IndexEntry>,
    },
    /// It is known, but not for this machine.
    #[error("`{thing}` cannot be installed on this machine: {why}")]
    Unsupported {
        /// What was asked for.
        thing: ThingName,
        /// Why not, and what would help.
        why: String,
    },
    /// It cannot live beside something that is there.
    #[error("`{thing}` conflicts with {with}, which is installed; remove that first")]
    Conflict {
        /// What was asked for.
        thing: ThingName,
        /// What it conflicts with.
        with: String,
    },
    /// The planner made steps that are not a plan.
    #[error("the planner made a plan that cannot be carried out")]
    Invalid(#[from] InvalidPlan),
    /// The planner itself is in trouble.
    #[error("the planner could not be asked: {0}; try again later")]
    Unavailable(String),
}

fn suggestion(near: &[String]) -> String {
    match near.first() {
        Some(name) => format!("; did you mean `{name}`?"),
        None => "; look for its name with your package manager".to_owned(),
    }
}

impl PlanError {
    /// The same, told so that a person can act on it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        const UNTOUCHED: &str = "nothing was changed";
        let problem = |code, category| Problem::new(code, category, "").leaving(UNTOUCHED);
        match self {
            Self::Unknown { thing, near } => {
                let mut problem = problem("D1-PLAN-001", Category::Usage)
                    .because("no recipe and no package of that name in this machine's index");
                problem.title = format!("nothing called `{thing}` is known");
                for name in near {
                    problem = problem.next(format!("d1-doctor install {name}"));
                }
                problem.next("d1-doctor plan --list")
            }
            Self::Ambiguous { thing, candidates } => {
                let mut problem = problem("D1-PLAN-002", Category::Usage)
                    .because("several packages fit, and none is the obvious one");
                problem.title = format!("`{thing}` could be several packages");
                for entry in candidates {
                    problem = problem
                        .next(format!("d1-doctor install {}   {}", entry.name, entry.summary));
                }
                problem
            }
            Self::Unsupported { thing, why } => {
                let mut problem = problem("D1-PLAN-003", Category::Task).because(why.clone());
                problem.title = format!("`{thing}` cannot be installed on this machine");
                problem
            }
            Self::Conflict { thing, with } => {
                let mut problem = problem("D1-PLAN-004", Category::Task)
                    .because(format!("{with} is installed, and they cannot both be there"));
                problem.title = format!("`{thing}` conflicts with {with}");
                problem.next(format!("remove {with} yourself, then run this again"))
            }
            Self::Invalid(why) => {
                let mut problem = problem("D1-PLAN-005", Category::Bug).because(why.to_string());
                problem.title = "the planner made a plan that cannot be carried out".into();
                problem
            }
            Self::Unavailable(why) => {
                let mut problem = problem("D1-PLAN-006", Category::Network).because(why.clone());
                problem.title = "the planner could not be asked".into();
                problem.next("try again later")
            }
        }
    }
}

/// Turns what is asked for into a plan for one machine.
#[async_trait::async_trait]
pub trait Planner: fmt::Debug + Send + Sync {
    /// Plans `intent` for a machine described by `facts`. Changes nothing.
    ///
    /// The same intent and facts give the same plan. A plan it gives passes
    /// [`Plan::validate`]. It asks only what `facts` does not answer yet, so that
    /// asking comes to an end.
    async fn plan(&self, intent: &Intent, facts: &Facts) -> Result<Planned, PlanError>;
}
