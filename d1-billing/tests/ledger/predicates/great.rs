//! The rules of PostgreSQL.

use super::{
    LIVES_AT_ONCE, SAID_TWICE, all_were_read, attacks_on, every_attack, life::ordinary,
    reading::mutants,
};
use crate::{
    attacks::lived,
    postgres::Postgres,
    stage::{Stage, clone, connected},
};
use d1_billing::PostgresBooks;
use d1_core::Supervisor;
use futures_util::{StreamExt as _, future, stream};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::sync::Arc;

/// Every rule, and where its predicates are: what comes before them and after, how the rule
/// goes, and how it is made. `{}` is where the rule goes.
const CATALOGUE: &str = "
    SELECT conname, ' ', '', pg_get_constraintdef(oid), format(
        'ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I {};', conrelid::regclass, conname, conname)
    FROM pg_constraint WHERE contype = 'c' AND connamespace = 'd1_ledger'::regnamespace
    UNION ALL
    SELECT tgname, ' WHEN ', ' EXECUTE ', pg_get_triggerdef(oid), format(
        'DROP TRIGGER %I ON %s; {};', tgname, tgrelid::regclass)
    FROM pg_trigger WHERE NOT tgisinternal AND pg_get_triggerdef(oid) LIKE '% WHEN %'
    UNION ALL
    SELECT proname, ' IF ', ' THEN ', pg_get_functiondef(oid), '{};'
    FROM pg_proc WHERE pronamespace = 'd1_ledger'::regnamespace AND prosrc LIKE '% IF %'";

/// The unique indexes that are not of everything, and how each is made of everything.
const INDEXES: &str = "
    SELECT relname, pg_get_expr(indpred, indrelid), format('DROP INDEX %I; %s;', relname,
        split_part(pg_get_indexdef(indexrelid), ' WHERE ', 1))
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indisunique AND indpred IS NOT NULL
    AND relnamespace = 'd1_ledger'::regnamespace";

/// No rule: what is nothing needs no place in the index, and is never the same as another.
const SMALLER: &str = "hold_one_per_quote: (quote IS NOT NULL)";

/// A rule, one of its predicates, and how to take that out.
#[derive(Debug)]
struct Less {
    rule: String,
    predicate: String,
    change: String,
}

async fn every_less(db: &mut PgConnection) -> Vec<Less> {
    let mut all = vec![];
    let rules: Vec<(String, String, String, String, String)> =
        sqlx::query_as(CATALOGUE).fetch_all(&mut *db).await.unwrap();
    for (name, begin, end, rule, make) in rules {
        let rule = rule.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = if end.is_empty() { "\n" } else { &end };
        for less in mutants(&rule, &begin, end) {
            let change = make.replace("{}", &less.rule);
            all.push(Less { rule: name.clone(), predicate: less.predicate, change });
        }
    }
    let indexes: Vec<(String, String, String)> =
        sqlx::query_as(INDEXES).fetch_all(db).await.unwrap();
    let less = |(rule, predicate, change)| Less { rule, predicate, change };
    all.extend(indexes.into_iter().map(less));
    all
}

/// The first attack that is not repelled after this change of the rules.
async fn gets_through<'a>(
    change: &str,
    attacks: &'a [String],
    db: &mut PgConnection,
) -> Option<&'a String> {
    for attack in attacks {
        let end = "SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK;";
        let attacked = run(db, format!("BEGIN; {change} {attack} {end}")).await;
        if attacked.is_ok() {
            return Some(attack);
        }
        run(db, "ROLLBACK;".to_owned()).await.unwrap();
    }
    None
}

async fn run(db: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(db).await.map(drop)
}

/// An ordinary life in a database whose rules were changed.
async fn lives_after(change: &str, server: &Postgres) -> bool {
    let url = clone(server).await;
    let mut db = PgConnection::connect(&url).await.unwrap();
    run(&mut db, format!("SET search_path = d1_ledger; {change}")).await.unwrap();
    drop(db);
    let books = PostgresBooks::open(&url, &Supervisor::default()).await.unwrap();
    ordinary(Arc::new(books)).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_predicate_of_a_rule_of_postgresql_can_be_lost_unnoticed() {
    let server = Postgres::shared();
    let stage = Stage::postgres().await;
    lived(&stage).await;
    assert!(lives_after("", &server).await);
    let mut db = connected(&stage).await;
    let all: Vec<String> = every_attack().map(|(_rule, attack)| attack).collect();
    assert_eq!(gets_through("", &all, &mut db).await, None);
    let mut silent = vec![];
    let every = every_less(&mut db).await;
    all_were_read(every.iter().map(|less| &*less.rule));
    for less in every {
        if gets_through(&less.change, &attacks_on(&less.rule), &mut db).await.is_none() {
            silent.push(less);
        }
    }
    let mut unnoticed = stream::iter(silent)
        .map(async |Less { rule, predicate, change }| {
            lives_after(&change, &server).await.then(|| format!("{rule}: {predicate}"))
        })
        .buffer_unordered(LIVES_AT_ONCE)
        .filter_map(future::ready)
        .collect::<Vec<_>>()
        .await;
    unnoticed.sort_unstable();
    // What is nested is found once for each nest around it.
    unnoticed.dedup();
    unnoticed.retain(|less| less != SMALLER);
    assert_eq!(unnoticed, SAID_TWICE);
}
