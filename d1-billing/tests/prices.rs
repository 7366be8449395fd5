//! Price lists say what steps cost, and refuse what they do not understand.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use d1_billing::{MemoryLedger, PriceList, PriceListError};
use d1_core::{
    AbsolutePath, AccountId, Action, Amount, CreditLedger, Effect, Fix, Install, Intent, Manager,
    PackageOperation, Packages, Plan, Prices, Revert, Step, TaskId, Undo, conformance,
};
use std::{sync::Arc, time::Duration};

const LIST: &str = "version = \"1\"\n[micro_credits]\ninstall = 7\nremove = 6\nservice = 5\n\
                    group = 4\nfile = 3\nexec = 2\nshell = 1\n";

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

#[test]
fn work_costs_and_looking_refreshing_and_undoing_do_not() {
    let list = PriceList::parse(LIST).unwrap();
    let revert = Revert { task: TaskId::generate(), changes: vec![] };
    let plan = Plan {
        intent: Intent::Install(Install { things: vec![], from: None }),
        steps: vec![
            step("refresh", Effect::Write, Action::RefreshIndex(Manager::Apt)),
            step("install", Effect::Write, packages(PackageOperation::Install)),
            step("remove", Effect::Destructive, packages(PackageOperation::Remove)),
            step("look", Effect::Read, packages(PackageOperation::Install)),
            step("undo", Effect::Destructive, Action::Revert(revert)),
        ],
        sources: vec![],
        follow_up: vec![],
    };
    let quote = list.quote(&plan);
    let priced: Vec<(&str, u64)> =
        quote.steps.iter().map(|(id, price)| (id.as_str(), price.as_micro())).collect();
    assert_eq!(priced, [("install", 7), ("remove", 6)]);
    assert_eq!((quote.most(), quote.price_list.as_str()), (Amount::micro(13), "1"));
    assert_eq!(list.quote(&plan), quote, "the same plan costs the same");
}

#[test]
fn what_the_doctor_mends_costs_nothing() {
    let list = PriceList::parse(LIST).unwrap();
    let steps = vec![step("install", Effect::Write, packages(PackageOperation::Install))];
    let install = Intent::Install(Install { things: vec![], from: None });
    let plan = Plan { intent: install, steps, sources: vec![], follow_up: vec![] };
    assert_eq!(list.quote(&plan).most(), Amount::micro(7));
    let checks = vec!["git.present".parse().unwrap()];
    let fix = Plan { intent: Intent::Fix(Fix { checks }), ..plan };
    assert_eq!(list.quote(&fix).most(), Amount::ZERO);
}

#[test]
fn a_list_that_is_not_understood_is_refused() {
    let unknown = format!("{LIST}magic = 1\n");
    for (text, why) in [
        (unknown.as_str(), "unknown field `magic`"),
        ("version = \"1\"\n[micro_credits]\ninstall = 1\n", "missing field `remove`"),
        (&LIST.replace("7", "-7"), "invalid value"),
    ] {
        let error = PriceList::parse(text).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let unnamed = LIST.replace("\"1\"", "\" \"");
    assert!(matches!(PriceList::parse(&unnamed), Err(PriceListError::NoVersion)));
}

#[tokio::test]
async fn a_price_list_obeys_every_law_of_prices() {
    conformance::prices(|| async { Arc::new(PriceList::built_in().unwrap()) as Arc<dyn Prices> })
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
