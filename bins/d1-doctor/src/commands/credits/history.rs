//! `d1-doctor credits history`: what was given, charged and given back.

use crate::{
    args::CreditsHistory,
    commands::cloud::failure,
    failure::{ExitCode, Failure},
    terminal::Terminal,
    ui::text::{inert, minute},
};
use d1_core::{Amount, Category, Problem};
use d1_protocol::{
    ApiClient,
    api::{EntriesQuery, EntryList, EntryView, MAX_LINES},
};

/// How many lines one document or table on a terminal has at most; a table for spreadsheets has
/// as many as there are.
const MOST: usize = 100_000;

/// Shows the history, page after page.
pub(super) async fn run(
    terminal: &Terminal,
    client: &ApiClient,
    args: CreditsHistory,
) -> Result<ExitCode, Failure> {
    let mut query = first(args);
    let mut list = client.credit_entries(&query).await.map_err(failure)?;
    if args.csv {
        terminal.print(&list.to_csv(true));
        while let Some(next) = rest(args, &list) {
            query = next;
            list = client.credit_entries(&query).await.map_err(failure)?;
            terminal.print(&list.to_csv(false));
        }
        return Ok(ExitCode::Ok);
    }
    while let Some(next) = rest(args, &list) {
        if list.entries.len() >= MOST {
            return Err(too_long());
        }
        let page = client.credit_entries(&next).await.map_err(failure)?;
        list.entries.extend(page.entries);
        (list.closing_micro, list.next) = (page.closing_micro, page.next);
    }
    if terminal.is_text() {
        terminal.print(&text(&list));
    } else {
        terminal.print_json(&list);
    }
    Ok(ExitCode::Ok)
}

/// What is asked first.
fn first(args: CreditsHistory) -> EntriesQuery {
    let midnight = |day: chrono::NaiveDate| {
        let moment = day.and_hms_opt(0, 0, 0).map(|time| time.and_utc().timestamp_millis());
        moment.and_then(|millis| u64::try_from(millis).ok()).unwrap_or_default()
    };
    match args.since {
        Some(day) => {
            let (since, limit) = (Some(midnight(day)), Some(MAX_LINES));
            EntriesQuery { since, limit, after: None }
        }
        None if args.all => {
            EntriesQuery { after: Some(0), limit: Some(MAX_LINES), ..EntriesQuery::default() }
        }
        None => EntriesQuery { limit: Some(usize::from(args.limit)), ..EntriesQuery::default() },
    }
}

/// What is asked next, when everything is wanted and there is more.
fn rest(args: CreditsHistory, list: &EntryList) -> Option<EntriesQuery> {
    let after = list.next.filter(|_| args.all || args.since.is_some())?;
    Some(EntriesQuery { after: Some(after), limit: Some(MAX_LINES), since: None })
}

fn text(list: &EntryList) -> String {
    if list.entries.is_empty() {
        return "nothing happened in this time\n".to_owned();
    }
    let mut text =
        format!("{:<16}  {:<9}  {:>20}  {:>20}\n", "WHEN (UTC)", "WHAT", "CHANGE", "LEFT");
    for entry in &list.entries {
        text += &line(entry);
    }
    text
}

fn line(entry: &EntryView) -> String {
    let change = Amount::micro(entry.change_micro.unsigned_abs());
    let sign = match entry.change_micro {
        0 => "",
        1.. => "+",
        ..0 => "-",
    };
    let change = if sign.is_empty() { String::new() } else { format!("{sign}{change}") };
    let left = Amount::micro(entry.balance_micro).to_string();
    let (when, what) = (minute(entry.at), inert(&entry.kind));
    format!("{when:<16}  {what:<9}  {change:>20}  {left:>20}\n")
}

fn too_long() -> Failure {
    Problem::new("D1-API-005", Category::Usage, format!("the history has more than {MOST} lines"))
        .leaving("nothing was changed")
        .next("take a shorter time: --since 2026-11-01")
        .next("or a table, however long: --csv")
        .into()
}
