//! The rules of SQLite.

use super::{
    LIVES_AT_ONCE, SAID_TWICE, all_were_read, attacks_on, every_attack, life::ordinary,
    reading::mutants,
};
use crate::{
    attacks::{copy, lived},
    stage::{Place, Stage},
};
use d1_billing::SqliteBooks;
use futures_util::{StreamExt as _, future, stream};
use rusqlite::Connection;
use std::sync::Arc;

/// A predicate that SQLite alone cannot tell: it answers with the first line about a hold,
/// which is its charge.
const FIRST_LINE: &str = "entry_refunds_no_more_than_was_charged: kind = 'charged'";

/// A rule, one of its predicates, and the whole schema without that.
struct Less {
    rule: String,
    predicate: String,
    schema: String,
}

pub(super) fn file(stage: &Stage) -> Connection {
    let Place::Sqlite(directory) = &stage.place else { panic!("these books are in no file") };
    Connection::open(directory.path().join("ledger.db")).unwrap()
}

/// Every statement that makes the schema, and the name of what it makes.
fn catalogue(stage: &Stage) -> Vec<(String, String)> {
    let db = file(stage);
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid";
    let mut found = db.prepare(sql).unwrap();
    let rows = found.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
    let flat = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    rows.map(Result::unwrap).map(|(name, sql)| (name, flat(sql))).collect()
}

/// The rules that a statement makes, each with its predicates taken out of the statement.
fn without_one(name: &str, sql: &str) -> Vec<(String, String, String)> {
    let mut all = vec![];
    for rule in sql.split("CONSTRAINT ").skip(1) {
        let rule = rule.split(", CONSTRAINT").next().unwrap();
        let rule = rule.trim_end_matches(" ) STRICT").trim_end_matches(", ");
        let Some((name, _)) = rule.split_once(" CHECK ") else { continue };
        for less in mutants(rule, " CHECK ", "\n") {
            all.push((name.to_owned(), less.predicate, sql.replace(rule, &less.rule)));
        }
    }
    if sql.starts_with("CREATE TRIGGER") {
        for less in mutants(sql, " WHEN ", " BEGIN ") {
            all.push((name.to_owned(), less.predicate, less.rule));
        }
    }
    if let Some((all_of_it, predicate)) = sql.split_once(" WHERE ")
        && sql.starts_with("CREATE UNIQUE")
    {
        all.push((name.to_owned(), predicate.to_owned(), all_of_it.to_owned()));
    }
    all
}

fn every_less(catalogue: &[(String, String)]) -> Vec<Less> {
    let mut all = vec![];
    for (name, sql) in catalogue {
        for (rule, predicate, less) in without_one(name, sql) {
            let sqls = catalogue.iter().map(|(_, other)| if other == sql { &less } else { other });
            let schema = sqls.map(|sql| format!("{sql};\n")).collect();
            all.push(Less { rule, predicate, schema });
        }
    }
    all
}

/// An ordinary life in a file with this schema.
async fn lives_under(schema: &str, like: &Stage) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(schema).unwrap();
    for mark in ["application_id", "user_version"] {
        let value: u32 = file(like).pragma_query_value(None, mark, |row| row.get(0)).unwrap();
        db.pragma_update(None, mark, value).unwrap();
    }
    drop(db);
    ordinary(Arc::new(SqliteBooks::open(&path).unwrap())).await.is_ok()
}

#[tokio::test]
async fn no_predicate_of_a_rule_of_sqlite_can_be_lost_unnoticed() {
    let stage = Stage::sqlite();
    lived(&stage).await;
    let catalogue = catalogue(&stage);
    let whole: String = catalogue.iter().map(|(_, sql)| format!("{sql};\n")).collect();
    assert!(lives_under(&whole, &stage).await);
    let all: Vec<String> = every_attack().map(|(_rule, attack)| attack).collect();
    assert_eq!(gets_through(&whole, &all, &stage), None);
    let every = every_less(&catalogue);
    all_were_read(every.iter().map(|less| &*less.rule));
    let silent = every.into_iter().filter(|Less { rule, schema, .. }| {
        gets_through(schema, &attacks_on(rule), &stage).is_none()
    });
    let mut unnoticed = stream::iter(silent)
        .map(async |Less { rule, predicate, schema }| {
            lives_under(&schema, &stage).await.then(|| format!("{rule}: {predicate}"))
        })
        .buffer_unordered(LIVES_AT_ONCE)
        .filter_map(future::ready)
        .collect::<Vec<_>>()
        .await;
    let mut known: Vec<&str> = SAID_TWICE.into_iter().chain([FIRST_LINE]).collect();
    known.sort_unstable();
    unnoticed.sort_unstable();
    assert_eq!(unnoticed, known);
}

/// The first attack that these rules do not repel.
fn gets_through<'a>(schema: &str, attacks: &'a [String], stage: &Stage) -> Option<&'a String> {
    // A schema that is too strict for what is there lets nothing through.
    let db = copy(schema, stage).ok()?;
    attacks.iter().find(|attack| {
        let is_done = db.execute_batch(&format!("BEGIN; {attack} COMMIT;")).is_ok();
        is_done || !db.is_autocommit() && db.execute_batch("ROLLBACK;").is_err()
    })
}
