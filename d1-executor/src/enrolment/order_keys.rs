//! The keys by which this device knows the orders of its clouds: one file, an entry for each
//! address.

use super::{
    EnrolledError,
    file::{read_private, replace},
};
use crate::state_dir::StateDir;
use d1_core::{OrderTrust, OrderTrustStore, OrderTrustStoreError};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The name of the file.
const FILE: &str = "order-keys.json";

/// Clouds, by their addresses, and the keys by which their orders are known.
pub type OrderClouds = BTreeMap<String, OrderTrust>;

/// The keys of one cloud, in the file.
#[derive(Clone, Debug)]
pub struct OrderKeysFile {
    path: PathBuf,
    cloud: String,
}

/// What the file holds.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    clouds: OrderClouds,
}

impl OrderKeysFile {
    /// The keys of the cloud at this address.
    #[must_use]
    pub fn of(state: &StateDir, cloud: &str) -> Self {
        Self { path: state.path().join(FILE), cloud: cloud.to_owned() }
    }

    /// All clouds that have keys here.
    pub fn all(state: &StateDir) -> Result<OrderClouds, EnrolledError> {
        read(&state.path().join(FILE))
    }

    /// Forgets the keys of this cloud: no order of it is heeded from this moment on. That it had
    /// some is remembered, so that its orders have to be signed. Tells whether there were any.
    pub fn forget(&self) -> Result<bool, EnrolledError> {
        self.change(|clouds| match clouds.get_mut(&self.cloud) {
            Some(trust) => !std::mem::take(trust).keys.is_empty(),
            None => false,
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut OrderClouds) -> T) -> Result<T, EnrolledError> {
        let mut held = Held { clouds: read(&self.path)? };
        let changed = change(&mut held.clouds);
        let text =
            serde_json::to_string_pretty(&held).map_err(|error| damaged(&self.path, error))?;
        replace(&self.path, &(text + "\n"), 0o600)?;
        Ok(changed)
    }
}

impl OrderTrustStore for OrderKeysFile {
    fn load(&self) -> Result<OrderTrust, OrderTrustStoreError> {
        let clouds = read(&self.path).map_err(failed("read"))?;
        Ok(clouds.get(&self.cloud).cloned().unwrap_or_default())
    }

    fn save(&self, trust: &OrderTrust) -> Result<(), OrderTrustStoreError> {
        let saved = self.change(|clouds| clouds.insert(self.cloud.clone(), trust.clone()));
        saved.map(drop).map_err(failed("kept"))
    }
}

fn read(path: &Path) -> Result<OrderClouds, EnrolledError> {
    let Some(text) = read_private(path)? else { return Ok(OrderClouds::new()) };
    let held: Held = serde_json::from_str(&text).map_err(|error| damaged(path, error))?;
    Ok(held.clouds)
}

fn damaged(path: &Path, error: serde_json::Error) -> EnrolledError {
    EnrolledError::Damaged { path: path.to_owned(), source: error.into() }
}

fn failed(doing: &'static str) -> impl Fn(EnrolledError) -> OrderTrustStoreError {
    move |error| OrderTrustStoreError { doing, source: error.into() }
}
