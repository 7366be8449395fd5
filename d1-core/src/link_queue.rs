//! The queues of a link: bounded, and next to nothing while they are empty.
//!
//! A queue of tokio sets room aside for thirty-two elements from the start. A server holds
//! thousands of links, nearly all of them silent; so what is queued is boxed, and an empty queue
//! is as small as its pointers.

use std::time::Duration;
use tokio::sync::mpsc::{
    self,
    error::{SendError, SendTimeoutError, TryRecvError, TrySendError},
};

/// The end at which something is said. Cloning gives another handle on the same end.
#[derive(Debug)]
pub struct LinkSender<T>(mpsc::Sender<Box<T>>);

/// The end at which it is heard.
#[derive(Debug)]
pub struct LinkReceiver<T>(mpsc::Receiver<Box<T>>);

/// A handle on the end at which something is said that does not keep it open.
#[derive(Debug)]
pub struct WeakLinkSender<T>(mpsc::WeakSender<Box<T>>);

/// Room for one message.
#[derive(Debug)]
pub struct Room<'a, T>(mpsc::Permit<'a, Box<T>>);

/// A queue in which so many messages may wait.
///
/// # Panics
/// Panics when nothing may wait.
#[must_use]
pub fn link_queue<T>(depth: usize) -> (LinkSender<T>, LinkReceiver<T>) {
    let (tx, rx) = mpsc::channel(depth);
    (LinkSender(tx), LinkReceiver(rx))
}

impl<T> LinkSender<T> {
    /// Says something, once there is room; an error when nobody hears it any more.
    pub async fn send(&self, message: T) -> Result<(), SendError<T>> {
        match self.0.reserve().await {
            Ok(room) => {
                room.send(Box::new(message));
                Ok(())
            }
            Err(_) => Err(SendError(message)),
        }
    }

    /// The same, unless it takes longer than this.
    pub async fn send_timeout(
        &self,
        message: T,
        within: Duration,
    ) -> Result<(), SendTimeoutError<T>> {
        match tokio::time::timeout(within, self.0.reserve()).await {
            Ok(Ok(room)) => {
                room.send(Box::new(message));
                Ok(())
            }
            Ok(Err(_)) => Err(SendTimeoutError::Closed(message)),
            Err(_) => Err(SendTimeoutError::Timeout(message)),
        }
    }

    /// Says something if there is room now.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        match self.0.try_reserve() {
            Ok(room) => {
                room.send(Box::new(message));
                Ok(())
            }
            Err(TrySendError::Full(())) => Err(TrySendError::Full(message)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(message)),
        }
    }

    /// Waits until there is room for one more message, and keeps it.
    pub async fn reserve(&self) -> Result<Room<'_, T>, SendError<()>> {
        self.0.reserve().await.map(Room)
    }

    /// Waits until nobody hears it any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }

    /// Whether nobody hears it any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// How many messages wait to be heard.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }

    /// A handle that does not keep this end open.
    #[must_use]
    pub fn downgrade(&self) -> WeakLinkSender<T> {
        WeakLinkSender(self.0.downgrade())
    }
}

impl<T> Clone for LinkSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> WeakLinkSender<T> {
    /// A handle that does; none when the end is closed already.
    #[must_use]
    pub fn upgrade(&self) -> Option<LinkSender<T>> {
        self.0.upgrade().map(LinkSender)
    }
}

impl<T> Room<'_, T> {
    /// Says something.
    pub fn send(self, message: T) {
        self.0.send(Box::new(message));
    }
}

impl<T> LinkReceiver<T> {
    /// The next message; `None` once the other end is closed and everything is heard. Nothing is
    /// lost when this is given up.
    pub async fn recv(&mut self) -> Option<T> {
        self.0.recv().await.map(|message| *message)
    }

    /// The next message, if there is one by now.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.0.try_recv().map(|message| *message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As much as the largest word of a link, and much more.
    type Large = [u8; 4096];

    #[tokio::test(start_paused = true)]
    async fn a_queue_takes_as_much_as_was_said_and_gives_back_what_it_does_not() {
        let (tx, mut rx) = link_queue::<Large>(2);
        tx.send([1; 4096]).await.unwrap();
        tx.reserve().await.unwrap().send([2; 4096]);
        let within = Duration::from_secs(1);
        assert_eq!(tx.waiting(), 2);
        assert!(matches!(tx.try_send([3; 4096]), Err(TrySendError::Full([3, ..]))));
        let late = tx.send_timeout([3; 4096], within).await;
        assert!(matches!(late, Err(SendTimeoutError::Timeout([3, ..]))));
        assert_eq!(rx.recv().await.map(|it| it[0]), Some(1));
        tx.send_timeout([3; 4096], within).await.unwrap();
        assert_eq!((rx.try_recv().unwrap()[0], rx.try_recv().unwrap()[0]), (2, 3));
        drop(rx);
        tx.closed().await;
        assert!(matches!(tx.try_send([4; 4096]), Err(TrySendError::Closed([4, ..]))));
        let closed = tx.send_timeout([4; 4096], within).await;
        assert!(matches!(closed, Err(SendTimeoutError::Closed([4, ..]))));
        assert_eq!(tx.send([4; 4096]).await.unwrap_err().0[0], 4);
    }

    #[tokio::test]
    async fn a_weak_handle_speaks_as_long_as_somebody_keeps_the_end_open() {
        let (tx, mut rx) = link_queue(2);
        let weak = tx.downgrade();
        weak.upgrade().unwrap().try_send(1).unwrap();
        drop(tx);
        assert!(weak.upgrade().is_none());
        assert_eq!((rx.recv().await, rx.recv().await), (Some(1), None));
    }
}
