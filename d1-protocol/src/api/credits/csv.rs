//! Lists for spreadsheets (RFC 4180): a heading, one line each, times as RFC 3339 in UTC.
//!
//! Amounts are whole micro-credits, so that no program rounds them.

use super::{EntryList, EntryView, GrantList, GrantView};
use chrono::{DateTime, SecondsFormat};

/// The columns of an account's history.
const ENTRY: [&str; 7] = ["seq", "time", "kind", "change_micro", "balance_micro", "hold", "grant"];
/// The columns of its grants.
const GRANT: [&str; 10] = [
    "id",
    "source",
    "priority",
    "amount_micro",
    "free_micro",
    "held_micro",
    "spent_micro",
    "lapsed_micro",
    "from",
    "until",
];

impl EntryList {
    /// The lines for a spreadsheet; without the heading, to go on with an earlier part.
    #[must_use]
    pub fn to_csv(&self, heading: bool) -> String {
        table(heading.then_some(&ENTRY), self.entries.iter().map(entry))
    }
}

impl GrantList {
    /// The grants for a spreadsheet.
    #[must_use]
    pub fn to_csv(&self) -> String {
        table(Some(&GRANT), self.grants.iter().map(grant))
    }
}

fn entry(line: &EntryView) -> [String; ENTRY.len()] {
    [
        line.seq.to_string(),
        time(line.at),
        line.kind.clone(),
        line.change_micro.to_string(),
        line.balance_micro.to_string(),
        line.hold.map_or_else(String::new, |hold| hold.to_string()),
        line.grant.clone().unwrap_or_default(),
    ]
}

fn grant(grant: &GrantView) -> [String; GRANT.len()] {
    [
        grant.id.clone(),
        grant.source.clone(),
        grant.priority.to_string(),
        grant.amount_micro.to_string(),
        grant.free_micro.to_string(),
        grant.held_micro.to_string(),
        grant.spent_micro.to_string(),
        grant.lapsed_micro.to_string(),
        time(grant.from),
        grant.until.map_or_else(String::new, time),
    ]
}

/// A moment, or the number itself where no calendar has it.
fn time(millis: u64) -> String {
    let moment = i64::try_from(millis).ok().and_then(DateTime::from_timestamp_millis);
    moment.map_or_else(
        || millis.to_string(),
        |moment| moment.to_rfc3339_opts(SecondsFormat::Millis, true),
    )
}

fn table<const N: usize>(
    heading: Option<&[&str; N]>,
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let mut table = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail, and every row has as many fields.
    let _written = heading.map(|heading| table.write_record(heading));
    for row in rows {
        let _written = table.write_record(&row);
    }
    table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_can_be_read_by_a_spreadsheet() {
        let line = |seq, kind: &str, change_micro, balance_micro| EntryView {
            seq,
            at: 1_800_000_000_123,
            kind: kind.to_owned(),
            change_micro,
            balance_micro,
            hold: None,
            grant: Some("a \"grant\", with signs".to_owned()),
        };
        let list = EntryList {
            schema: String::new(),
            opening_micro: 0,
            entries: vec![line(1, "granted", 5, 5), line(2, "charged", -2, 3)],
            closing_micro: 3,
            next: None,
        };
        let text = list.to_csv(true);
        assert_eq!(
            text,
            "seq,time,kind,change_micro,balance_micro,hold,grant\n\
             1,2027-01-15T08:00:00.123Z,granted,5,5,,\"a \"\"grant\"\", with signs\"\n\
             2,2027-01-15T08:00:00.123Z,charged,-2,3,,\"a \"\"grant\"\", with signs\"\n"
        );
        // A part that goes on with an earlier one has no heading.
        assert_eq!(text.split_once('\n').unwrap().1, list.to_csv(false));
        assert_eq!(time(u64::MAX), u64::MAX.to_string());
    }
}
