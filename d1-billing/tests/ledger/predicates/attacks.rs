//! Attacks that one predicate of a rule repels, where the rule has several.

use crate::attacks::{
    A, ACCOUNT, B, CHARGED, LOT, OPEN, account, hold, lot, next, opened, quote, share,
};

const RELEASED: &str = "(SELECT id FROM hold WHERE state = 'released' LIMIT 1)";

/// The lot of everything so far, whatever other lots there are now.
const SHARED: &str = "(SELECT lot FROM share LIMIT 1)";

/// Every rule with several predicates, and what they repel.
pub(super) fn attacks() -> Vec<(&'static str, String)> {
    let mut all = on_terms();
    all.extend(on_settled_holds());
    all.extend(on_sums());
    all.extend(on_first_lines());
    all.extend(from_other_accounts());
    all
}

/// Somebody changes what was agreed.
fn on_terms() -> Vec<(&'static str, String)> {
    let other = account(B) + &opened(B);
    let mut all = vec![];
    let mut add = |rule, new: &str, table: &str, change: &str| {
        all.push((rule, format!("{new}UPDATE {table} SET {change} WHERE id = {A};")));
    };
    let new = lot(ACCOUNT, [5, 5, 0, 0, 0], "paid");
    for change in [&format!("id = {B}"), "amount = 6, free = 6", "priority = 1", "from_at = 1"] {
        add("lot_keeps_its_terms", &new, "lot", change);
    }
    add("lot_keeps_its_terms", &new, "lot", "source = 'gift'");
    add("lot_keeps_its_terms", &(new + &other), "lot", &format!("account = {B}"));
    let new = quote(ACCOUNT, 1);
    for change in [&format!("id = {B}"), "most = 2", "price_list = '2'", "made_at = 1"] {
        add("quote_binds", &new, "quote", change);
    }
    add("quote_binds", &new, "quote", "until_at = 1");
    add("quote_binds", &(new.clone() + &other), "quote", &format!("account = {B}"));
    let agreed = new;
    let new = hold(ACCOUNT, [1, 0, 0], "open", "NULL");
    for change in [&format!("id = {B}"), &format!("organisation = {ACCOUNT}"), "task = 'x'"] {
        add("hold_keeps_its_terms", &new, "hold", change);
    }
    for change in [&format!("device = {A}"), "counted = 1", "amount = 0"] {
        add("hold_keeps_its_terms", &new, "hold", change);
    }
    add("hold_keeps_its_terms", &(agreed + &new), "hold", &format!("quote = {A}"));
    add("hold_keeps_its_terms", &(new + &other), "hold", &format!("account = {B}"));
    all.push(("quote_binds", "UPDATE quote SET hold = NULL;".into()));
    all
}

/// Somebody changes what is over.
fn on_settled_holds() -> Vec<(&'static str, String)> {
    let settled = |change: &str| {
        let sql = format!("UPDATE hold SET {change} WHERE state = 'captured';");
        ("hold_ends_once", sql)
    };
    let shared = |before: &str, change: &str| {
        let new = share(OPEN, SHARED, 9, [2, 1, 0]);
        let sql = format!("{before}{new}UPDATE share SET {change} WHERE place = 9;");
        ("share_keeps_its_terms", sql)
    };
    let other = lot(ACCOUNT, [5, 5, 0, 0, 0], "paid");
    vec![
        settled("amount = amount + 1"),
        settled("charged = charged + 1"),
        settled("until_at = 1"),
        shared("", &format!("hold = {RELEASED}")),
        shared("", "place = 8"),
        shared(&other, &format!("lot = {A}")),
        shared("", "charged = 0"),
        ("share_keeps_its_terms", "UPDATE share SET refunded = 0;".into()),
    ]
}

/// Somebody writes what does not add up.
fn on_sums() -> Vec<(&'static str, String)> {
    let line = |kind: &str, amount: &str, after: &str, of: &str| {
        next("seq + 1", kind, amount, "after", after, of)
    };
    vec![
        ("account_open_holds", "UPDATE account SET open_holds = -1;".into()),
        ("hold_refunds_no_more_than_it_charged", hold(ACCOUNT, [1, 0, -1], "open", "NULL")),
        ("share_refunds_no_more_than_it_charged", share(OPEN, LOT, 9, [1, 0, -1])),
        ("entry_amount", account(A) + &first(A, "1, NULL, 'opened', -5, 0, 0, NULL, NULL")),
        ("entry_adds_up", rich(A, 1) + &first(A, "1, NULL, 'opened', 0, 0, 5, NULL, NULL")),
        (
            "entry_adds_up",
            lot(ACCOUNT, [5, 5, 0, 0, 0], "paid")
                + &line("granted", "5", "after + 6", &format!("NULL, {A}")),
        ),
        ("entry_adds_up", line("refunded", "1", "after + 2", &format!("{CHARGED}, NULL"))),
        (
            "entry_adds_up",
            hold(ACCOUNT, [5, 2, 0], "captured", "NULL")
                + &line("charged", "2", "after - 1", &format!("{A}, NULL")),
        ),
        ("entry_adds_up", line("stolen", "1", "after + 1", "NULL, NULL")),
    ]
}

/// Somebody begins a history that is none.
fn on_first_lines() -> Vec<(&'static str, String)> {
    let late = account(A).replace("0, 0, 0, 1,", "0, 0, 0, 2,");
    vec![
        ("entry_follows", late + &first(A, "2, NULL, 'opened', 0, 0, 0, NULL, NULL")),
        ("entry_follows", rich(A, 1) + &first(A, "1, NULL, 'opened', 0, 5, 5, NULL, NULL")),
        (
            "entry_follows",
            rich(A, 1)
                + &lot(A, [5, 5, 0, 0, 0], "paid")
                + &first(A, &format!("1, NULL, 'granted', 5, 0, 5, NULL, {A}")),
        ),
        ("entry_follows", next("seq + 1", "opened", "0", "after", "after", "NULL, NULL")),
    ]
}

/// Somebody takes what another was granted, paid, or charged.
fn from_other_accounts() -> Vec<(&'static str, String)> {
    let other = account(B) + &opened(B);
    let granted = format!("2, 1, 'granted', 5, 0, 5, NULL, {A}");
    vec![
        (
            "entry_refunds_no_more_than_was_charged",
            other.clone() + &first(B, &format!("2, 1, 'refunded', 1, 0, 1, {CHARGED}, NULL")),
        ),
        (
            "entry_grants_what_its_lot_has",
            lot(ACCOUNT, [5, 5, 0, 0, 0], "paid") + &other + &first(B, &granted),
        ),
        (
            "entry_charges_what_its_hold_says",
            hold(ACCOUNT, [5, 2, 0], "captured", "NULL")
                + &other
                + &lot(B, [5, 5, 0, 0, 0], "paid")
                + &first(B, &granted)
                + &first(B, &format!("3, 2, 'charged', 2, 5, 3, {A}, NULL")),
        ),
    ]
}

/// A line of a new account.
fn first(account: &str, line: &str) -> String {
    format!("INSERT INTO entry VALUES ({account}, {line}, 0);")
}

/// A new account that says it has five, after so many lines.
fn rich(id: &str, lines: u8) -> String {
    account(id).replace("0, 0, 0, 1,", &format!("5, 0, 0, {lines},"))
}
