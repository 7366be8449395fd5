//! Rows as somebody else would write them.

pub(crate) const A: &str = "'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'";
pub(crate) const B: &str = "'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb'";
pub(crate) const ACCOUNT: &str = "(SELECT id FROM account LIMIT 1)";
pub(crate) const LOT: &str = "(SELECT id FROM lot LIMIT 1)";
pub(crate) const OPEN: &str = "(SELECT id FROM hold WHERE state = 'open' LIMIT 1)";
pub(crate) const CHARGED: &str = "(SELECT id FROM hold WHERE state = 'captured' LIMIT 1)";

/// A new account that is still to be given a history.
pub(crate) fn account(id: &str) -> String {
    format!(
        "INSERT INTO account (id, posted, held, open_holds, entries, frozen, low_mark, is_low, seen_at) \
         VALUES ({id}, 0, 0, 0, 1, 0, 0, 0, 0);"
    )
}

pub(crate) fn opened(account: &str) -> String {
    format!("INSERT INTO entry VALUES ({account}, 1, NULL, 'opened', 0, 0, 0, NULL, NULL, 0);")
}

/// A new lot: its amount, and what is free, held, spent and lapsed of it.
pub(crate) fn lot(
    account: &str,
    [amount, free, held, spent, lapsed]: [i64; 5],
    source: &str,
) -> String {
    format!(
        "INSERT INTO lot VALUES ({A}, {account}, {amount}, {free}, {held}, {spent}, {lapsed}, \
         100, '{source}', 0, NULL);"
    )
}

pub(crate) fn quote(account: &str, most: i64) -> String {
    format!("INSERT INTO quote VALUES ({A}, {account}, '1', {most}, 0, 9, NULL);")
}

/// A new hold: its amount, and what is charged and refunded of it.
pub(crate) fn hold(
    account: &str,
    [amount, charged, refunded]: [i64; 3],
    state: &str,
    quote: &str,
) -> String {
    format!(
        "INSERT INTO hold VALUES ({A}, {account}, NULL, {amount}, {charged}, {refunded}, \
         '{state}', NULL, NULL, {quote}, 0, 0, NULL);"
    )
}

pub(crate) fn share(
    hold: &str,
    lot: &str,
    place: u8,
    [amount, charged, refunded]: [i64; 3],
) -> String {
    format!("INSERT INTO share VALUES ({hold}, {place}, {lot}, {amount}, {charged}, {refunded});")
}

/// The next line of the history, as somebody else would write it.
pub(crate) fn next(
    seq: &str,
    kind: &str,
    amount: &str,
    before: &str,
    after: &str,
    of: &str,
) -> String {
    format!(
        "INSERT INTO entry SELECT account, {seq}, seq, '{kind}', {amount}, {before}, {after}, \
         {of}, 0 FROM entry ORDER BY seq DESC LIMIT 1;"
    )
}

pub(crate) fn lapse(amount: &str, after: &str) -> String {
    next("seq + 1", "lapsed", amount, "after", after, &format!("NULL, {LOT}"))
}
