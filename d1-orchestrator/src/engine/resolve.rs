//! From what a person types to a setup: an id, the beginning of one, or `last`.

use super::{core::Engine, error::EngineError};
use d1_core::{AccountId, Category, Page, Problem, Setup, SetupId, SetupOutcome, SetupState};

/// How many candidates an ambiguous prefix lists.
const CANDIDATES: usize = 5;
/// How many hexadecimal digits a whole id has.
const DIGITS: usize = 32;

/// Which setup `last` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// The newest of all.
    Newest,
    /// The newest that changed something, is no undo, and was not undone.
    Undoable,
    /// The newest that is not over, or can go on.
    Unfinished,
}

impl Engine {
    /// The setup of this account that `text` means.
    pub async fn resolve(
        &self,
        account: AccountId,
        text: &str,
        last: Last,
    ) -> Result<SetupId, EngineError> {
        if text == "last" {
            return self.last(account, last).await;
        }
        let digits = text.replace('-', "").to_lowercase();
        let fits = !digits.is_empty() && digits.len() <= DIGITS;
        if !fits || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
            let title = format!("`{}` is not the id of a setup", text.escape_debug());
            return Err(Problem::new("D1-SETUP-002", Category::Usage, title)
                .because("an id is made of the digits 0-9 and a-f")
                .next("d1-doctor history")
                .into());
        }
        let found = self.0.parts.store.find(account, &digits).await?;
        match found.as_slice() {
            [] => Err(none(format!("there is no setup `{text}`")).into()),
            [id] => Ok(*id),
            several => Err(ambiguous(text, several).into()),
        }
    }

    async fn last(&self, account: AccountId, last: Last) -> Result<SetupId, EngineError> {
        let mut page = Page::default();
        loop {
            let setups = self.0.parts.store.list(account, page).await?;
            if let Some(setup) = setups.iter().find(|setup| last.fits(setup)) {
                return Ok(setup.id);
            }
            let Some(oldest) = setups.last() else { return Err(none(last.missing()).into()) };
            page.before = Some(oldest.id);
        }
    }
}

impl Last {
    fn fits(self, setup: &Setup) -> bool {
        use {SetupOutcome as O, SetupState as S};
        match self {
            Self::Newest => true,
            Self::Undoable => setup.can_be_undone() && setup.undo_of.is_none(),
            Self::Unfinished => match setup.state {
                S::Running | S::Stopping(_) | S::Finished(O::Failed | O::Cancelled) => true,
                S::AwaitingApproval | S::Finished(O::Succeeded | O::NoChange | O::Declined) => {
                    false
                }
            },
        }
    }

    fn missing(self) -> String {
        match self {
            Self::Newest => "there is no setup yet",
            Self::Undoable => "there is no setup left to undo",
            Self::Unfinished => "there is no setup that could go on",
        }
        .to_owned()
    }
}

fn none(title: String) -> Problem {
    Problem::new("D1-SETUP-001", Category::Usage, title).next("d1-doctor history")
}

fn ambiguous(text: &str, several: &[SetupId]) -> Problem {
    let title = format!("`{text}` is the beginning of {} setups", several.len());
    let problem = Problem::new("D1-SETUP-003", Category::Usage, title)
        .because("a prefix must belong to one setup only");
    several.iter().take(CANDIDATES).fold(problem, |problem, id| problem.next(id.to_string()))
}
