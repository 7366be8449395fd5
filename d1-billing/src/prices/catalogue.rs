//! Price lists, one after the other.

use super::{PriceError, PriceList, list::Written};
use d1_core::{Clock, Plan, Prices, Quote, Timestamp};
use serde::Deserialize;
use std::sync::Arc;

/// Price lists, of which the newest that has begun is in force.
///
/// A quote carries the prices it was made with, so a list that begins later changes nothing
/// about work that was agreed.
#[derive(Clone, Debug)]
pub struct PriceCatalogue {
    /// The oldest first; the first has begun.
    lists: Vec<PriceList>,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    list: Vec<Written>,
}

impl PriceCatalogue {
    /// Reads price lists in TOML. Unknown and missing kinds are errors, and so are prices of
    /// nothing.
    pub fn parse(text: &str, clock: Arc<dyn Clock>) -> Result<Self, PriceError> {
        let File { list } = toml::from_str(text)
            .map_err(|source| PriceError::Syntax { source: Box::new(source) })?;
        let lists: Result<Vec<PriceList>, _> = list.into_iter().map(PriceList::new).collect();
        let mut lists = lists?;
        lists.sort_by_key(PriceList::from);
        for (at, list) in lists.iter().enumerate() {
            for later in &lists[at + 1..] {
                if later.version() == list.version() {
                    return Err(PriceError::SameVersion(list.version().to_owned()));
                }
                if later.from() == list.from() {
                    let [one, other] = [list, later].map(|list| list.version().to_owned());
                    return Err(PriceError::SameDay(one, other));
                }
            }
        }
        let begun = lists.first().is_some_and(|first| first.from() <= clock.now());
        if begun { Ok(Self { lists, clock }) } else { Err(PriceError::NoneInForce) }
    }

    /// The lists that are built in.
    pub fn built_in(clock: Arc<dyn Clock>) -> Result<Self, PriceError> {
        Self::parse(include_str!("../../prices.toml"), clock)
    }

    /// The list that is in force, and when the next one begins.
    #[must_use]
    pub fn in_force(&self) -> (&PriceList, Option<Timestamp>) {
        let now = self.clock.now();
        let begun = self.lists.partition_point(|list| list.from() <= now);
        // The first had begun before the clock was asked, even when that was set back since.
        let current = begun.saturating_sub(1);
        (&self.lists[current], self.lists.get(current + 1).map(PriceList::from))
    }
}

impl Prices for PriceCatalogue {
    fn quote(&self, plan: &Plan) -> Quote {
        self.in_force().0.quote(plan)
    }
}
