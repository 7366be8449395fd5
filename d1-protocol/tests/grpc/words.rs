//! What is said is what is heard, by both sides.

use crate::clerk::{Answer, Asked, clerk_and_client};
use d1_core::{AccountId, CapScope, DeviceId, HoldId, Meter, Rate, Source};
use d1_protocol::{
    CreditsCall,
    api::{
        BalanceView, CapList, CapRequest, CapView, EntriesQuery, EntryList, EntryView, ExpiryView,
        GrantList, GrantView, QuoteQuery, QuoteStepView, QuoteView,
    },
};
use proptest::{collection::vec, option, prelude::*};
use std::num::NonZeroU64;
use tokio::runtime::Runtime;

fn balance() -> impl Strategy<Value = BalanceView> {
    let expiry = any::<(u64, u64)>().prop_map(|(amount_micro, at)| ExpiryView { amount_micro, at });
    (any::<([u8; 16], u64, u64, u64, bool)>(), option::of(expiry)).prop_map(
        |((account, posted_micro, held_micro, available_micro, frozen), expires_next)| {
            BalanceView {
                schema: BalanceView::SCHEMA.to_owned(),
                account: AccountId::from_bytes(account),
                posted_micro,
                held_micro,
                available_micro,
                frozen,
                expires_next,
            }
        },
    )
}

fn entry() -> impl Strategy<Value = EntryView> {
    let about = (any::<Option<[u8; 16]>>(), option::of(".{0,12}"));
    (any::<(u64, u64, i64, u64)>(), ".{0,12}", about).prop_map(
        |((seq, at, change_micro, balance_micro), kind, (hold, grant))| EntryView {
            seq,
            at,
            kind,
            change_micro,
            balance_micro,
            hold: hold.map(HoldId::from_bytes),
            grant,
        },
    )
}

fn entries() -> impl Strategy<Value = EntryList> {
    (any::<(u64, u64, Option<u64>)>(), vec(entry(), 0..4)).prop_map(
        |((opening_micro, closing_micro, next), entries)| EntryList {
            schema: EntryList::SCHEMA.to_owned(),
            opening_micro,
            entries,
            closing_micro,
            next,
        },
    )
}

fn grant() -> impl Strategy<Value = GrantView> {
    (".{0,12}", ".{0,12}", any::<u8>(), any::<[u64; 6]>(), any::<Option<u64>>()).prop_map(
        |(id, source, priority, amounts, until)| {
            let [amount_micro, free_micro, held_micro, spent_micro, lapsed_micro, from] = amounts;
            GrantView {
                id,
                source,
                priority,
                amount_micro,
                free_micro,
                held_micro,
                spent_micro,
                lapsed_micro,
                from,
                until,
            }
        },
    )
}

fn scope() -> impl Strategy<Value = CapScope> {
    proptest::sample::select(vec![
        CapScope::Task,
        CapScope::Device,
        CapScope::Day,
        CapScope::Account,
        CapScope::Organisation,
    ])
}

fn caps() -> impl Strategy<Value = CapList> {
    let cap = (scope(), any::<u64>(), any::<Option<u64>>());
    let cap =
        cap.prop_map(|(scope, most_micro, used_micro)| CapView { scope, most_micro, used_micro });
    vec(cap, 0..4).prop_map(|caps| CapList { schema: CapList::SCHEMA.to_owned(), caps })
}

fn quote() -> impl Strategy<Value = QuoteView> {
    let meter = proptest::sample::select(vec![Meter::Millisecond, Meter::OutputByte]);
    let rate = (meter, any::<(u64, u64)>());
    let rate = rate.prop_map(|(meter, (parts, up_to))| Rate { meter, parts, up_to });
    let step = ("[a-z]{1,12}", ".{0,12}", any::<(u64, u64)>(), vec(rate, 0..3));
    let step = step.prop_map(|(step, title, (most_micro, flat_micro), rates)| QuoteStepView {
        step: step.parse().unwrap(),
        title,
        most_micro,
        flat_micro,
        rates,
    });
    (".{0,12}", ".{0,12}", any::<(Option<u64>, u64, NonZeroU64)>(), vec(step, 0..4)).prop_map(
        |(intent, price_list, (changes_at, most_micro, parts), steps)| QuoteView {
            schema: QuoteView::SCHEMA.to_owned(),
            intent,
            price_list,
            changes_at,
            most_micro,
            parts,
            steps,
        },
    )
}

fn wish() -> impl Strategy<Value = QuoteQuery> {
    let sources = vec![Source::Npm, Source::Cargo, Source::Pipx, Source::Go];
    let from = option::of(proptest::sample::select(sources));
    (".{0,12}", from, any::<[u8; 16]>()).prop_map(|(install, from, device)| QuoteQuery {
        install,
        from,
        device: DeviceId::from_bytes(device),
    })
}

fn query() -> impl Strategy<Value = EntriesQuery> {
    any::<(Option<u64>, Option<u64>, Option<u32>)>().prop_map(|(after, since, limit)| {
        EntriesQuery { after, since, limit: limit.map(|limit| limit as usize) }
    })
}

#[test]
fn every_answer_is_heard_as_it_was_given() {
    let runtime = Runtime::new().unwrap();
    let (clerk, client) = runtime.block_on(clerk_and_client());
    proptest!(|(balance in balance(), entries in entries(), grants in vec(grant(), 0..4), quote in quote(), caps in caps())| {
        let grants = GrantList { schema: GrantList::SCHEMA.to_owned(), grants };
        runtime.block_on(async {
            clerk.will_say(Answer::Balance(balance.clone()));
            prop_assert_eq!(client.balance().await.unwrap(), balance);
            clerk.will_say(Answer::Entries(entries.clone()));
            prop_assert_eq!(client.entries(&EntriesQuery::default()).await.unwrap(), entries);
            clerk.will_say(Answer::Grants(grants.clone()));
            prop_assert_eq!(client.grants().await.unwrap(), grants);
            clerk.will_say(Answer::Quote(quote.clone()));
            let wish = QuoteQuery {
                install: "jq".to_owned(),
                from: None,
                device: DeviceId::generate(),
            };
            prop_assert_eq!(client.quote(&wish).await.unwrap(), quote);
            clerk.will_say(Answer::Caps(caps.clone()));
            prop_assert_eq!(client.caps().await.unwrap(), caps);
            Ok(())
        })?;
    });
}

#[test]
fn every_question_is_heard_as_it_was_asked() {
    let runtime = Runtime::new().unwrap();
    let (clerk, client) = runtime.block_on(clerk_and_client());
    proptest!(|(query in query(), wish in wish(), scope in scope(), most_micro in any::<u64>())| {
        let cap = CapRequest { most_micro };
        runtime.block_on(async {
            clerk.will_say(Answer::Refused(crate::refusals::problem("D1-API-005").into()));
            client.balance().await.unwrap_err();
            client.entries(&query).await.unwrap_err();
            client.grants().await.unwrap_err();
            client.quote(&wish).await.unwrap_err();
            client.caps().await.unwrap_err();
            client.set_cap(scope, cap).await.unwrap_err();
            client.lift_cap(scope).await.unwrap_err();
        });
        let expected = [
            Asked::Balance,
            Asked::Entries(query),
            Asked::Grants,
            Asked::Quote(wish),
            Asked::Caps,
            Asked::Cap(scope, Some(cap)),
            Asked::Cap(scope, None),
        ];
        prop_assert_eq!(clerk.was_asked(), expected);
    });
}

#[tokio::test]
async fn a_limit_that_no_number_of_the_wire_holds_is_heard_as_far_too_much() {
    let (clerk, client) = clerk_and_client().await;
    clerk.will_say(Answer::Refused(crate::refusals::problem("D1-API-005").into()));
    let query = EntriesQuery { limit: Some(1 << 32), ..EntriesQuery::default() };
    client.entries(&query).await.unwrap_err();
    let heard = EntriesQuery { limit: Some(u32::MAX as usize), ..query };
    assert_eq!(clerk.was_asked(), [Asked::Entries(heard)]);
}

#[test]
fn the_calls_are_those_that_were_agreed() {
    let mut compiler = protox::Compiler::new(["proto"]).unwrap();
    compiler.open_files(["d1/api/v1/credits.proto"]).unwrap();
    let mut agreed = Vec::new();
    for file in &compiler.file_descriptor_set().file {
        for service in &file.service {
            for call in &service.method {
                agreed.push(format!("/{}.{}/{}", file.package(), service.name(), call.name()));
            }
        }
    }
    assert_eq!(CreditsCall::ALL.map(CreditsCall::path), *agreed);
}
