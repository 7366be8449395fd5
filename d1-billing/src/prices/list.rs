//! One price list: what a step costs by its kind.

use super::{PriceError, tariff::Tariff};
use d1_core::{
    Action, Amount, Effect, Intent, PackageOperation, Plan, Price, Prices, Quote, Step, ThingName,
    Timestamp,
};
use serde::Deserialize;
use std::{collections::BTreeMap, num::NonZeroU64};

/// What steps cost, by their kind, from a day on.
///
/// Looking, mending what the doctor found, refreshing an index and taking back are free, whatever the list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    version: String,
    from: Timestamp,
    parts: NonZeroU64,
    kinds: Kinds<Price>,
    premium: BTreeMap<ThingName, NonZeroU64>,
}

/// A list as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    version: String,
    from: Option<String>,
    steps: Kinds<Tariff>,
    #[serde(default)]
    premium: BTreeMap<ThingName, NonZeroU64>,
}

/// Something for each kind of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds<T> {
    install: T,
    remove: T,
    service: T,
    group: T,
    file: T,
    exec: T,
    shell: T,
}

impl<T> Kinds<T> {
    /// Each kind, with its name.
    const fn named(&self) -> [(&'static str, &T); 7] {
        let Self { install, remove, service, group, file, exec, shell } = self;
        [
            ("install", install),
            ("remove", remove),
            ("service", service),
            ("group", group),
            ("file", file),
            ("exec", exec),
            ("shell", shell),
        ]
    }
}

impl PriceList {
    /// What was written, when it makes sense.
    pub(super) fn new(written: Written) -> Result<Self, PriceError> {
        let Written { version, from, steps, premium } = written;
        if version.trim().is_empty() {
            return Err(PriceError::NoVersion);
        }
        let mut parts = NonZeroU64::MIN;
        for (kind, tariff) in steps.named() {
            if !tariff.is_clear() {
                return Err(PriceError::NoPrice { version, kind });
            }
            let Some(finer) = tariff.parts(parts) else {
                return Err(PriceError::TooFine { version });
            };
            parts = finer;
        }
        let price = |tariff: Tariff| tariff.price(parts, &version);
        let kinds = Kinds {
            install: price(steps.install)?,
            remove: price(steps.remove)?,
            service: price(steps.service)?,
            group: price(steps.group)?,
            file: price(steps.file)?,
            exec: price(steps.exec)?,
            shell: price(steps.shell)?,
        };
        let from = from.map_or(Ok(Timestamp(0)), |given| day(&version, given))?;
        Ok(Self { version, from, parts, kinds, premium })
    }

    /// Its name, which every quote carries.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// When it begins.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    fn price(&self, step: &Step) -> Price {
        let Kinds { install, remove, service, group, file, exec, shell } = &self.kinds;
        if step.effect == Effect::Read {
            return Price::default();
        }
        match &step.action {
            Action::Packages(packages) => match packages.operation {
                PackageOperation::Install => self.with_premium(step, install),
                PackageOperation::Remove => remove.clone(),
            },
            Action::Service(_) => service.clone(),
            Action::GroupMember(_) => group.clone(),
            Action::File(_) => file.clone(),
            Action::Exec(_) => exec.clone(),
            Action::Shell(_) => shell.clone(),
            Action::RefreshIndex(_) | Action::Revert(_) => Price::default(),
        }
    }

    /// Recipes name the step that brings a thing after it: `install-docker`.
    fn with_premium(&self, step: &Step, price: &Price) -> Price {
        let thing = step.id.as_str().strip_prefix("install-").and_then(|thing| thing.parse().ok());
        let extra = thing.and_then(|thing: ThingName| self.premium.get(&thing));
        let extra = Amount::micro(extra.map_or(0, |extra| extra.get()));
        let flat = [price.flat, extra].into_iter().sum();
        Price { flat, rates: price.rates.clone() }
    }
}

impl Prices for PriceList {
    fn quote(&self, plan: &Plan) -> Quote {
        let mut quote = Quote { parts: self.parts, ..Quote::fixed(&self.version, []) };
        // What the doctor mends costs nothing.
        if !matches!(plan.intent, Intent::Fix(_)) {
            let steps = plan.steps.iter().map(|step| (step.id.clone(), self.price(step)));
            quote.steps = steps.filter(|(_, price)| *price != Price::default()).collect();
        }
        quote
    }
}

/// The midnight in UTC with which a day begins.
fn day(version: &str, given: String) -> Result<Timestamp, PriceError> {
    let day = given.parse::<chrono::NaiveDate>().ok();
    let midnight = day.and_then(|day| day.and_hms_opt(0, 0, 0));
    let millis = midnight.and_then(|time| u64::try_from(time.and_utc().timestamp_millis()).ok());
    millis.map(Timestamp).ok_or_else(|| PriceError::NotADay { version: version.to_owned(), given })
}
