//! No more than an owner allows.

use crate::stage::{DAY, NOON, Stage};
use d1_billing::{CapScope, NewHold, Open, Operation, Refusal};
use d1_core::{AccountId, Amount, DeviceId, HoldId};

fn cap(account: AccountId, scope: CapScope, credits: u64) -> Operation {
    Operation::SetCap { account, scope, most: Some(Amount::credits(credits)) }
}

fn hold(account: AccountId, credits: u64, task: &str, device: DeviceId) -> NewHold {
    let new = NewHold::new(HoldId::generate(), account, Amount::credits(credits));
    NewHold { task: Some(task.to_owned()), device: Some(device), ..new }
}

fn reached(scope: CapScope, needed: u64, left: u64) -> Refusal {
    Refusal::CapReached { scope, needed: Amount::credits(needed), left: Amount::credits(left) }
}

#[tokio::test]
async fn each_cap_refuses_alone_and_takes_nothing_from_the_others() {
    let scopes = [
        CapScope::Task,
        CapScope::Device,
        CapScope::Day,
        CapScope::Account,
        CapScope::Organisation,
    ];
    for stage in Stage::each().await {
        for low in scopes {
            let organisation = stage.account(0).await;
            let account = stage.account(100).await;
            let terms = Open { organisation: Some(organisation), ..crate::stage::terms(account) };
            stage.done(Operation::Open(terms)).await;
            for scope in scopes {
                let owner = if scope == CapScope::Organisation { organisation } else { account };
                stage.done(cap(owner, scope, if scope == low { 5 } else { 8 })).await;
            }
            let device = DeviceId::generate();
            for _ in 0..3 {
                let refused = stage.refused(Operation::Hold(hold(account, 6, "a", device))).await;
                assert_eq!(refused, reached(low, 6, 5));
            }
            // Were something of the refused ones counted, this would be refused, too.
            stage.done(Operation::Hold(hold(account, 5, "a", device))).await;
            assert_eq!(stage.stands(account).await, [100, 5, 95]);
        }
    }
}

#[tokio::test]
async fn a_cap_counts_what_is_charged_and_frees_what_is_not() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        stage.done(cap(account, CapScope::Day, 10)).await;
        let first = stage.hold(account, 8).await;
        let refused = || async {
            stage
                .refused(Operation::Charge(NewHold::new(
                    HoldId::generate(),
                    account,
                    Amount::credits(8),
                )))
                .await
        };
        assert_eq!(refused().await, reached(CapScope::Day, 8, 2));
        let extend = Operation::Extend { hold: first, more: Amount::credits(3), until: None };
        assert_eq!(stage.refused(extend).await, reached(CapScope::Day, 3, 2));
        stage.capture(first, 3).await;
        assert_eq!(refused().await, reached(CapScope::Day, 8, 7));
        stage.refund(first, 1).await;
        stage
            .done(Operation::Charge(NewHold::new(HoldId::generate(), account, Amount::credits(8))))
            .await;
        assert_eq!(refused().await, reached(CapScope::Day, 8, 0));
        let [day] = &stage.ledger.balance(account).await.unwrap().caps[..] else { panic!() };
        assert_eq!((day.used, day.most), (Some(Amount::credits(10)), Amount::credits(10)));
        assert_eq!(stage.stands(account).await, [90, 0, 90]);
    }
}

#[tokio::test]
async fn a_day_begins_at_midnight_in_utc_and_counts_what_was_held_in_it() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        stage.done(cap(account, CapScope::Day, 10)).await;
        let late = stage.hold(account, 10).await;
        stage.clock.set(NOON + DAY / 2 - 1);
        let one = || Operation::Hold(NewHold::new(HoldId::generate(), account, Amount::credits(1)));
        assert_eq!(stage.refused(one()).await, reached(CapScope::Day, 1, 0));
        stage.clock.set(NOON + DAY / 2);
        stage.done(one()).await;
        // What was held yesterday and charged today is of yesterday.
        stage.capture(late, 10).await;
        stage.hold(account, 9).await;
        assert_eq!(stage.refused(one()).await, reached(CapScope::Day, 1, 0));
        assert_eq!(stage.stands(account).await, [90, 10, 80]);
    }
}

#[tokio::test]
async fn tasks_and_devices_are_counted_each_by_itself() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        stage.done(cap(account, CapScope::Task, 5)).await;
        stage.done(cap(account, CapScope::Device, 8)).await;
        let (a, b) = (DeviceId::generate(), DeviceId::generate());
        stage.done(Operation::Hold(hold(account, 5, "one", a))).await;
        let refused = stage.refused(Operation::Hold(hold(account, 1, "one", b))).await;
        assert_eq!(refused, reached(CapScope::Task, 1, 0));
        let refused = stage.refused(Operation::Hold(hold(account, 4, "two", a))).await;
        assert_eq!(refused, reached(CapScope::Device, 4, 3));
        stage.done(Operation::Hold(hold(account, 4, "two", b))).await;
        // Work that is of no task and no device is not counted by either.
        stage.hold(account, 50).await;
        assert_eq!(stage.stands(account).await, [100, 59, 41]);
    }
}

#[tokio::test]
async fn an_organisation_counts_all_its_accounts() {
    for stage in Stage::each().await {
        let organisation = stage.account(0).await;
        stage.done(cap(organisation, CapScope::Organisation, 10)).await;
        let mut members = vec![];
        for _ in 0..2 {
            let member = stage.account(100).await;
            let terms = Open { organisation: Some(organisation), ..crate::stage::terms(member) };
            stage.done(Operation::Open(terms)).await;
            members.push(member);
        }
        let first = stage.hold(members[0], 7).await;
        let more =
            || Operation::Hold(NewHold::new(HoldId::generate(), members[1], Amount::credits(4)));
        assert_eq!(stage.refused(more()).await, reached(CapScope::Organisation, 4, 3));
        stage.capture(first, 6).await;
        stage.done(more()).await;
        assert_eq!(stage.stands(members[1]).await, [100, 4, 96]);
        let outsider = stage.account(100).await;
        stage.hold(outsider, 100).await;
    }
}

#[tokio::test]
async fn a_balance_tells_every_cap_also_before_anything_is_spent_and_none_that_was_lifted() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        for scope in [CapScope::Device, CapScope::Day, CapScope::Account] {
            stage.done(cap(account, scope, 10)).await;
        }
        let told = async || {
            let caps = stage.ledger.balance(account).await.unwrap().caps;
            let credits = |used: Amount| used.as_micro() / Amount::MICRO;
            caps.iter().map(|cap| (cap.scope, cap.used.map(credits))).collect::<Vec<_>>()
        };
        let (device, day, ever) = (CapScope::Device, CapScope::Day, CapScope::Account);
        assert_eq!(told().await, [(device, None), (day, Some(0)), (ever, Some(0))]);
        let held = stage.hold(account, 4).await;
        stage.capture(held, 3).await;
        stage.hold(account, 2).await;
        assert_eq!(told().await, [(device, None), (day, Some(5)), (ever, Some(5))]);
        stage.clock.set(NOON + DAY);
        stage.done(Operation::SetCap { account, scope: device, most: None }).await;
        assert_eq!(told().await, [(day, Some(0)), (ever, Some(5))]);
    }
}

#[tokio::test]
async fn a_cap_can_be_raised_lowered_and_lifted_while_it_counts() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        stage.done(cap(account, CapScope::Account, 10)).await;
        stage.hold(account, 8).await;
        let three =
            || Operation::Hold(NewHold::new(HoldId::generate(), account, Amount::credits(3)));
        assert_eq!(stage.refused(three()).await, reached(CapScope::Account, 3, 2));
        stage.done(cap(account, CapScope::Account, 5)).await;
        assert_eq!(stage.refused(three()).await, reached(CapScope::Account, 3, 0));
        stage.done(cap(account, CapScope::Account, 11)).await;
        stage.done(three()).await;
        assert_eq!(stage.refused(three()).await, reached(CapScope::Account, 3, 0));
        let lifted = Operation::SetCap { account, scope: CapScope::Account, most: None };
        stage.done(lifted).await;
        stage.hold(account, 80).await;
        assert_eq!(stage.stands(account).await, [100, 91, 9]);
    }
}

#[tokio::test]
async fn a_cap_counts_from_when_it_is_set_and_not_what_was_spent_while_there_was_none() {
    for stage in Stage::each().await {
        let account = stage.account(100).await;
        stage.hold(account, 8).await;
        stage.done(cap(account, CapScope::Day, 10)).await;
        stage.hold(account, 9).await;
        let lifted = Operation::SetCap { account, scope: CapScope::Day, most: None };
        stage.done(lifted).await;
        stage.clock.set(NOON + DAY);
        stage.hold(account, 8).await;
        stage.done(cap(account, CapScope::Day, 10)).await;
        stage.hold(account, 9).await;
        let two = NewHold::new(HoldId::generate(), account, Amount::credits(2));
        assert_eq!(stage.refused(Operation::Hold(two)).await, reached(CapScope::Day, 2, 1));
        assert_eq!(stage.stands(account).await, [100, 34, 66]);
    }
}
