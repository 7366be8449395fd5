//! A [`Planner`] that looks everything up in a table.

use super::near;
use crate::{
    Answer, CommandName, Facts, Install, Intent, Plan, PlanError, Planned, Planner, Query, Step,
    ThingName,
};
use std::collections::BTreeMap;

/// How many close names an unknown one is answered with.
const MOST_NEAR: usize = 5;

/// A [`Planner`] that knows the steps to every thing in its table, and no others.
///
/// ```
/// use d1_core::{Facts, Install, Intent, Os, PlanError, Planner, memory::TablePlanner};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let planner = TablePlanner::new().knowing("ripgrep".parse()?, Vec::new());
/// let intent = Intent::Install(Install { things: vec!["ripgerp".parse()?], from: None, hosts: Vec::new() });
/// let unknown = planner.plan(&intent, &Facts::bare(Os::Linux)).await.unwrap_err();
/// assert_eq!(unknown.to_string(), "nothing called `ripgerp` is known; did you mean `ripgrep`?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TablePlanner {
    table: BTreeMap<ThingName, Way>,
}

/// The way to a thing.
#[derive(Clone, Debug, Default)]
struct Way {
    steps: Vec<Step>,
    unless: Option<CommandName>,
}

impl TablePlanner {
    /// A planner that knows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same planner, which also knows the `steps` to `thing`. No steps at all means:
    /// everybody has it.
    #[must_use]
    pub fn knowing(mut self, thing: ThingName, steps: Vec<Step>) -> Self {
        self.table.entry(thing).or_default().steps = steps;
        self
    }

    /// The same planner, which first asks for `command`: where the machine has it, `thing`
    /// is there already.
    #[must_use]
    pub fn unless(mut self, thing: ThingName, command: CommandName) -> Self {
        self.table.entry(thing).or_default().unless = Some(command);
        self
    }

    fn install(&self, install: &Install, facts: &Facts) -> Result<Planned, PlanError> {
        let (mut steps, mut sources, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for (at, thing) in install.things.iter().enumerate() {
            if install.things[..at].contains(thing) {
                continue;
            }
            let way = self.way_to(thing, install)?;
            let query = way.unless.clone().map(Query::Command);
            match query.map(|query| (facts.answers.get(&query), query)) {
                Some((None, query)) => open.push(query),
                Some((Some(Answer::Command(Some(_))), _)) => {}
                Some((
                    Some(
                        Answer::Command(None)
                        | Answer::Packages(_)
                        | Answer::Registry { .. }
                        | Answer::Unknown(_),
                    ),
                    _,
                ))
                | None => {
                    steps.extend(way.steps.iter().cloned());
                    sources.push(format!("table: {thing}"));
                }
            }
        }
        if !open.is_empty() {
            open.sort();
            open.dedup();
            return Ok(Planned::Ask(open));
        }
        let intent = Intent::Install(install.clone());
        let plan = Plan { intent, steps, sources, follow_up: Vec::new() };
        plan.validate()?;
        Ok(Planned::Plan(plan))
    }

    fn way_to(&self, thing: &ThingName, install: &Install) -> Result<&Way, PlanError> {
        if let Some(source) = install.from {
            let why =
                format!("the table knows nothing from {}; leave the source out", source.as_str());
            return Err(PlanError::Unsupported { thing: thing.clone(), why });
        }
        self.table.get(thing).ok_or_else(|| {
            let names = self.table.keys().map(ThingName::as_str);
            let near = near::closest(thing.as_str(), names, MOST_NEAR);
            let near = near.into_iter().map(str::to_owned).collect();
            PlanError::Unknown { thing: thing.clone(), near }
        })
    }
}

#[async_trait::async_trait]
impl Planner for TablePlanner {
    async fn plan(&self, intent: &Intent, facts: &Facts) -> Result<Planned, PlanError> {
        match intent {
            Intent::Install(install) => self.install(install, facts),
            Intent::Fix(_) => {
                Err(PlanError::Unavailable("a fix is planned by the check that found it".into()))
            }
            Intent::Undo(setup) => Err(PlanError::Unavailable(format!(
                "setup {} is undone from its receipts, not from a table",
                setup.short()
            ))),
        }
    }
}
