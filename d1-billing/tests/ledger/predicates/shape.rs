//! The rules that are part of the tables themselves: what has a name of its own, what may be
//! nothing, what is a number.

use super::lite::file;
use crate::{
    attacks::lived,
    stage::{Stage, connected, great},
};
use sqlx::AssertSqlSafe;

/// The tables, and what a row of each is found by.
const NAMES: [(&str, &str); 10] = [
    ("account", "id"),
    ("cap", "id"),
    ("cap_rule", "account, scope"),
    ("entry", "account, seq"),
    ("event", "id"),
    ("hold", "id"),
    ("lot", "id"),
    ("outcome", "key"),
    ("quote", "id"),
    ("share", "hold, place"),
];

/// The only columns that may be nothing.
const OPTIONAL: [&str; 12] = [
    "account.organisation",
    "cap_rule.most",
    "entry.hold",
    "entry.lot",
    "entry.prev",
    "hold.device",
    "hold.organisation",
    "hold.quote",
    "hold.task",
    "hold.until_at",
    "lot.until_at",
    "quote.hold",
];

#[tokio::test]
async fn in_sqlite_nothing_but_what_is_optional_is_nothing_and_numbers_are_numbers() {
    let stage = Stage::sqlite();
    let db = file(&stage);
    let ask = |sql: &str| -> Vec<String> {
        let mut found = db.prepare(sql).unwrap();
        let rows = found.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let optional = "SELECT t.name || '.' || c.name
        FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
        WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite%' AND NOT c.\"notnull\" ORDER BY 1";
    assert_eq!(ask(optional), OPTIONAL);
    let strict = "SELECT t.name FROM pragma_table_list AS t
        WHERE t.schema = 'main' AND t.strict ORDER BY 1";
    assert_eq!(ask(strict), NAMES.map(|(table, _key)| table));
    let keys = "SELECT t.name || ': ' || group_concat(c.name, ', ' ORDER BY c.pk)
        FROM pragma_table_list AS t, pragma_table_info(t.name) AS c
        WHERE t.schema = 'main' AND c.pk > 0 GROUP BY t.name ORDER BY 1";
    let named = NAMES.map(|(table, key)| format!("{table}: {key}"));
    assert_eq!(ask(keys), named);
}

#[tokio::test]
async fn in_postgresql_nothing_but_what_is_optional_is_nothing() {
    let stage = Stage::postgres().await;
    let mut db = connected(&stage).await;
    let mut ask = async |sql: &'static str| -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut db).await.unwrap()
    };
    let optional = "SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'd1_ledger' AND table_name <> '_sqlx_migrations'
        AND is_nullable = 'YES' ORDER BY 1";
    assert_eq!(ask(optional).await, OPTIONAL);
    let keys =
        "SELECT table_name || ': ' || string_agg(column_name, ', ' ORDER BY ordinal_position)
        FROM information_schema.key_column_usage JOIN information_schema.table_constraints
        USING (table_schema, table_name, constraint_name)
        WHERE table_schema = 'd1_ledger' AND table_name <> '_sqlx_migrations'
        AND constraint_type = 'PRIMARY KEY' GROUP BY table_name ORDER BY table_name";
    let mut named = NAMES.map(|(table, key)| format!("{table}: {key}")).to_vec();
    // No part of the books: which of them end, and when.
    named.push("deadline: hold".to_owned());
    named.sort_unstable();
    assert_eq!(ask(keys).await, named);
}

/// A table that others refer to is only emptied together with them, so that the rules of the
/// last ones keep all; each table has its rule nevertheless.
#[tokio::test]
async fn in_postgresql_no_history_can_be_emptied() {
    let stage = Stage::postgres().await;
    lived(&stage).await;
    let kept = ["account", "lot", "quote", "hold", "share", "entry", "outcome"];
    for table in kept {
        let empty = format!("BEGIN; TRUNCATE {table} CASCADE; ROLLBACK;");
        assert!(great(&stage, &empty).await.is_err(), "{table} was emptied");
        let forget = format!("DROP TRIGGER {table}_is_not_emptied ON {table};");
        let without = empty.replace("BEGIN;", &format!("BEGIN; {forget}"));
        let is_last = table != "account";
        assert_eq!(great(&stage, &without).await.is_ok(), is_last, "{table}");
    }
}
