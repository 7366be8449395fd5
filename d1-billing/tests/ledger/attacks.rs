//! Whatever writes to the database: it cannot be made to overspend, to go below nothing, or to
//! tell another history.
//!
//! Every rule of the schema has an attack that it alone repels. Each is tried twice: as the
//! schema is, where it must fail, and with that one rule removed, where it must work; so no
//! rule can be lost without a test that fails.

mod rows;

use crate::stage::{Place, Stage, great};
use d1_billing::{CapScope, NewHold, NewQuote, Operation, QuoteId};
use d1_core::{Amount, HoldId, Timestamp};
use std::collections::BTreeSet;

const LITE: &str = include_str!("../../migrations/sqlite/0001_ledger.sql");
const GREAT: &str = concat!(
    include_str!("../../migrations/postgres/0001_ledger.sql"),
    include_str!("../../migrations/postgres/0002_speed.sql"),
    include_str!("../../migrations/postgres/0004_one_index_less.sql")
);

use rows::lapse;
pub(crate) use rows::{
    A, ACCOUNT, B, CHARGED, LOT, OPEN, account, hold, lot, next, opened, quote, share,
};

/// An account with the sum of the one that has the longest history.
fn as_another_stands() -> String {
    let longest = |what| format!("(SELECT {what} FROM account ORDER BY entries DESC LIMIT 1)");
    let (entries, posted) = (longest("entries"), longest("posted"));
    let change =
        format!("UPDATE account SET entries = {entries}, posted = {posted} WHERE id = {B};");
    account(B) + &opened(B) + &change
}

/// Every rule, and the attack that it repels.
pub(crate) fn attacks() -> Vec<(&'static str, String)> {
    let mut all = on_accounts_and_lots();
    all.extend(on_holds_and_quotes());
    all.extend(on_history());
    all.extend(on_the_rest());
    all
}

fn on_accounts_and_lots() -> Vec<(&'static str, String)> {
    let lots = |parts| lot(ACCOUNT, parts, "paid");
    vec![
        ("account_never_overspends", "UPDATE account SET held = posted + 1;".into()),
        ("account_holds_are_no_debt", "UPDATE account SET held = -1;".into()),
        ("account_open_holds", "UPDATE account SET open_holds = 10001;".into()),
        ("account_low_mark", "UPDATE account SET low_mark = -1;".into()),
        ("account_organisation", format!("UPDATE account SET organisation = {A};")),
        (
            "account_stands_where_its_history_ends",
            "UPDATE account SET posted = posted + 1000000;".into(),
        ),
        (
            "account_stands_where_its_history_ends",
            "UPDATE account SET entries = entries + 1000;".into(),
        ),
        ("account_stands_where_its_history_ends", as_another_stands()),
        ("account_stays", account(A) + &format!("DELETE FROM account WHERE id = {A};")),
        (
            "account_keeps_its_name",
            account(A) + &format!("UPDATE account SET id = {B} WHERE id = {A};") + &opened(B),
        ),
        ("lot_is_something", lots([0, 0, 0, 0, 0])),
        ("lot_free", lots([5, -1, 6, 0, 0])),
        ("lot_held", lots([5, 6, -1, 0, 0])),
        ("lot_spent", lots([5, 6, 0, -1, 0])),
        ("lot_lapsed", lots([5, 6, 0, 0, -1])),
        ("lot_parts_are_the_whole", lots([5, 6, 0, 0, 0])),
        ("lot_source", lot(ACCOUNT, [5, 5, 0, 0, 0], "stolen")),
        ("lot_account", lot(B, [5, 5, 0, 0, 0], "paid")),
        ("lot_stays", lots([5, 5, 0, 0, 0]) + &format!("DELETE FROM lot WHERE id = {A};")),
        ("lot_keeps_its_terms", "UPDATE lot SET until_at = 1;".into()),
    ]
}

fn on_holds_and_quotes() -> Vec<(&'static str, String)> {
    let holds = |parts, state| hold(ACCOUNT, parts, state, "NULL");
    let used = "(SELECT id FROM quote LIMIT 1)";
    vec![
        ("quote_most", quote(ACCOUNT, -1)),
        ("quote_account", quote(B, 1)),
        ("quote_stays", quote(ACCOUNT, 1) + &format!("DELETE FROM quote WHERE id = {A};")),
        ("quote_binds", "UPDATE quote SET most = most + 1;".into()),
        ("hold_charges_no_more_than_it_has", holds([1, 2, 0], "captured")),
        (
            "hold_refunds_no_more_than_it_charged",
            "UPDATE hold SET refunded = charged + 1 WHERE state = 'captured';".into(),
        ),
        ("hold_state", holds([1, 0, 0], "lent")),
        ("hold_charges_only_when_captured", holds([2, 1, 0], "open")),
        ("hold_one_per_quote", hold(ACCOUNT, [1, 0, 0], "open", used)),
        ("hold_quote", hold(ACCOUNT, [1, 0, 0], "open", B)),
        ("hold_account", hold(B, [1, 0, 0], "open", "NULL")),
        ("hold_stays", holds([1, 0, 0], "open") + &format!("DELETE FROM hold WHERE id = {A};")),
        ("hold_keeps_its_terms", "UPDATE hold SET made_at = 1 WHERE state = 'open';".into()),
        ("hold_ends_once", "UPDATE hold SET state = 'open' WHERE state = 'released';".into()),
        ("hold_refunds_stay", "UPDATE hold SET refunded = 0 WHERE state = 'captured';".into()),
        ("share_key", share(OPEN, LOT, 0, [1, 0, 0])),
        ("share_amount", share(OPEN, LOT, 9, [0, 0, 0])),
        ("share_charges_no_more_than_it_has", share(OPEN, LOT, 9, [1, 2, 0])),
        ("share_refunds_no_more_than_it_charged", share(OPEN, LOT, 9, [2, 1, 2])),
        ("share_hold", share(B, LOT, 9, [1, 0, 0])),
        ("share_lot", share(OPEN, B, 9, [1, 0, 0])),
        ("share_stays", "DELETE FROM share;".into()),
        ("share_keeps_its_terms", "UPDATE share SET amount = amount + 1;".into()),
    ]
}

fn on_history() -> Vec<(&'static str, String)> {
    let of_lot = format!("NULL, {LOT}");
    let of_charged = format!("{CHARGED}, NULL");
    let charged = format!("(SELECT charged FROM hold WHERE id = {CHARGED})");
    let granted = format!("(SELECT amount FROM lot WHERE id = {LOT})");
    let add = |kind: &str, amount: &str, of: &str| {
        let sign = if kind == "charged" { "-" } else { "+" };
        next("seq + 1", kind, amount, "after", &format!("after {sign} {amount}"), of)
    };
    let again = "INSERT INTO entry SELECT account, seq, prev, 'lapsed', 1, before, before - 1, \
                 NULL, lot, 0 FROM entry WHERE seq = 2;";
    vec![
        (
            "entry_key",
            again
                .replace("before - 1", "before + 1")
                .replace("'lapsed', 1", "'refunded', 1")
                .replace("NULL, lot", &of_charged),
        ),
        ("entry_never_below_zero", lapse("after + 1", "-1")),
        ("entry_amount", lapse("0", "after")),
        ("entry_adds_up", lapse("1", "after + 5")),
        ("entry_follows", next("seq + 5", "lapsed", "1", "after", "after - 1", &of_lot)),
        (
            "entry_of_hold",
            next("seq + 1", "lapsed", "1", "after", "after - 1", &format!("{OPEN}, {LOT}")),
        ),
        ("entry_of_lot", next("seq + 1", "lapsed", "1", "after", "after - 1", "NULL, NULL")),
        (
            "entry_begins_where_the_last_one_ended",
            next("seq + 1", "lapsed", "1", "after + 7", "after + 6", &of_lot),
        ),
        ("entry_account", opened(B)),
        ("entry_lot", next("seq + 1", "lapsed", "1", "after", "after - 1", &format!("NULL, {B}"))),
        ("entry_one_charge_per_hold", add("charged", &charged, &of_charged)),
        ("entry_one_grant_per_lot", add("granted", &granted, &of_lot)),
        (
            "entry_stays",
            lapse("1", "after - 1") + "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry);",
        ),
        ("entry_is_history", "UPDATE entry SET at = at + 1;".into()),
        ("entry_refunds_no_more_than_was_charged", add("refunded", "4000000", &of_charged)),
        (
            "entry_grants_what_its_lot_has",
            lot(ACCOUNT, [5, 5, 0, 0, 0], "gift") + &add("granted", "500", &format!("NULL, {A}")),
        ),
        (
            "entry_charges_what_its_hold_says",
            hold(ACCOUNT, [5, 2, 0], "captured", "NULL")
                + &add("charged", "3", &format!("{A}, NULL")),
        ),
    ]
}

fn on_the_rest() -> Vec<(&'static str, String)> {
    let rule = |account: &str, most: i64| {
        format!("INSERT INTO cap_rule VALUES ({account}, 'day', {most});")
    };
    vec![
        ("cap_rule_key", format!("INSERT INTO cap_rule VALUES ({ACCOUNT}, 'account', 1);")),
        ("cap_rule_most", rule(ACCOUNT, -1)),
        ("cap_rule_account", rule(B, 1)),
        ("cap_used", "UPDATE cap SET used = -1;".into()),
        ("cap_held", "UPDATE cap SET held = -1;".into()),
        ("cap_is_kept", "UPDATE cap SET used = most + 1;".into()),
        ("cap_account", format!("INSERT INTO cap VALUES ('x', {B}, 'day', 1, 0, 0);")),
        ("outcome_stays", "DELETE FROM outcome;".into()),
        ("outcome_is_history", "UPDATE outcome SET reply = 'no';".into()),
        ("event_account", format!("INSERT INTO event VALUES ({A}, {B}, 1, 1);")),
    ]
}

/// An account that has seen a bit of everything.
pub(crate) async fn lived(stage: &Stage) {
    let account = stage.account(20).await;
    let most = Some(Amount::credits(15));
    let scope = CapScope::Account;
    stage.done(Operation::SetCap { account, scope, most }).await;
    let quote = NewQuote {
        id: QuoteId::generate(),
        account,
        price_list: "1".to_owned(),
        most: Amount::credits(5),
        until: Timestamp(u64::MAX / 4),
    };
    stage.done(Operation::Quote(quote.clone())).await;
    let hold = NewHold::new(HoldId::generate(), account, Amount::credits(5));
    let charged = hold.id;
    stage.done(Operation::Hold(NewHold { quote: Some(quote.id), ..hold })).await;
    stage.capture(charged, 4).await;
    stage.refund(charged, 1).await;
    let released = stage.hold(account, 3).await;
    stage.capture(released, 0).await;
    stage.hold(account, 2).await;
    stage.is_right().await;
}

/// The rules that a schema names.
fn rules(schema: &str) -> BTreeSet<&str> {
    let words: Vec<&str> = schema.split_whitespace().collect();
    let after = |pair: &[&str]| matches!(pair, ["CONSTRAINT" | "TRIGGER", _] | ["INDEX", _]);
    let pairs = words
        .windows(2)
        .enumerate()
        .filter(|(at, pair)| after(pair) && (pair[0] != "INDEX" || words[at - 1] == "UNIQUE"));
    let names = pairs
        .map(|(_at, pair)| pair[1].trim_end_matches(';'))
        .filter(|name| !["=", "TRIGGER"].contains(name));
    // One is there for a foreign key to refer to; the others only say no to everything.
    names.filter(|name| *name != "entry_place" && !name.ends_with("_is_not_emptied")).collect()
}

#[test]
fn every_rule_of_both_schemas_has_an_attack() {
    let attacked: BTreeSet<&str> = attacks().iter().map(|(rule, _)| *rule).collect();
    assert_eq!(rules(LITE), attacked);
    assert_eq!(rules(GREAT), attacked);
}

/// The schema with one rule less.
fn without(rule: &str) -> String {
    if let Some(at) = LITE.find(&format!("CONSTRAINT {rule} ")) {
        let rest = &LITE[at..];
        let end = ["\n  CONSTRAINT", "\n)"].iter().filter_map(|end| rest.find(end)).min().unwrap();
        let comma = if rest[..end].ends_with(',') { "," } else { "" };
        return format!("{}CONSTRAINT {rule} CHECK (1 = 1){comma}{}", &LITE[..at], &rest[end..]);
    }
    let kind = if LITE.contains(&format!("CREATE TRIGGER {rule} ")) { "TRIGGER" } else { "INDEX" };
    format!("{LITE}\nDROP {kind} {rule};")
}

/// A copy of the books under another schema, when that takes them.
pub(crate) fn copy(schema: &str, stage: &Stage) -> rusqlite::Result<rusqlite::Connection> {
    let Place::Sqlite(directory) = &stage.place else { panic!("these books are in no file") };
    let path = directory.path().join("ledger.db");
    let db = rusqlite::Connection::open_in_memory()?;
    db.pragma_update(None, "foreign_keys", false)?;
    db.execute("ATTACH ?1 AS original", [path.to_str()])?;
    db.execute_batch(schema)?;
    for table in
        ["account", "lot", "quote", "hold", "share", "entry", "cap_rule", "cap", "outcome", "event"]
    {
        db.execute_batch(&format!("INSERT INTO {table} SELECT * FROM original.{table}"))?;
    }
    db.execute_batch("DETACH original")?;
    db.pragma_update(None, "foreign_keys", true)?;
    Ok(db)
}

#[tokio::test]
async fn sqlite_repels_every_attack_by_the_rule_against_it() {
    let stage = Stage::sqlite();
    lived(&stage).await;
    for (rule, attack) in attacks() {
        let attack = format!("BEGIN; {attack} COMMIT;");
        let repelled = copy(LITE, &stage).unwrap().execute_batch(&attack);
        assert!(repelled.is_err(), "{rule} did not repel: {attack}");
        let done = copy(&without(rule), &stage).unwrap().execute_batch(&attack);
        assert!(done.is_ok(), "without {rule} it is repelled all the same: {attack}: {done:?}");
    }
}

/// How PostgreSQL forgets a rule.
fn forget(rule: &str) -> String {
    if GREAT.contains(&format!("CREATE UNIQUE INDEX {rule} ")) {
        return format!("DROP INDEX {rule};");
    }
    let table = [
        "cap_rule", "account", "lot", "quote", "hold", "share", "entry", "cap", "outcome", "event",
    ]
    .into_iter()
    .find(|table| rule.starts_with(&format!("{table}_")))
    .unwrap();
    if GREAT.contains(&format!(" TRIGGER {rule} ")) {
        return format!("DROP TRIGGER {rule} ON {table};");
    }
    format!("ALTER TABLE {table} DROP CONSTRAINT {rule};")
}

#[tokio::test]
async fn postgresql_repels_every_attack_by_the_rule_against_it() {
    let stage = Stage::postgres().await;
    lived(&stage).await;
    for (rule, attack) in attacks() {
        let end = "SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK;";
        let repelled = great(&stage, &format!("BEGIN; {attack} {end}")).await;
        let Err(sqlx::Error::Database(error)) = repelled else { panic!("{rule}: {repelled:?}") };
        assert_eq!(error.constraint(), Some(rule), "{attack}: {error}");
        let forget = forget(rule);
        let done = great(&stage, &format!("BEGIN; {forget} {attack} {end}")).await;
        assert!(done.is_ok(), "without {rule} it is repelled all the same: {attack}: {done:?}");
    }
    for table in ["account", "lot", "quote", "hold", "share", "entry", "outcome"] {
        let emptied = great(&stage, &format!("TRUNCATE {table} CASCADE;")).await;
        assert!(emptied.is_err(), "{table} was emptied");
    }
    stage.is_right().await;
}
