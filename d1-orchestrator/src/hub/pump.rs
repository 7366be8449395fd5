//! What one link brings, routed to whoever waits for it.

use super::{DeviceNews, Hub, seat::Watcher};
use d1_core::{DeviceId, FromDevice, Hello, LinkReceiver};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

impl Hub {
    /// Routes what `from` brings until it ends, a newer link takes its place, or all stops.
    pub(super) async fn pump(
        &self,
        seat: (DeviceId, u64),
        mut from: LinkReceiver<FromDevice>,
        left: CancellationToken,
    ) {
        let stopping = self.0.supervisor.stopping();
        let routing = async {
            self.tell_up(seat).await;
            while let Some(message) = from.recv().await {
                self.route(seat, message).await;
            }
        };
        // Watchers may be slow; neither a newer link nor the end waits for them.
        tokio::select! {
            biased;
            () = left.cancelled() => {}
            () = stopping.cancelled() => {}
            () = routing => {}
        }
        drop(from);
        if self.leave(seat) && !stopping.is_cancelled() {
            tokio::select! {
                biased;
                () = stopping.cancelled() => {}
                () = self.tell_down(seat.0) => {}
            }
        }
    }

    /// Gives up the seat; false when a newer link has it.
    fn leave(&self, (device, number): (DeviceId, u64)) -> bool {
        let mut state = self.state();
        let is_ours = state.seats.get(&device).is_some_and(|seat| seat.number == number);
        if is_ours {
            state.seats.remove(&device);
        }
        drop(state);
        self.0.departures.send_modify(|count| *count += 1);
        is_ours
    }

    async fn route(&self, (device, number): (DeviceId, u64), message: FromDevice) {
        let request = match &message {
            FromDevice::Facts { request, .. }
            | FromDevice::Previews { request, .. }
            | FromDevice::Refused { request, .. } => Some(*request),
            FromDevice::Hello(_)
            | FromDevice::Received { .. }
            | FromDevice::Started { .. }
            | FromDevice::Output(_)
            | FromDevice::Lease(_)
            | FromDevice::Finished(_)
            | FromDevice::Confirm { .. }
            | FromDevice::Waiting { .. }
            | FromDevice::Health(_)
            | FromDevice::Anchor(_)
            | FromDevice::Error(_) => None,
        };
        if let FromDevice::Error(problem) = &message {
            tracing::warn!(%device, %problem, "a device complains");
        }
        if let FromDevice::Anchor(head) = &message {
            self.exchange_heads(device, head).await;
        }
        let asker = {
            let mut state = self.state();
            let now = self.0.clock.now();
            let seat = state.seats.get_mut(&device).filter(|seat| seat.number == number);
            let Some(seat) = seat else { return };
            seat.heard = now;
            match &message {
                FromDevice::Health(health) => seat.health = Some((**health).clone()),
                FromDevice::Hello(hello) => seat.hello = renewed(&seat.hello, hello),
                FromDevice::Facts { .. }
                | FromDevice::Previews { .. }
                | FromDevice::Refused { .. }
                | FromDevice::Received { .. }
                | FromDevice::Started { .. }
                | FromDevice::Output(_)
                | FromDevice::Lease(_)
                | FromDevice::Finished(_)
                | FromDevice::Confirm { .. }
                | FromDevice::Waiting { .. }
                | FromDevice::Anchor(_)
                | FromDevice::Error(_) => {}
            }
            request.and_then(|request| seat.questions.remove(&request))
        };
        if let Some(asker) = asker {
            // Whoever asked may have given up.
            let _gave_up = asker.send(message);
        } else if request.is_none() {
            self.tell_watchers(device, message).await;
        }
    }

    async fn tell_watchers(&self, device: DeviceId, message: FromDevice) {
        let mut watchers = self.watchers(device);
        watchers.retain(|watcher| watcher.wants(&message));
        let Some(last) = watchers.pop() else { return };
        for watcher in watchers {
            let _gone = watcher.to.send(DeviceNews::Said(Box::new(message.clone()))).await;
        }
        let _gone = last.to.send(DeviceNews::Said(Box::new(message))).await;
    }

    async fn tell_up(&self, (device, number): (DeviceId, u64)) {
        let watchers: Vec<_> = {
            let mut state = self.state();
            let watchers = state.watchers.get_mut(&device).into_iter().flatten();
            let not_told = watchers.filter(|watcher| watcher.told != Some(number));
            not_told
                .map(|watcher| {
                    watcher.told = Some(number);
                    watcher.to.clone()
                })
                .collect()
        };
        for watcher in watchers {
            let _gone = watcher.send(DeviceNews::Up).await;
        }
    }

    async fn tell_down(&self, device: DeviceId) {
        for watcher in self.watchers(device) {
            let _gone = watcher.to.send(DeviceNews::Down).await;
        }
    }

    fn watchers(&self, device: DeviceId) -> Vec<Watcher> {
        self.state().watchers.get(&device).cloned().unwrap_or_default()
    }
}

/// A device may describe itself again, but not become another one.
fn renewed(known: &Arc<Hello>, hello: &Hello) -> Arc<Hello> {
    if known.device == hello.device { Arc::new(hello.clone()) } else { Arc::clone(known) }
}
