//! Every recipe can be planned on every machine it says it knows, and names that nobody knows
//! are never guessed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use d1_core::{
    Action, Answer, CommandName, Effect, Facts, IndexEntry, Install, Intent, Manager, ManagerFacts,
    Os, PackageName, Plan, PlanError, Planned, Planner, Query, ServiceManager, Source, ThingName,
    Undo, conformance,
};
use d1_orchestrator::{Catalogue, CatalogueError, RecipePlanner};
use std::{collections::BTreeMap, sync::Arc};

/// How often a planner may ask before it has to plan.
const ROUNDS: usize = 6;

/// A machine that answers from what the test says.
#[derive(Clone)]
struct Machine {
    facts: Facts,
    /// Package → installed version, when it is installed.
    index: BTreeMap<String, Option<&'static str>>,
    commands: Vec<&'static str>,
    provides: BTreeMap<&'static str, Vec<&'static str>>,
    /// Whether the index has everything.
    has_all: bool,
}

impl Machine {
    fn with(manager: Manager) -> Self {
        let mut facts = Facts::bare(Os::Linux);
        facts.managers = vec![ManagerFacts { manager, index_age_seconds: Some(60) }];
        facts.services = ServiceManager::Systemd;
        facts.user.name = "maya".into();
        Self {
            facts,
            index: BTreeMap::new(),
            commands: vec![],
            provides: BTreeMap::new(),
            has_all: true,
        }
    }

    fn answer(&self, query: &Query) -> Answer {
        let entry = |name: &str| IndexEntry {
            name: name.parse().unwrap(),
            version: "1.0".into(),
            installed: self.index.get(name).copied().flatten().map(str::to_owned),
            summary: format!("the package {name}"),
        };
        match query {
            Query::Package { name, .. } => {
                let known = self.has_all || self.index.contains_key(name.as_str());
                Answer::Packages(known.then(|| entry(name.as_str())).into_iter().collect())
            }
            Query::Command(name) => Answer::Command(
                self.commands.contains(&name.as_str()).then(|| format!("/usr/bin/{name}")),
            ),
            Query::Registry(source) => Answer::Registry {
                hosts: vec![format!("{}.test", source.as_str()).parse().unwrap()],
                folders: Vec::new(),
            },
            Query::Provides { command, .. } => Answer::Packages(
                self.provides
                    .get(command.as_str())
                    .into_iter()
                    .flatten()
                    .map(|n| entry(n))
                    .collect(),
            ),
            Query::Similar { name, .. } => {
                Answer::Packages(vec![entry(&format!("{name}-tool")), entry("nothing-like-it")])
            }
        }
    }

    async fn plan(&self, things: &[&str], from: Option<Source>) -> Result<Plan, PlanError> {
        let planner = RecipePlanner::new(Catalogue::embedded().unwrap());
        let things = things.iter().map(|thing| thing.parse().unwrap()).collect();
        let intent = Intent::Install(Install { things, from, hosts: Vec::new() });
        let mut facts = self.facts.clone();
        for _ in 0..ROUNDS {
            match planner.plan(&intent, &facts).await? {
                Planned::Plan(plan) => {
                    assert_eq!(
                        planner.plan(&intent, &facts).await,
                        Ok(Planned::Plan(plan.clone()))
                    );
                    plan.validate().unwrap();
                    return Ok(plan);
                }
                Planned::Ask(queries) => {
                    assert!(!queries.is_empty());
                    for query in queries {
                        assert_eq!(facts.answers.get(&query), None, "asked twice");
                        let answer = self.answer(&query);
                        facts.answers.insert(query, answer);
                    }
                }
            }
        }
        panic!("it keeps asking");
    }
}

#[tokio::test]
async fn the_recipe_planner_obeys_every_law_of_planners() {
    conformance::planner(|| async {
        let mut machine = Machine::with(Manager::Apt);
        machine.has_all = false;
        for name in ["ripgrep", "jq", "cowsay"] {
            machine.index.insert(name.into(), None);
        }
        conformance::Orders {
            planner: Arc::new(RecipePlanner::new(Catalogue::embedded().unwrap())),
            facts: machine.facts.clone(),
            answer: Arc::new(move |query| machine.answer(query)),
            known: ["ripgrep", "jq", "cowsay"].map(|thing| thing.parse().unwrap()).to_vec(),
            unknown: "nothing-like-this".parse().unwrap(),
        }
    })
    .await;
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.as_str()).collect()
}

fn packages(plan: &Plan) -> Vec<String> {
    let mut names = vec![];
    for step in &plan.steps {
        if let Action::Packages(packages) = &step.action {
            names.extend(packages.names.iter().map(PackageName::to_string));
        }
    }
    names
}

#[tokio::test]
async fn every_recipe_can_be_planned_on_every_manager_it_knows() {
    let catalogue = Catalogue::embedded().unwrap();
    let mut planned = 0;
    for listing in catalogue.list() {
        for manager in &listing.managers {
            let plan = Machine::with(*manager).plan(&[listing.id.as_str()], None).await.unwrap();
            assert!(!packages(&plan).is_empty(), "{} on {manager}", listing.id);
            let install = plan.steps.first().unwrap();
            assert_eq!(install.needs_root, manager.needs_root());
            assert!(!install.interruptible, "a package manager is never stopped in the middle");
            planned += 1;
        }
    }
    assert!(planned >= 200, "{planned} pairs of recipe and manager");
}

#[test]
fn there_are_enough_recipes_and_bundles() {
    let list = Catalogue::embedded().unwrap().list();
    let (bundles, recipes): (Vec<_>, Vec<_>) = list.iter().partition(|it| !it.brings.is_empty());
    assert!(recipes.len() >= 25, "{}", recipes.len());
    assert!(bundles.len() >= 4, "{}", bundles.len());
}

#[tokio::test]
async fn the_first_name_that_the_index_has_wins() {
    let mut machine = Machine::with(Manager::Apt);
    machine.has_all = false;
    machine.index = [("default-jdk".to_owned(), None)].into();
    assert_eq!(packages(&machine.plan(&["java"], None).await.unwrap()), ["default-jdk"]);
    machine.index.insert("default-jdk-headless".to_owned(), None);
    assert_eq!(packages(&machine.plan(&["java"], None).await.unwrap()), ["default-jdk-headless"]);
    machine.index.clear();
    let error = machine.plan(&["java"], None).await.unwrap_err();
    assert!(matches!(error, PlanError::Unsupported { .. }), "{error}");
}

#[tokio::test]
async fn docker_comes_with_its_service_and_a_warning_about_its_group() {
    let plan = Machine::with(Manager::Apt).plan(&["docker"], None).await.unwrap();
    let expected =
        ["install-docker", "enable-docker", "start-docker", "group-docker", "verify-docker"];
    assert_eq!(ids(&plan), expected);
    let group = &plan.steps[3];
    assert!(group.warning.contains("can become root"));
    assert!(matches!(&plan.steps[0].undo, Undo::Partial(what) if what.contains("/var/lib/docker")));
    assert_eq!(plan.steps[4].effect, Effect::Read);
    for (step, before) in plan.steps.iter().skip(1).zip(&plan.steps) {
        assert_eq!(step.depends_on, std::slice::from_ref(&before.id));
    }
    let mut bare = Machine::with(Manager::Apt);
    bare.facts.services = ServiceManager::None;
    bare.facts.user.is_root = true;
    let plan = bare.plan(&["docker"], None).await.unwrap();
    assert_eq!(ids(&plan), ["install-docker", "verify-docker"]);
    assert_eq!(plan.follow_up, ["nothing runs services here: start docker yourself"]);
}

#[tokio::test]
async fn what_is_there_from_elsewhere_is_left_alone() {
    let mut machine = Machine::with(Manager::Apt);
    machine.commands = vec!["rg"];
    let plan = machine.plan(&["ripgrep"], None).await.unwrap();
    assert!(plan.steps.is_empty());
    assert_eq!(plan.follow_up, ["ripgrep is already here: /usr/bin/rg"]);
    machine.index.insert("ripgrep".into(), Some("1.0"));
    assert_eq!(ids(&machine.plan(&["ripgrep"], None).await.unwrap())[0], "install-ripgrep");
}

#[tokio::test]
async fn a_conflict_stops_the_plan() {
    let mut machine = Machine::with(Manager::Apt);
    machine.index.insert("podman-docker".into(), Some("4.0"));
    let error = machine.plan(&["docker"], None).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`docker` conflicts with podman-docker, which is installed; remove that first"
    );
}

#[tokio::test]
async fn a_missing_or_old_index_is_refreshed_first() {
    for age in [None, Some(8 * 24 * 3600)] {
        let mut machine = Machine::with(Manager::Apt);
        machine.has_all = age.is_some();
        machine.facts.managers[0].index_age_seconds = age;
        let plan = machine.plan(&["ripgrep"], None).await.unwrap();
        assert_eq!(ids(&plan), ["refresh-apt", "install-ripgrep", "verify-ripgrep"]);
        assert_eq!(plan.steps[1].depends_on[0].as_str(), "refresh-apt");
    }
}

#[tokio::test]
async fn unknown_names_suggest_and_ambiguous_ones_list() {
    let mut machine = Machine::with(Manager::Apt);
    machine.has_all = false;
    machine.index.insert("cowsay".into(), None);
    let plan = machine.plan(&["cowsay"], None).await.unwrap();
    assert_eq!((packages(&plan), ids(&plan)), (vec!["cowsay".into()], vec!["install-cowsay"]));
    let error = machine.plan(&["ripgrp"], None).await.unwrap_err();
    let PlanError::Unknown { near, .. } = error else { panic!("{error}") };
    let near: Vec<&str> = near.iter().map(|name| name.as_str()).collect();
    assert_eq!(near, ["ripgrep", "ripgrp-tool"]);
    machine.provides.insert("convert-it", vec!["one"]);
    assert_eq!(packages(&machine.plan(&["convert-it"], None).await.unwrap()), ["one"]);
    machine.provides.insert("convert-it", vec!["one", "two"]);
    let error = machine.plan(&["convert-it"], None).await.unwrap_err();
    let PlanError::Ambiguous { candidates, .. } = error else { panic!("{error}") };
    assert_eq!(candidates.len(), 2);
}

#[tokio::test]
async fn a_node_that_brings_its_own_npm_is_whole_and_a_python_without_its_parts_is_not() {
    let mut machine = Machine::with(Manager::Apt);
    machine.commands = vec!["node", "npm", "python3", "pip3"];
    machine.index.insert("nodejs".into(), Some("20.1"));
    machine.index.insert("python3".into(), Some("3.11"));
    let node = machine.plan(&["node"], None).await.unwrap();
    assert_eq!(node.follow_up, ["node is already here: /usr/bin/node, /usr/bin/npm"]);
    assert_eq!(packages(&node), [""; 0]);
    let python = machine.plan(&["python"], None).await.unwrap();
    assert_eq!(packages(&python), ["python3", "python3-venv", "python3-pip"]);
}

#[tokio::test]
async fn a_bundle_brings_each_thing_once() {
    let plan = Machine::with(Manager::Apt).plan(&["shell-comfort", "jq"], None).await.unwrap();
    let installs: Vec<_> = ids(&plan).into_iter().filter(|id| id.starts_with("install-")).collect();
    assert_eq!(installs.len(), 6);
    let unique: std::collections::BTreeSet<_> = ids(&plan).into_iter().collect();
    assert_eq!(unique.len(), plan.steps.len());
}

#[tokio::test]
async fn a_language_registry_is_used_only_when_it_is_named_and_there() {
    let mut machine = Machine::with(Manager::Apt);
    let error = machine.plan(&["typescript"], Some(Source::Npm)).await.unwrap_err();
    assert!(error.to_string().contains("`npm` is not on this machine"), "{error}");
    machine.commands = vec!["npm"];
    let plan = machine.plan(&["typescript"], Some(Source::Npm)).await.unwrap();
    assert!(matches!(plan.steps[0].undo, Undo::None(_)));
    let plan = machine.plan(&["typescript"], None).await.unwrap();
    assert_eq!(packages(&plan), ["typescript"], "a bare name stays with the machine's own index");
}

#[tokio::test]
async fn a_machine_without_a_manager_is_told_so() {
    let mut machine = Machine::with(Manager::Apt);
    machine.facts.managers.clear();
    let error = machine.plan(&["ripgrep"], None).await.unwrap_err();
    assert!(matches!(error, PlanError::Unsupported { .. }));
}

#[test]
fn a_catalogue_is_good_or_refused_with_the_reason() {
    const GOOD: &str = "id = \"x\"\nsummary = \"s\"\nversion = 1\ncategory = \"shell\"\n\
                        tested = \"model\"\n[check]\ncommands = [\"x\"]\n[[candidate]]\n\
                        manager = \"apt\"\npackages = [[\"x\"]]\n";
    let parse = |file: &str, text: &str| Catalogue::parse([(file, text)], []).map(drop);
    parse("x.toml", GOOD).unwrap();
    let told = |file: &str, text: &str| parse(file, text).unwrap_err().to_string();
    assert!(told("x.toml", &GOOD.replace("summary", "sumary")).contains("unknown field `sumary`"));
    assert_eq!(
        told("y.toml", GOOD),
        "`y.toml` describes `x`; a recipe's file is called like its id"
    );
    assert_eq!(
        told("x.toml", &GOOD.replace("[[\"x\"]]", "[[]]")),
        "recipe `x`: a candidate names no package"
    );
    assert!(told("x.toml", &GOOD.replace("[[\"x\"]]", "[[\"-x\"]]")).contains("`-` cannot appear"));
    let alias = GOOD.replace("version = 1", "version = 1\naliases = [\"x\"]");
    assert_eq!(
        told("x.toml", &alias),
        "`x` is the name of two things; names and aliases are unique"
    );
    let bundle = "id = \"b\"\nsummary = \"s\"\nthings = [\"nothing\"]\n";
    let error = Catalogue::parse([("x.toml", GOOD)], [("b.toml", bundle)]).unwrap_err();
    assert!(matches!(error, CatalogueError::Missing { .. }), "{error}");
}

#[test]
fn names_of_recipes_and_their_checks_are_sound() {
    for listing in Catalogue::embedded().unwrap().list() {
        assert!(listing.id.as_str().parse::<ThingName>().is_ok());
        assert!(!listing.summary.is_empty() && !listing.summary.ends_with('.'));
    }
    assert!("rg".parse::<CommandName>().is_ok());
}
