//! The recipe planner: a pure function from intent and facts to a plan.
//!
//! 1. Bundles are unfolded, and nothing is planned twice.
//! 2. Every thing is resolved; what is still open is asked all at once.
//! 3. For every thing: packages, then what its recipe adds, then a look whether it works.
//!    One thing that fails does not keep the others from being installed.
//! 4. An index that is missing or old is refreshed first.

use super::{
    catalogue::Catalogue,
    file::{ExtraStep, Limits, Recipe, Tested},
    registry,
    resolve::{Resolved, resolve},
    step,
};
use d1_core::{
    Facts, Install, Intent, Manager, PackageName, Plan, PlanError, Planned, Planner, Query,
    ServiceManager, Step, StepId, ThingName, UserName,
};

/// An index older than this is refreshed before it is used: a week.
const INDEX_IS_OLD: u64 = 7 * 24 * 3600;

/// Plans installations from recipes, and from the machine's own index where there is none.
#[derive(Clone, Debug)]
pub struct RecipePlanner {
    catalogue: Catalogue,
}

/// One thing that needs packages.
struct Wanted<'a> {
    thing: ThingName,
    recipe: Option<&'a Recipe>,
    names: Vec<PackageName>,
}

impl RecipePlanner {
    /// A planner that reads this catalogue.
    #[must_use]
    pub fn new(catalogue: Catalogue) -> Self {
        Self { catalogue }
    }

    /// What it has recipes for.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    fn install(&self, install: &Install, facts: &Facts) -> Result<Planned, PlanError> {
        if let (Some(thing), Some(why)) = (install.things.first(), too_much(install)) {
            return Err(PlanError::Unsupported { thing: thing.clone(), why });
        }
        if let Some(source) = install.from {
            return registry::plan(install, source, facts);
        }
        let things = self.unfold(&install.things);
        let (wanted, open, already) = self.resolve_all(&things, facts)?;
        if !open.is_empty() {
            return Ok(Planned::Ask(open));
        }
        let mut plan = Plan {
            intent: Intent::Install(install.clone()),
            steps: Vec::new(),
            sources: Vec::new(),
            follow_up: already,
        };
        if let (Some(manager), false) = (facts.manager(), wanted.is_empty()) {
            fill(&mut plan, manager, &wanted, facts);
        }
        for step in plan.steps.iter_mut().filter(|step| !step.network.is_empty()) {
            step.network.extend(install.hosts.iter().cloned());
        }
        plan.validate()?;
        Ok(Planned::Plan(plan))
    }

    fn unfold(&self, things: &[ThingName]) -> Vec<ThingName> {
        let mut all = Vec::new();
        for thing in things {
            match self.catalogue.bundle(thing) {
                Some(brings) => all.extend(brings.iter().cloned()),
                None => all.push(thing.clone()),
            }
        }
        let mut unique = Vec::with_capacity(all.len());
        for thing in all {
            if !unique.contains(&thing) {
                unique.push(thing);
            }
        }
        unique
    }

    #[expect(clippy::type_complexity, reason = "three lists that are taken apart at once")]
    fn resolve_all(
        &self,
        things: &[ThingName],
        facts: &Facts,
    ) -> Result<(Vec<Wanted<'_>>, Vec<Query>, Vec<String>), PlanError> {
        let (mut wanted, mut open, mut already) = (Vec::new(), Vec::new(), Vec::new());
        for thing in things {
            let manager = facts.manager().ok_or_else(|| PlanError::Unsupported {
                thing: thing.clone(),
                why: "no package manager we know is on this machine".into(),
            })?;
            match resolve(&self.catalogue, thing, manager, facts)? {
                Resolved::Already { at } => already.push(format!("{thing} is already here: {at}")),
                Resolved::Packages { recipe, names } => {
                    wanted.push(Wanted { thing: thing.clone(), recipe, names });
                }
                Resolved::Ask(queries) => open.extend(queries),
            }
        }
        open.sort();
        open.dedup();
        Ok((wanted, open, already))
    }
}

#[async_trait::async_trait]
impl Planner for RecipePlanner {
    async fn plan(&self, intent: &Intent, facts: &Facts) -> Result<Planned, PlanError> {
        match intent {
            Intent::Install(install) => self.install(install, facts),
            Intent::Fix(_) => {
                Err(PlanError::Unavailable("a fix is planned by the check that found it".into()))
            }
            Intent::Undo(setup) => Err(PlanError::Unavailable(format!(
                "setup {} is undone from its receipts, not from a recipe",
                setup.short()
            ))),
        }
    }
}

/// What is asked for is more than can be planned at once.
fn too_much(install: &Install) -> Option<String> {
    if install.things.len() > Install::MAX_THINGS {
        return Some(format!("at most {} things can be asked for at once", Install::MAX_THINGS));
    }
    let many = install.hosts.len() > Install::MAX_HOSTS;
    many.then(|| format!("at most {} hosts can be allowed at once", Install::MAX_HOSTS))
}

fn fill(plan: &mut Plan, manager: Manager, wanted: &[Wanted<'_>], facts: &Facts) {
    let refresh = needs_refresh(manager, facts).then(|| step::refresh(manager)).flatten();
    let after: Vec<StepId> = refresh.iter().map(|step| step.id.clone()).collect();
    plan.steps.extend(refresh);
    for one in wanted {
        let steps = steps_of(one, manager, facts, &mut plan.follow_up);
        plan.steps.extend(chain(steps, &after));
        plan.sources.push(match one.recipe {
            Some(recipe) => {
                format!("recipe {} {} ({})", recipe.id, recipe.version, tested(recipe, manager))
            }
            None => format!("{}: this machine's {manager} index", one.thing),
        });
    }
}

fn steps_of(
    one: &Wanted<'_>,
    manager: Manager,
    facts: &Facts,
    follow_up: &mut Vec<String>,
) -> Vec<Step> {
    let thing = one.thing.as_str();
    let limits = one.recipe.map_or_else(Limits::default, |recipe| recipe.limits);
    let keeps = one.recipe.map_or("", |recipe| recipe.keeps.as_str());
    let install = step::install(thing, manager, one.names.clone(), limits.timeout(), keeps);
    let mut steps: Vec<Step> = install.into_iter().collect();
    let Some(recipe) = one.recipe else { return steps };
    for extra in &recipe.steps {
        match extra {
            ExtraStep::Service { name } if facts.services == ServiceManager::None => {
                follow_up.push(format!("nothing runs services here: start {name} yourself"));
            }
            ExtraStep::Service { name } => steps.extend(step::service(name)),
            ExtraStep::GroupMember { .. } if facts.user.is_root => {}
            ExtraStep::GroupMember { group, warning } => {
                let user = facts.user.name.parse::<UserName>().ok();
                let member = user.and_then(|user| step::group_member(group, &user, warning));
                if member.is_some() {
                    follow_up.push(format!("log out and in again so that group {group} applies"));
                }
                steps.extend(member);
            }
        }
    }
    let verify = recipe.verify.as_ref();
    steps.extend(verify.and_then(|verify| step::verify(thing, &verify.run)));
    follow_up.extend(recipe.follow_up.iter().cloned());
    steps
}

/// Each step after the one before it, the first after `after`.
fn chain(mut steps: Vec<Step>, after: &[StepId]) -> Vec<Step> {
    let mut before = after.to_vec();
    for step in &mut steps {
        step.depends_on = std::mem::replace(&mut before, vec![step.id.clone()]);
    }
    steps
}

fn needs_refresh(manager: Manager, facts: &Facts) -> bool {
    let known = facts.managers.iter().find(|known| known.manager == manager);
    known.is_some_and(|known| known.index_age_seconds.is_none_or(|age| age > INDEX_IS_OLD))
}

fn tested(recipe: &Recipe, manager: Manager) -> &'static str {
    match recipe.tested {
        Tested::Real if manager == Manager::Apt => "tested for real",
        Tested::Real | Tested::Model => "tested on a model only",
    }
}
