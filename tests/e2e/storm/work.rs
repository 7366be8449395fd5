//! The work that flows: people who install and take back, whatever the servers answer.

use super::faults::Faults;
use d1_core::{DeviceId, SetupId};
use d1_protocol::{
    ApiClient, ClientError,
    api::{CreateRequest, SetupView},
};
use d1_world::CloudDesk;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long one answer is waited for before somebody else is asked.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// How long the end of one setup is waited for before the next thing is done.
const END_WITHIN: Duration = Duration::from_secs(6);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often something is asked before it is given up.
const TRIES: usize = 20;

/// Ways to ask each of the servers.
#[derive(Clone)]
pub(super) struct Calls {
    clients: Vec<ApiClient>,
    seed: u64,
}

impl Calls {
    pub(super) fn to(servers: Vec<String>, seed: u64) -> Self {
        let client = |http: &String| ApiClient::new(http, CloudDesk::TOKEN).unwrap();
        Self { clients: servers.iter().map(client).collect(), seed }
    }

    /// What the server of this number answers; nothing when it refuses, or does not in time.
    pub(super) async fn ask<T>(
        &self,
        server: usize,
        question: impl AsyncFnOnce(&ApiClient) -> Result<T, ClientError>,
    ) -> Option<T> {
        let client = &self.clients[server % self.clients.len()];
        timeout(ANSWER_WITHIN, question(client)).await.ok()?.ok()
    }
}

/// Installs and takes back on one machine, until nobody waits for it any more.
pub(super) async fn flow(calls: Calls, number: usize, device: DeviceId) {
    let mut chance = Faults::new(calls.seed ^ (number as u64 + 1));
    // What ended later than anybody waited: while it is there, the same again is no work.
    let mut left = Vec::new();
    for round in 0_u64.. {
        let mut server = || usize::try_from(chance.below(3)).unwrap();
        let thing = if round % 2 == 0 { "greeter" } else { "slow" };
        let install = vec![thing.parse().unwrap()];
        let wish = CreateRequest { approve: true, ..CreateRequest::of(install, device) };
        // Said again with the same key it is done once, whoever hears it.
        let key = format!("{number}-{round}");
        let mut made = None;
        for _ in 0..TRIES {
            let create = async |client: &ApiClient| client.create(&wish, Some(&key)).await;
            made = calls.ask(server(), create).await;
            if made.is_some() {
                break;
            }
            sleep(LOOK_EVERY).await;
        }
        match made {
            Some(made) => left.push(made.id),
            // It may be made all the same: whatever is there is looked for and taken back.
            None => left.extend(there(&calls, server(), device).await),
        }
        let mut later = Vec::new();
        for id in left {
            if !takes_back(&calls, server(), id).await {
                later.push(id);
            }
        }
        left = later;
    }
}

/// What setups left on a machine.
async fn there(calls: &Calls, server: usize, device: DeviceId) -> Vec<SetupId> {
    let latest = async |client: &ApiClient| client.list(None).await;
    let Some(page) = calls.ask(server, latest).await else { return Vec::new() };
    let ours = page.setups.into_iter().filter(|setup| setup.device == device);
    let left = ours.filter(|setup| setup.undo_of.is_none() && setup.undone_by.is_none());
    left.map(|setup| setup.id).collect()
}

/// Takes back what one setup did; false when that has to be asked again.
async fn takes_back(calls: &Calls, server: usize, id: SetupId) -> bool {
    let Some(ended) = end_of(calls, server, id).await else { return false };
    if ended.receipts.iter().all(|receipt| receipt.changes.is_empty()) {
        return true;
    }
    if let Some(undone) = ended.undone_by {
        // Where a server died between the two, somebody still has to say yes to it.
        calls.ask(server, async |client: &ApiClient| client.approve(undone).await).await;
        return end_of(calls, server, undone).await.is_some();
    }
    let undo = async |client: &ApiClient| client.undo(id).await;
    match calls.ask(server, undo).await {
        Some(undone) => end_of(calls, server, undone.id).await.is_some(),
        None => false,
    }
}

/// How it ended, when it does in time.
pub(super) async fn end_of(calls: &Calls, server: usize, id: SetupId) -> Option<SetupView> {
    let began = Instant::now();
    for turn in server.. {
        let seen = calls.ask(turn, async |client: &ApiClient| client.get(id).await).await;
        if let Some(setup) = seen
            && setup.is_over()
        {
            return Some(setup);
        }
        if began.elapsed() > END_WITHIN {
            break;
        }
        sleep(LOOK_EVERY).await;
    }
    None
}
