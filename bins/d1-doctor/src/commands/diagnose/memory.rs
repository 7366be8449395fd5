//! What was found earlier, kept in the state directory.
//!
//! A machine without a place for it, or with one that cannot be written, is examined all the
//! same; only a comparison needs it.

use super::diagnosis::Since;
use crate::{failure::Failure, terminal::Terminal};
use d1_core::{Category, CheckId, Finding, Problem, Timestamp};
use d1_executor::{History, HistoryError, StateDir, differences};
use std::{collections::BTreeMap, path::Path};

type Earlier = BTreeMap<CheckId, (Timestamp, Finding)>;

/// What was found earlier.
pub enum Memory {
    /// It can be read and written.
    Open(Box<History>),
    /// Nobody says where it would be.
    Nowhere,
    /// It cannot be used.
    Broken(HistoryError),
}

impl Memory {
    /// Opens it, when there is a place for it.
    pub fn open(state_dir: Option<&Path>) -> Self {
        match state_dir.map(|folder| History::open(&folder.join(StateDir::DIAGNOSES))) {
            Some(Ok(history)) => Self::Open(Box::new(history)),
            Some(Err(error)) => Self::Broken(error),
            None => Self::Nowhere,
        }
    }

    /// What every check said last.
    pub(super) fn last(&self) -> Result<Earlier, Failure> {
        match self {
            Self::Open(history) => history.last().map_err(|error| no_comparison(&error)),
            Self::Broken(error) => Err(no_comparison(error)),
            Self::Nowhere => {
                let title = "nothing is remembered, so nothing can be compared";
                Err(Problem::new("D1-CHECK-002", Category::Usage, title)
                    .because("neither HOME nor XDG_STATE_HOME is set")
                    .leaving("nothing was changed")
                    .next("give a folder with --state-dir")
                    .into())
            }
        }
    }

    /// Remembers what was found; says so when it cannot.
    pub fn keep(&mut self, terminal: &Terminal, at: Timestamp, findings: &[Finding]) {
        let kept = match self {
            Self::Open(history) => history.keep(at, findings).map_err(|error| error.to_string()),
            Self::Broken(error) => Err(error.to_string()),
            Self::Nowhere => Ok(()),
        };
        if let Err(error) = kept {
            terminal.talk(&format!("note: what was found is not remembered: {error}"));
        }
    }
}

/// What is different now.
pub(super) fn compared(before: &Earlier, findings: &[Finding]) -> Since {
    let looked_at = findings.iter().filter_map(|finding| before.get(&finding.check));
    let at = looked_at.map(|(at, _)| *at).max();
    Since { at, differences: differences(before, findings) }
}

fn no_comparison(error: &HistoryError) -> Failure {
    let title = "what was found earlier cannot be read, so nothing can be compared";
    Problem::new("D1-CHECK-002", Category::Task, title)
        .because(error.to_string())
        .leaving("nothing was changed")
        .into()
}
