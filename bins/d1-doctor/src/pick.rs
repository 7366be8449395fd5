//! From what a person types to a setup: an id, the beginning of one, or `last`.

use crate::{failure::Failure, home::Home, store_failure};
use d1_core::{Category, Intent, Page, Problem, Setup, SetupId, SetupStore};

/// Which setup `last` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// The newest of all.
    Newest,
    /// The newest that changed something, is not an undo, and was not undone.
    Undoable,
    /// The newest that is not over, or can go on.
    Unfinished,
}

/// The setup that `text` means.
pub async fn pick(store: &dyn SetupStore, text: &str, last: Last) -> Result<Setup, Failure> {
    if text == "last" {
        return newest(store, last).await;
    }
    let shape = text.replace('-', "");
    if shape.is_empty() || shape.len() > 32 || !shape.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(Problem::new(
            "D1-SETUP-002",
            Category::Usage,
            format!("`{}` is not the id of a setup", text.escape_debug()),
        )
        .because("an id is made of the digits 0-9 and a-f")
        .next("d1-doctor history")
        .into());
    }
    let found = store.find(Home::account(), &shape.to_lowercase()).await.map_err(store_failure)?;
    match found.as_slice() {
        [] => Err(none(format!("there is no setup `{text}`"))),
        [id] => store.get(*id).await.map_err(store_failure),
        several => Err(ambiguous(text, several)),
    }
}

async fn newest(store: &dyn SetupStore, last: Last) -> Result<Setup, Failure> {
    let fits = |setup: &Setup| match last {
        Last::Newest => true,
        Last::Undoable => setup.can_be_undone() && !matches!(setup.plan.intent, Intent::Undo(_)),
        Last::Unfinished => is_unfinished(setup),
    };
    let mut page = Page::default();
    loop {
        let setups = store.list(Home::account(), page).await.map_err(store_failure)?;
        let Some(oldest) = setups.last().map(|setup| setup.id) else {
            return Err(none(match last {
                Last::Newest => "there is no setup yet".to_owned(),
                Last::Undoable => "there is no setup left to undo".to_owned(),
                Last::Unfinished => "there is no setup that could go on".to_owned(),
            }));
        };
        if let Some(setup) = setups.into_iter().find(fits) {
            return Ok(setup);
        }
        page.before = Some(oldest);
    }
}

fn is_unfinished(setup: &Setup) -> bool {
    use d1_core::{SetupOutcome as O, SetupState as S};
    match setup.state {
        S::Running | S::Stopping(_) | S::Finished(O::Failed | O::Cancelled) => true,
        S::AwaitingApproval | S::Finished(O::Succeeded | O::NoChange | O::Declined) => false,
    }
}

fn none(title: String) -> Failure {
    Problem::new("D1-SETUP-001", Category::Usage, title).next("d1-doctor history").into()
}

fn ambiguous(text: &str, several: &[SetupId]) -> Failure {
    let title = format!("`{text}` is the beginning of {} setups", several.len());
    let problem = Problem::new("D1-SETUP-003", Category::Usage, title)
        .because("a prefix must belong to one setup only");
    several.iter().take(5).fold(problem, |problem, id| problem.next(id.to_string())).into()
}
