//! What is wrong and may stay so: the owner's word, with a reason and a last day.
//!
//! ```toml
//! [[accept]]
//! check = "sys.umask"
//! reason = "a machine of one user"
//! until = 2027-01-31
//! ```

use super::sight::Sight;
use chrono::{DateTime, Days, NaiveDate, Utc};
use d1_core::{Acceptance, CheckId, Finding, Verdict};
use serde::Deserialize;
use std::io;

/// The longest time ahead that anything can be accepted for, in days: what is accepted for
/// ever is forgotten.
const MOST_DAYS: u64 = 366;
/// The most that one file may accept.
const MOST: usize = 256;
/// The longest reason, in bytes.
const LONGEST_REASON: usize = 500;
/// Where the owner of the machine says so.
const OF_MACHINE: &str = "/etc/d1-doctor/doctor.toml";
/// Where a user says so, below the configuration directory.
const OF_USER: &str = "d1-doctor/doctor.toml";

/// Something wrong that may stay so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which check finds it.
    pub check: CheckId,
    /// Why it may stay.
    pub reason: String,
    /// The last day on which it may, in UTC.
    pub until: NaiveDate,
}

/// Why a file says nothing that can be accepted.
#[derive(Debug, thiserror::Error)]
pub(super) enum AcceptanceError {
    /// It cannot be read.
    #[error("{file} cannot be read; see that it can, or remove it")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// It is not of this form.
    #[error("{file} is not of the form that is known; mend the line that is named")]
    Syntax {
        /// Which file.
        file: String,
        /// Where, and why.
        source: Box<toml::de::Error>,
    },
    /// It accepts what cannot be accepted.
    #[error("{file}: {check} cannot be accepted: {why}")]
    Refused {
        /// Which file.
        file: String,
        /// Which check.
        check: CheckId,
        /// Why not.
        why: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    #[serde(default)]
    accept: Vec<Line>,
}

/// One `[[accept]]` of a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    check: CheckId,
    reason: String,
    until: toml::value::Datetime,
}

impl Line {
    /// What it says, when that can be accepted.
    pub(super) fn read(&self, file: &str, today: NaiveDate) -> Result<Accepted, AcceptanceError> {
        let Self { check, reason, until } = self;
        let refused = |why: String| AcceptanceError::Refused {
            file: file.to_owned(),
            check: check.clone(),
            why,
        };
        if reason.trim().is_empty() || reason.len() > LONGEST_REASON {
            return Err(refused(format!("give a reason of 1 to {LONGEST_REASON} bytes")));
        }
        let (Some(date), None) = (until.date, until.time) else {
            return Err(refused("`until` is a day, as in 2027-01-31".into()));
        };
        let (year, month, day) = (date.year.into(), date.month.into(), date.day.into());
        let until = NaiveDate::from_ymd_opt(year, month, day)
            .ok_or_else(|| refused(format!("{date} is no day of the calendar")))?;
        if today.checked_add_days(Days::new(MOST_DAYS)).is_some_and(|last| until > last) {
            return Err(refused(format!("`until` is more than {MOST_DAYS} days away")));
        }
        Ok(Accepted { check: check.clone(), reason: reason.trim().to_owned(), until })
    }
}

impl Accepted {
    /// What the owner of the machine and the user accept. A file that cannot be used accepts
    /// nothing, and the check `d1.acceptances` says why.
    #[must_use]
    pub fn of(sight: &Sight) -> Vec<Self> {
        let files = files(sight);
        files.iter().filter_map(|file| read(sight, file).ok()).flatten().collect()
    }

    /// Says so in a finding that it is about, as long as it holds.
    pub(super) fn mark(&self, finding: &mut Finding, today: NaiveDate) {
        let wrong = matches!(finding.verdict, Verdict::Warn | Verdict::Fail);
        if finding.check != self.check || !wrong {
            return;
        }
        if self.until < today {
            finding.details.push(format!("was accepted until {}: {}", self.until, self.reason));
            finding.details.truncate(Finding::MAX_DETAILS);
        } else {
            let (reason, until) = (self.reason.clone(), self.until.to_string());
            finding.accepted = Some(Acceptance { reason, until });
        }
    }
}

/// The day it is where we are, in UTC.
pub(super) fn today(sight: &Sight) -> NaiveDate {
    let now = i64::try_from(sight.host.clock.now().0).unwrap_or(i64::MAX);
    DateTime::from_timestamp_millis(now).unwrap_or(DateTime::<Utc>::MAX_UTC).date_naive()
}

/// The files that may accept something, the owner's first.
pub(super) fn files(sight: &Sight) -> Vec<std::path::PathBuf> {
    let configuration = match sight.var("XDG_CONFIG_HOME").filter(|dir| dir.starts_with('/')) {
        Some(given) => Some(sight.host.file(&given)),
        None => sight.at_home(".config"),
    };
    let of_user = configuration.map(|folder| folder.join(OF_USER));
    [Some(sight.host.file(OF_MACHINE)), of_user].into_iter().flatten().collect()
}

/// What one file accepts; nothing, when it is not there.
pub(super) fn read(
    sight: &Sight,
    file: &std::path::Path,
) -> Result<Vec<Accepted>, AcceptanceError> {
    let name = sight.shown(file);
    let text = match super::sight::read(file) {
        Ok(text) => text.unwrap_or_default(),
        Err(source) => return Err(AcceptanceError::Unreadable { file: name, source }),
    };
    let sheet: Sheet = toml::from_str(&text).map_err(|source| AcceptanceError::Syntax {
        file: name.clone(),
        source: Box::new(source),
    })?;
    let today = today(sight);
    sheet.accept.iter().take(MOST).map(|line| line.read(&name, today)).collect()
}
