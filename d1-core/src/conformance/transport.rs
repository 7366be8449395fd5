//! The laws of links, and so of every [`Transport`](crate::Transport) that makes them.

mod ends;
mod load;
mod order;

use super::{Laws, patiently, samples::*};
use crate::{
    Action, DeviceLink, File, FileChange, FromDevice, Link, LinkReceiver, LinkSender,
    OrchestratorLink, Output, OutputChunk, Step, Stream, TaskCommand, ToDevice,
};
use std::{fmt::Debug, future::Future};

/// The two ends of one conversation.
pub type Ends = (OrchestratorLink, DeviceLink);

/// Checks every law of links, each on fresh ones from `make`.
///
/// `make` connects as the transport does, and gives both ends. Whatever else the links need
/// to live (a listener, a supervisor) outlives the exam. It waits for things that happen, so
/// links over real sockets do not sit it under paused time.
pub async fn transport<F, L>(make: F)
where
    F: Fn() -> L,
    L: Future<Output = Ends>,
{
    let mut laws = Laws::default();
    order::laws(&mut laws, &make).await;
    load::laws(&mut laws, &make).await;
    ends::laws(&mut laws, &make).await;
    laws.all_hold();
}

/// What can be said over a link in either direction.
trait Word: Clone + Debug + PartialEq + Send + 'static {
    /// A word that carries a number.
    fn counting(number: u64) -> Self;
    /// A word that carries a number and so many bytes.
    fn heavy(number: u64, bytes: usize) -> Self;
}

impl Word for ToDevice {
    fn counting(number: u64) -> Self {
        let TaskCommand { task, attempt, .. } = order_of(number);
        Self::OutputStored { task, attempt, seq: number }
    }

    fn heavy(number: u64, bytes: usize) -> Self {
        let order = order_of(number);
        let change = FileChange::Write { content: "x".repeat(bytes), mode: Some(0o600) };
        let action = Action::File(File { path: "/srv/said".parse().unwrap(), change });
        let step = Step { action, ..order.step };
        Self::Run(Box::new(TaskCommand { step, ..order }))
    }
}

impl Word for FromDevice {
    fn counting(number: u64) -> Self {
        Self::heavy(number, 3)
    }

    fn heavy(number: u64, bytes: usize) -> Self {
        let TaskCommand { task, attempt, .. } = order_of(number);
        let output = Output { stream: Stream::Stderr, bytes: vec![0xff; bytes] };
        Self::Output(OutputChunk { task, attempt, seq: number, output })
    }
}

/// An order whose names follow from its number, so that it is the same when made again.
fn order_of(number: u64) -> TaskCommand {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    let setup = crate::SetupId::from_bytes(bytes);
    let order = an_order();
    let task = crate::TaskId::of_step(setup, &order.step.id);
    TaskCommand { task, setup, hold: None, ..order }
}

/// Says these words, in order.
async fn say<W>(tx: &LinkSender<W>, words: impl IntoIterator<Item = W>) {
    for word in words {
        assert!(tx.send(word).await.is_ok(), "the other end is there, and cannot be spoken to");
    }
}

/// Hears so many words.
async fn hear<W>(rx: &mut LinkReceiver<W>, how_many: usize) -> Vec<W> {
    let mut heard = Vec::new();
    while heard.len() < how_many {
        heard.push(rx.recv().await.unwrap());
    }
    heard
}

/// Hears everything until the other end is gone.
async fn hear_out<W>(rx: &mut LinkReceiver<W>) -> Vec<W> {
    let mut heard = Vec::new();
    while let Some(word) = rx.recv().await {
        heard.push(word);
    }
    heard
}

/// How many words fit into one queue of a link.
const DEPTH: usize = Link::<(), ()>::DEPTH;

/// Words that carry the numbers from one to `last`.
fn words<W: Word>(last: usize) -> Vec<W> {
    (1..=last as u64).map(W::counting).collect()
}
