//! A device that is connected, and whoever listens to it.

use super::Hub;
use crate::orders::Seal;
use d1_core::{
    DeviceId, Digest, FromDevice, Health, Hello, LinkSender, RequestId, TaskId, Timestamp, ToDevice,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// A device that is connected.
#[derive(Debug)]
pub(super) struct Seat {
    /// Tells this link from every other one.
    pub(super) number: u64,
    pub(super) to: LinkSender<ToDevice>,
    /// Signs what is said, where the device wants that.
    pub(super) seal: Option<Arc<Seal>>,
    pub(super) hello: Arc<Hello>,
    /// What is spoken on this link.
    pub(super) protocol: u32,
    pub(super) since: Timestamp,
    pub(super) heard: Timestamp,
    pub(super) health: Option<Health>,
    /// The head of its audit log that was kept last, and when.
    pub(super) anchor: Option<(Digest, Timestamp)>,
    pub(super) questions: HashMap<RequestId, oneshot::Sender<FromDevice>>,
    /// The number of its claim among those of other servers; zero when there is none.
    pub(super) fence: u64,
    /// Fires when a newer link has taken its place, or it is stuck.
    pub(super) left: CancellationToken,
}

/// What is needed to say something over a link: the link, what signs, and what ends it.
pub(super) type Way = (LinkSender<ToDevice>, Option<Arc<Seal>>, CancellationToken);

impl Seat {
    pub(super) fn way(&self) -> Way {
        (self.to.clone(), self.seal.clone(), self.left.clone())
    }
}

/// Somebody who listens for some tasks of one device.
#[derive(Clone, Debug)]
pub(super) struct Watcher {
    pub(super) number: u64,
    pub(super) tasks: Arc<BTreeSet<TaskId>>,
    pub(super) to: mpsc::Sender<DeviceNews>,
    /// The link it was told of last.
    pub(super) told: Option<u64>,
}

/// What a watcher hears of its device.
#[derive(Clone, Debug, PartialEq)]
pub enum DeviceNews {
    /// There is a link, new or again.
    Up,
    /// The link was lost.
    Down,
    /// The device said something about a task that is watched, or complains.
    Said(Box<FromDevice>),
}

/// Hears of some tasks of one device, in order, until dropped.
#[derive(Debug)]
pub struct Watching {
    pub(super) hub: Hub,
    pub(super) device: DeviceId,
    pub(super) number: u64,
    pub(super) news: mpsc::Receiver<DeviceNews>,
}

/// A device that is connected, as others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceStatus {
    /// What it said of itself.
    pub hello: Arc<Hello>,
    /// Since when it is connected.
    pub since: Timestamp,
    /// When it was last heard.
    pub heard: Timestamp,
    /// How it is, once it has told.
    pub health: Option<Health>,
    /// Tells this link from every other one of this hub.
    pub link: u64,
}

impl Watching {
    /// The next news. The first one is whether the device is connected.
    pub async fn next(&mut self) -> Option<DeviceNews> {
        self.news.recv().await
    }

    /// The next news, when there is some already.
    pub fn try_next(&mut self) -> Option<DeviceNews> {
        self.news.try_recv().ok()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.hub.forget_watcher(self.device, self.number);
    }
}

impl Watcher {
    /// Whether it wants to hear this.
    pub(super) fn wants(&self, message: &FromDevice) -> bool {
        match message {
            FromDevice::Received { task, .. }
            | FromDevice::Started { task, .. }
            | FromDevice::Confirm { task, .. } => self.tasks.contains(task),
            FromDevice::Output(chunk) => self.tasks.contains(&chunk.task),
            FromDevice::Finished(result) => self.tasks.contains(&result.task),
            FromDevice::Lease(tasks) => tasks.iter().any(|task| self.tasks.contains(task)),
            FromDevice::Error(_) => true,
            FromDevice::Hello(_)
            | FromDevice::Facts { .. }
            | FromDevice::Previews { .. }
            | FromDevice::Refused { .. }
            | FromDevice::Waiting { .. }
            | FromDevice::Health(_)
            | FromDevice::Anchor(_) => false,
        }
    }
}
