//! The price list: what a step costs by its kind.

use d1_core::{Action, Amount, Effect, Intent, PackageOperation, Plan, Prices, Quote, Step};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What steps cost, by their kind.
///
/// Looking, mending what the doctor found, refreshing an index and taking back are free, whatever the list says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    version: String,
    micro_credits: Kinds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    install: u64,
    remove: u64,
    service: u64,
    group: u64,
    file: u64,
    exec: u64,
    shell: u64,
}

/// Why a text is not a price list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PriceListError {
    /// It cannot be read.
    #[error("this is not a price list: {}", source.message())]
    Syntax {
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A list without a name could not be told from the next one.
    #[error("a price list needs a version; give it the month it begins with")]
    NoVersion,
}

impl PriceList {
    /// Reads a price list in TOML. Unknown and missing kinds are errors.
    pub fn parse(text: &str) -> Result<Self, PriceListError> {
        let list: Self = toml::from_str(text)
            .map_err(|source| PriceListError::Syntax { source: Box::new(source) })?;
        if list.version.trim().is_empty() { Err(PriceListError::NoVersion) } else { Ok(list) }
    }

    /// The list that is built in.
    pub fn built_in() -> Result<Self, PriceListError> {
        Self::parse(include_str!("../prices.toml"))
    }

    /// Its name, which every quote carries.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    fn price(&self, step: &Step) -> Amount {
        let Kinds { install, remove, service, group, file, exec, shell } = self.micro_credits;
        if step.effect == Effect::Read {
            return Amount::ZERO;
        }
        Amount::micro(match &step.action {
            Action::Packages(packages) => match packages.operation {
                PackageOperation::Install => install,
                PackageOperation::Remove => remove,
            },
            Action::Service(_) => service,
            Action::GroupMember(_) => group,
            Action::File(_) => file,
            Action::Exec(_) => exec,
            Action::Shell(_) => shell,
            Action::RefreshIndex(_) | Action::Revert(_) => 0,
        })
    }
}

impl Prices for PriceList {
    fn quote(&self, plan: &Plan) -> Quote {
        // What the doctor mends costs nothing.
        if matches!(plan.intent, Intent::Fix(_)) {
            return Quote { price_list: self.version.clone(), steps: BTreeMap::new() };
        }
        let steps = plan.steps.iter().map(|step| (step.id.clone(), self.price(step)));
        let steps = steps.filter(|(_, price)| !price.is_zero()).collect();
        Quote { price_list: self.version.clone(), steps }
    }
}
