//! What waits for a device that is away.

use crate::{commands::cloud::failure, failure::Failure};
use d1_core::{Category, DeviceId, Problem};
use d1_protocol::{ApiClient, api::SetupView};
use std::collections::BTreeSet;

/// The most pages of setups that are looked through; what is older waits for nothing any more.
const MAX_PAGES: usize = 1000;

/// A device of the account, and what waits for it, the oldest first.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) device: DeviceId,
    pub(super) setups: Vec<SetupView>,
}

impl Waiting {
    /// Finds the device whose id begins like this among those that are linked or that setups
    /// were made for, and what waits for it.
    pub(super) async fn find(client: &ApiClient, text: &str) -> Result<Self, Failure> {
        let linked = client.devices().await.map_err(failure)?.devices;
        let mut known: BTreeSet<DeviceId> = linked.iter().map(|device| device.id).collect();
        let (mut waiting, mut cursor) = (Vec::new(), None);
        for _page in 0..MAX_PAGES {
            let page = client.list(cursor).await.map_err(failure)?;
            known.extend(page.setups.iter().map(|setup| setup.device));
            waiting.extend(page.setups.into_iter().filter(|setup| setup.waits_until.is_some()));
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        let device = one(&known, text)?;
        waiting.retain(|setup| setup.device == device);
        waiting.reverse();
        Ok(Self { device, setups: waiting })
    }
}

/// The one device that is meant. A whole id is believed: the cloud knows whether there is such
/// a device.
fn one(known: &BTreeSet<DeviceId>, text: &str) -> Result<DeviceId, Failure> {
    if let Ok(device) = text.parse() {
        return Ok(device);
    }
    let begins = |device: &&DeviceId| !text.is_empty() && device.to_string().starts_with(text);
    let matching: Vec<DeviceId> = known.iter().filter(begins).copied().collect();
    let (title, next) = match matching[..] {
        [device] => return Ok(device),
        [] => (format!("no device of this account begins with `{text}`"), "d1-doctor devices"),
        [..] => (
            format!("`{text}` is the beginning of {} devices", matching.len()),
            "say more of the id",
        ),
    };
    Err(Problem::new("D1-INPUT-004", Category::Usage, title)
        .leaving("nothing was changed")
        .next(next)
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_meant_by_the_beginning_of_its_id_when_that_is_of_one_only() {
        let [a, b] = [[0x1a; 16], [0x1b; 16]].map(DeviceId::from_bytes);
        let known = BTreeSet::from([a, b]);
        assert_eq!(one(&known, "1a1a").unwrap(), a);
        assert_eq!(one(&known, &b.to_string()).unwrap(), b);
        let refused = |text| one(&known, text).unwrap_err().text();
        assert!(refused("1").contains("`1` is the beginning of 2 devices"), "{}", refused("1"));
        for text in ["", "2", "nonsense"] {
            assert!(refused(text).contains("no device of this account"), "{}", refused(text));
        }
    }
}
