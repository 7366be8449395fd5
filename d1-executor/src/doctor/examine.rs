//! Examines a machine: every check at its own pace, each with a deadline, several at a time.
//!
//! 1. The quick ones come first, the slow ones last; findings are told as they come.
//! 2. A check that takes too long, or makes a mistake, is one that could not be determined. It
//!    keeps nobody waiting, and is left to end by itself.

use super::{
    acceptance::{Accepted, today},
    check::{Check, Found},
    checks::CHECKS,
    sight::Sight,
};
use d1_core::{About, Finding, Pace};
use futures_util::{Stream, StreamExt as _, stream};
use std::sync::Arc;
use tokio::{task::spawn_blocking, time::Instant};

/// How many checks look at once.
const AT_ONCE: usize = 8;

/// Which checks are made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Areas and checks by name; none means all.
    pub names: Vec<String>,
    /// The deep ones, too.
    pub deep: bool,
}

impl Selection {
    fn takes(&self, about: &About) -> bool {
        let by_name = self.names.iter().any(|name| name == about.id);
        let by_area = self.names.is_empty() || self.names.iter().any(|name| name == about.area());
        by_name || (by_area && (self.deep || about.pace != Pace::Deep))
    }
}

/// Looks at a machine, and changes nothing.
#[derive(Clone, Debug)]
pub struct Doctor {
    sight: Sight,
    checks: Vec<Check>,
    accepted: Arc<[Accepted]>,
}

impl Doctor {
    /// A doctor for the machine that is in sight, with every check there is.
    #[must_use]
    pub fn new(sight: Sight) -> Self {
        Self::of(sight, CHECKS.iter().copied())
    }

    /// A doctor that makes these checks, and no other.
    #[must_use]
    pub fn of(sight: Sight, checks: impl IntoIterator<Item = Check>) -> Self {
        Self { sight, checks: checks.into_iter().collect(), accepted: Arc::default() }
    }

    /// With checks of your own beside those it has.
    #[must_use]
    pub fn with(mut self, checks: impl IntoIterator<Item = Check>) -> Self {
        self.checks.extend(checks);
        self
    }

    /// One that knows what may stay wrong.
    #[must_use]
    pub fn accepting(mut self, accepted: impl IntoIterator<Item = Accepted>) -> Self {
        self.accepted = accepted.into_iter().collect();
        self
    }

    /// What every check it makes is about, in the order in which they are listed.
    pub fn checks(&self) -> impl Iterator<Item = About> + '_ {
        self.checks.iter().map(|check| check.about)
    }

    /// The checks that a selection takes, in the order in which they are begun.
    #[must_use]
    pub fn selected(&self, selection: &Selection) -> Vec<About> {
        self.taken(selection).iter().map(|check| check.about).collect()
    }

    fn taken(&self, selection: &Selection) -> Vec<Check> {
        let taken = self.checks.iter().filter(|check| selection.takes(&check.about));
        let mut checks: Vec<Check> = taken.copied().collect();
        checks.sort_by_key(|check| check.about.pace);
        checks
    }

    /// The first name of a selection that is neither an area nor a check.
    #[must_use]
    pub fn unknown<'a>(&self, selection: &'a Selection) -> Option<&'a str> {
        let known = |name: &str| self.checks().any(|c| c.id == name || c.area() == name);
        selection.names.iter().map(String::as_str).find(|name| !known(name))
    }

    /// Makes the selected checks, and tells what each found as it does.
    ///
    /// Dropping the stream begins no further check; those that look already end by themselves.
    pub fn examine(&self, selection: &Selection) -> impl Stream<Item = Finding> + Send + use<> {
        let checks = self.taken(selection);
        let (sight, accepted) = (self.sight.clone(), Arc::clone(&self.accepted));
        let today = today(&sight);
        stream::iter(checks)
            .map(move |check| examine(check, sight.clone()))
            .buffer_unordered(AT_ONCE)
            .filter_map(std::future::ready)
            .map(move |mut finding| {
                accepted.iter().for_each(|accepted| accepted.mark(&mut finding, today));
                finding
            })
    }
}

async fn examine(check: Check, sight: Sight) -> Option<Finding> {
    let Check { about, look } = check;
    let began = Instant::now();
    if about.network && sight.offline {
        return Found::skipped("it needs the network").of(&about, began.elapsed());
    }
    let runtime = tokio::runtime::Handle::current();
    // A file system that does not answer blocks a whole thread; it must not be one of ours.
    let looking = spawn_blocking(move || runtime.block_on(look(sight)));
    let found = match tokio::time::timeout(about.deadline(), looking).await {
        Ok(Ok(found)) => found,
        Ok(Err(mistake)) => Found::unknown(format!("the check itself made a mistake: {mistake}")),
        Err(_) => Found::unknown(format!("no answer within {} s", about.deadline().as_secs())),
    };
    found.of(&about, began.elapsed())
}
