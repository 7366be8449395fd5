//! `d1-doctor history`: setups, newest first.

use crate::{
    args,
    commands::status::standing,
    failure::{ExitCode, Failure},
    home::Home,
    pick::{Last, pick},
    store_failure,
    terminal::Terminal,
    ui::text::{clip, when},
};
use d1_core::{Clock, Page, Setup, SetupId, SetupStore};
use serde::Serialize;

/// Lists setups.
pub async fn run(
    terminal: &Terminal,
    (home, store, clock): (&Home, &dyn SetupStore, &dyn Clock),
    args: &args::History,
) -> Result<ExitCode, Failure> {
    let before = match &args.cursor {
        Some(text) => Some(pick(store, text, Last::Newest).await?.id),
        None => None,
    };
    let limit = usize::from(args.limit);
    let page = Page { before, limit: (limit + 1).min(Page::MAX) };
    let mut setups = store.list(Home::account(), page).await.map_err(store_failure)?;
    let more = setups.len() > limit;
    setups.truncate(limit);
    let rows: Vec<Row> = setups.iter().map(|setup| row(home, setup)).collect();
    let cursor = rows.last().filter(|_| more).map(|row| row.id);
    if terminal.is_text() {
        terminal.print(&text(&rows, cursor, clock));
    } else {
        terminal.print_json(&List { schema: "d1.history.v1", setups: rows, cursor });
    }
    Ok(ExitCode::Ok)
}

#[derive(Serialize)]
struct List {
    schema: &'static str,
    setups: Vec<Row>,
    cursor: Option<SetupId>,
}

#[derive(Serialize)]
struct Row {
    id: SetupId,
    intent: String,
    state: &'static str,
    created_at: u64,
    changes: usize,
    undone_by: Option<SetupId>,
}

fn row(home: &Home, setup: &Setup) -> Row {
    Row {
        id: setup.id,
        intent: setup.plan.intent.to_string(),
        state: standing(home, setup),
        created_at: setup.created_at.0,
        changes: setup.receipts.iter().map(|receipt| receipt.changes.len()).sum(),
        undone_by: setup.undone_by,
    }
}

fn text(rows: &[Row], cursor: Option<SetupId>, clock: &dyn Clock) -> String {
    if rows.is_empty() {
        return "no setups yet; try: d1-doctor plan ripgrep\n".to_owned();
    }
    let mut text = format!("{:<8}  {:<14}  {:<11}  {}\n", "SETUP", "WHEN", "STATE", "WHAT");
    for row in rows {
        let state = if row.undone_by.is_some() { "undone" } else { row.state };
        let age = when(clock.now().since(d1_core::Timestamp(row.created_at)));
        let what = clip(&row.intent, 60);
        text += &format!("{:<8}  {age:<14}  {state:<11}  {what}\n", row.id.short());
    }
    if let Some(cursor) = cursor {
        text += &format!("older: d1-doctor history --cursor {}\n", cursor.short());
    }
    text
}
