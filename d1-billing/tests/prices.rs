//! Price lists say what steps cost, and refuse what they do not understand.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use d1_billing::{MemoryLedger, PriceCatalogue, PriceError};
use d1_core::{
    AbsolutePath, AccountId, Action, Amount, Argv, CreditLedger, Effect, Exec, Fix, Install,
    Intent, Manager, Outcome, PackageOperation, Packages, Plan, Prices, Quote, Revert, Shell, Step,
    StepId, TaskId, TaskResult, Timestamp, Undo, Usage, conformance, memory::ManualClock,
};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// One list, without a day from which it holds.
const LIST: &str = r#"
[[list]]
version = "1"
[list.steps]
install = { flat = 7 }
remove = { flat = 6 }
service = { flat = 5 }
group = { flat = 4 }
file = { free = true }
exec = { flat = 2, second = { micro_credits = 1, per = 3, up_to = 60 } }
shell = { byte = { micro_credits = 1, per = 1000, up_to = 1_000_000 } }
[list.premium]
docker = 100
"#;

/// Noon of 2027-01-15 in UTC.
const NOON: u64 = 1_800_014_400_000;

fn catalogue(text: &str) -> Result<PriceCatalogue, PriceError> {
    PriceCatalogue::parse(text, Arc::new(ManualClock::starting_at(Timestamp(NOON))))
}

fn step(id: &str, effect: Effect, action: Action) -> Step {
    Step {
        id: id.parse().unwrap(),
        title: String::new(),
        action,
        effect,
        needs_root: true,
        touches: Vec::<AbsolutePath>::new(),
        network: vec![],
        timeout: Duration::from_secs(1),
        interruptible: true,
        undo: Undo::Exact,
        depends_on: vec![],
        resource_keys: vec![],
        warning: String::new(),
    }
}

fn packages(operation: PackageOperation) -> Action {
    let names = vec!["jq".parse().unwrap()];
    Action::Packages(Packages { manager: Manager::Apt, operation, names })
}

fn exec(id: &str) -> Step {
    let argv = Argv::new(["true".to_owned()]).unwrap();
    step(id, Effect::Write, Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() }))
}

fn shell(id: &str) -> Step {
    let (script, env) = ("true".to_owned(), BTreeMap::new());
    step(id, Effect::Write, Action::Shell(Shell { script, env }))
}

fn plan(steps: Vec<Step>) -> Plan {
    let intent = Intent::Install(Install { things: vec![], from: None, hosts: Vec::new() });
    Plan { intent, steps, sources: vec![], follow_up: vec![] }
}

fn priced(quote: &Quote) -> Vec<(&str, u64)> {
    quote.steps.keys().map(|id| (id.as_str(), quote.price_of(id).as_micro())).collect()
}

#[test]
fn work_costs_and_looking_refreshing_and_undoing_do_not() {
    let list = catalogue(LIST).unwrap();
    let revert = Revert { task: TaskId::generate(), changes: vec![] };
    let steps = vec![
        step("refresh", Effect::Write, Action::RefreshIndex(Manager::Apt)),
        step("install-jq", Effect::Write, packages(PackageOperation::Install)),
        step("remove", Effect::Destructive, packages(PackageOperation::Remove)),
        step("look", Effect::Read, packages(PackageOperation::Install)),
        step("undo", Effect::Destructive, Action::Revert(revert)),
    ];
    let plan = plan(steps);
    let quote = list.quote(&plan);
    assert_eq!(priced(&quote), [("install-jq", 7), ("remove", 6)]);
    assert_eq!((quote.most(), quote.price_list.as_str()), (Amount::micro(13), "1"));
    assert_eq!(list.quote(&plan), quote, "the same plan costs the same");
}

#[test]
fn what_the_doctor_mends_costs_nothing() {
    let list = catalogue(LIST).unwrap();
    let plan = plan(vec![step("install", Effect::Write, packages(PackageOperation::Install))]);
    assert_eq!(list.quote(&plan).most(), Amount::micro(7));
    let checks = vec!["git.present".parse().unwrap()];
    let fix = Plan { intent: Intent::Fix(Fix { checks }), ..plan };
    assert_eq!(list.quote(&fix).most(), Amount::ZERO);
}

#[test]
fn a_premium_recipe_costs_more_and_nothing_else_does() {
    let list = catalogue(LIST).unwrap();
    let install = |id| step(id, Effect::Write, packages(PackageOperation::Install));
    let look = step("install-docker-look", Effect::Read, packages(PackageOperation::Install));
    let quote = list.quote(&plan(vec![install("install-docker"), install("install-jq"), look]));
    assert_eq!(priced(&quote), [("install-docker", 107), ("install-jq", 7)]);
}

#[test]
fn what_is_measured_is_held_at_its_bound_and_charged_as_it_was() {
    let quote =
        catalogue(LIST).unwrap().quote(&plan(vec![exec("run"), exec("again"), shell("say")]));
    // 2 and 60 seconds at a third, twice, and a million bytes at a thousandth.
    assert_eq!(quote.most(), Amount::micro(2 + 20 + 2 + 20 + 1000));
    let (run, again, say) =
        ("run".parse().unwrap(), "again".parse().unwrap(), "say".parse().unwrap());
    let ended = |millis, output_bytes| TaskResult {
        duration: Duration::from_millis(millis),
        usage: Usage { output_bytes, ..Usage::default() },
        ..TaskResult::not_started(TaskId::generate(), 1, 0, Outcome::Succeeded)
    };
    let charge = |ended: &[(&StepId, &TaskResult)]| quote.charge(ended.iter().copied());
    assert_eq!(charge(&[]), Amount::ZERO);
    assert_eq!(charge(&[(&run, &ended(3_000, 9))]), Amount::micro(3));
    // A part of a second counts as that part, and what is over the bound is free.
    assert_eq!(charge(&[(&run, &ended(3_001, 0))]), Amount::micro(4));
    assert_eq!(charge(&[(&run, &ended(3_600_000, 0))]), Amount::micro(22));
    assert_eq!(charge(&[(&say, &ended(0, u64::MAX))]), Amount::micro(1000));
    // Two halves are one whole: it is rounded once, and up.
    let half = ended(1_500, 0);
    assert_eq!(charge(&[(&run, &half)]), Amount::micro(3));
    assert_eq!(charge(&[(&run, &half), (&again, &half)]), Amount::micro(5));
}

proptest! {
    #[test]
    fn a_charge_is_never_more_than_the_quote_and_rounds_less_than_one_up(
        micro in 1_u64..1_000_000,
        per in 1_u64..1_000,
        spent in prop::collection::vec((0_u64..200_000, 0_u64..3_000_000), 1..20),
    ) {
        let text = LIST.replace(
            "micro_credits = 1, per = 3",
            &format!("micro_credits = {micro}, per = {per}"),
        );
        let names: Vec<String> = (0..spent.len()).map(|at| format!("run-{at}")).collect();
        let quote = catalogue(&text).unwrap().quote(&plan(names.iter().map(|id| exec(id)).collect()));
        let results: Vec<(StepId, TaskResult)> = names.iter().zip(&spent).map(|(id, spent)| {
            let result = TaskResult {
                duration: Duration::from_millis(spent.0),
                usage: Usage { output_bytes: spent.1, ..Usage::default() },
                ..TaskResult::not_started(TaskId::generate(), 1, 0, Outcome::Succeeded)
            };
            (id.parse().unwrap(), result)
        }).collect();
        let charge = quote.charge(results.iter().map(|(step, result)| (step, result)));
        prop_assert!(charge <= quote.most());
        // In parts of a millisecond, of which there are a thousand times `per` to a micro-credit.
        let parts: u128 = spent.iter().map(|(millis, _)| {
            u128::from((*millis).min(60_000)) * u128::from(micro) + 2 * 1000 * u128::from(per)
        }).sum();
        let exact = parts.div_ceil(1000 * u128::from(per));
        prop_assert_eq!(u128::from(charge.as_micro()), exact);
    }
}

#[test]
fn the_newest_list_that_has_begun_is_in_force() {
    let newer = |from: &str| {
        let list = LIST.replace("\"1\"", "\"2\"\nfrom = \"FROM\"").replace("flat = 7", "flat = 9");
        format!("{}{LIST}", list.replace("FROM", from))
    };
    let clock = Arc::new(ManualClock::starting_at(Timestamp(NOON)));
    let lists = PriceCatalogue::parse(&newer("2027-01-16"), clock.clone()).unwrap();
    let midnight = Timestamp(NOON + 12 * 3_600_000);
    let plan = plan(vec![step("install", Effect::Write, packages(PackageOperation::Install))]);
    let agreed = lists.quote(&plan);
    assert_eq!((agreed.most(), lists.in_force().1), (Amount::micro(7), Some(midnight)));
    clock.advance(Duration::from_secs(12 * 3600) - Duration::from_millis(1));
    assert_eq!(lists.quote(&plan), agreed);
    clock.advance(Duration::from_millis(1));
    assert_eq!((lists.quote(&plan).most(), lists.in_force().1), (Amount::micro(9), None));
    assert_eq!(agreed.most(), Amount::micro(7), "what was agreed stays");
}

#[test]
fn a_catalogue_that_is_not_understood_is_refused() {
    let list = |from: &str, to: &str| {
        assert!(LIST.contains(from));
        LIST.replacen(from, to, 1)
    };
    let begins = |version: &str, from: &str| {
        list("version = \"1\"", &format!("version = \"{version}\"\nfrom = \"{from}\""))
    };
    let (one, two) = (begins("1", "2027-01-01"), begins("2", "2027-01-01"));
    let cases = [
        (list("shell = {", "magic = { free = true }\nshell = {"), "unknown field `magic`"),
        (list("remove = { flat = 6 }", ""), "missing field `remove`"),
        (list("flat = 7", "flat = -1"), "invalid value: integer `-1`"),
        (list("flat = 7", "flat = 0"), "invalid value: integer `0`"),
        (list("flat = 7", "flat = 7.5"), "invalid type: floating point `7.5`"),
        (list("per = 3", "per = 0"), "invalid value: integer `0`"),
        (list("docker = 100", "docker = 0"), "invalid value: integer `0`"),
        (list("free = true", "free = true, flat = 1"), "`file` in price list `1` has no price"),
        (list("free = true", "free = false"), "`file` in price list `1` has no price"),
        (list("\"1\"", "\" \""), "needs a version"),
        (list("per = 3", "per = 9223372036854775807"), "cannot be added up exactly"),
        (
            list("byte = { micro_credits = 1", "byte = { micro_credits = 9223372036854775807"),
            "exactly",
        ),
        (begins("1", "2027-02-30"), "which is not a day like 2026-12-01"),
        (begins("1", "2027-01-16"), "no price list is in force yet"),
        ("list = []".to_owned(), "no price list is in force yet"),
        (format!("{one}{LIST}"), "two price lists are called `1`"),
        (format!("{one}{two}"), "begin on the same day"),
    ];
    for (text, why) in cases {
        let error = catalogue(&text).unwrap_err().to_string();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[tokio::test]
async fn a_catalogue_obeys_every_law_of_prices() {
    conformance::prices(|| async { Arc::new(catalogue(LIST).unwrap()) as Arc<dyn Prices> }).await;
    let clock = || Arc::new(ManualClock::starting_at(Timestamp(NOON)));
    conformance::prices(|| async {
        Arc::new(PriceCatalogue::built_in(clock()).unwrap()) as Arc<dyn Prices>
    })
    .await;
}

#[tokio::test]
async fn the_ledger_obeys_every_law_of_ledgers() {
    conformance::ledger(async |deposits: Vec<(AccountId, Amount)>| {
        let ledger = MemoryLedger::default();
        for (account, amount) in deposits {
            assert!(ledger.deposit(account, amount));
        }
        Arc::new(ledger) as Arc<dyn CreditLedger>
    })
    .await;
}
