//! Output is told in order, each piece once, and goes on where it was acknowledged.

use crate::{
    frail::Frail,
    rig::{Desk, Rig, an_order, carried_out, finished, received, rest, started},
};
use d1_core::{
    FromDevice, Journal, Outcome, Output, OutputChunk, Stream, TaskCommand, TaskResult, ToDevice,
    memory::MemoryJournal,
};
use std::sync::Arc;

/// This many pieces of output.
fn lines(count: usize) -> Vec<Output> {
    let line = |n| Output { stream: Stream::Stdout, bytes: format!("line {n}\n").into_bytes() };
    (1..=count).map(line).collect()
}

/// These pieces, as they are told from `first` on.
fn told(order: &TaskCommand, pieces: &[Output], first: usize) -> Vec<FromDevice> {
    let (task, attempt) = (order.task, order.attempt);
    let chunk = |(seq, output): (u64, &Output)| {
        FromDevice::Output(OutputChunk { task, attempt, seq, output: output.clone() })
    };
    (1..).zip(pieces).skip(first - 1).map(chunk).collect()
}

async fn store(desk: &Desk, order: &TaskCommand, seq: u64) {
    let (task, attempt) = (order.task, order.attempt);
    desk.say(ToDevice::OutputStored { task, attempt, seq }).await;
    rest().await;
}

#[tokio::test(start_paused = true)]
async fn every_piece_is_told_once_in_order_and_before_the_end() {
    let (rig, order, said) = (Rig::new(), an_order(), lines(100));
    rig.puppet.script().says.clone_from(&said);
    let mut desk = rig.link();
    desk.order(&order).await;
    let mut all = vec![received(&order), started(&order)];
    all.extend(told(&order, &said, 1));
    all.push(finished(carried_out(&order, Outcome::Succeeded)));
    assert_eq!(desk.heard().await, all);
}

#[tokio::test(start_paused = true)]
async fn a_new_conversation_hears_only_what_was_not_acknowledged() {
    let (rig, order, said) = (Rig::holding(), an_order(), lines(10));
    rig.puppet.script().says.clone_from(&said);
    let mut desk = rig.link();
    desk.order(&order).await;
    desk.heard().await;
    store(&desk, &order, 7).await;
    // An acknowledgement that comes late takes nothing back.
    store(&desk, &order, 3).await;
    drop(desk);

    let mut desk = rig.link();
    desk.order(&order).await;
    let mut rest_of_it = vec![received(&order), started(&order)];
    rest_of_it.extend(told(&order, &said, 8));
    assert_eq!(desk.heard().await, rest_of_it);

    rig.puppet.release(order.task);
    let end = finished(carried_out(&order, Outcome::Succeeded));
    assert_eq!(desk.heard().await, std::slice::from_ref(&end));
    desk.order(&order).await;
    rest_of_it.push(end);
    assert_eq!(desk.heard().await, rest_of_it);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_acknowledged_is_told_again_from_the_start() {
    let (rig, order, said) = (Rig::new(), an_order(), lines(10));
    rig.puppet.script().says.clone_from(&said);
    let mut desk = rig.link();
    desk.order(&order).await;
    let all = desk.heard().await;
    drop(desk);
    let mut desk = rig.link();
    desk.order(&order).await;
    assert_eq!(desk.heard().await, all);
}

#[tokio::test(start_paused = true)]
async fn the_next_agent_tells_again_what_the_journal_kept() {
    let (rig, order, said) = (Rig::new(), an_order(), lines(10));
    rig.puppet.script().says.clone_from(&said);
    let mut desk = rig.link();
    desk.order(&order).await;
    let all = desk.heard().await;
    let next = Rig::on(Arc::clone(&rig.journal));
    drop((rig, desk));
    next.agent.recover().await.unwrap();
    let mut desk = next.link();
    desk.order(&order).await;
    assert_eq!(desk.heard().await, all);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_does_not_listen_holds_nobody_up_and_misses_nothing() {
    let (rig, order, said) = (Rig::new(), an_order(), lines(1_000));
    rig.puppet.script().says.clone_from(&said);
    let mut desk = rig.link();
    desk.order(&order).await;
    rest().await;
    assert_eq!(rig.puppet.acts().ended, [(order.task, 1)]);
    let mut all = vec![received(&order), started(&order)];
    all.extend(told(&order, &said, 1));
    all.push(finished(carried_out(&order, Outcome::Succeeded)));
    assert_eq!(desk.heard().await, all);
}

#[tokio::test(start_paused = true)]
async fn a_large_piece_arrives_in_parts_and_whole() {
    let (rig, order) = (Rig::new(), an_order());
    let bytes: Vec<u8> = (0..OutputChunk::MAX_BYTES + 1).map(|n| n.to_le_bytes()[0]).collect();
    rig.puppet.script().says = vec![Output { stream: Stream::Stderr, bytes: bytes.clone() }];
    let mut desk = rig.link();
    desk.order(&order).await;
    let (head, tail) = bytes.split_at(OutputChunk::MAX_BYTES);
    let part = |bytes: &[u8]| Output { stream: Stream::Stderr, bytes: bytes.to_vec() };
    let parts = told(&order, &[part(head), part(tail)], 1);
    assert_eq!(desk.heard().await[2..4], parts);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_is_slow_slows_the_work_and_nothing_piles_up() {
    /// What the agent may hold of one task: a queue, and the batch that is being written.
    const HELD: usize = 2 * 64;
    let frail = Arc::new(Frail::over(Arc::new(MemoryJournal::new())));
    let rig = Rig::on(Arc::clone(&frail) as Arc<dyn Journal>);
    let (order, said) = (an_order(), lines(1_000));
    rig.puppet.script().says.clone_from(&said);
    frail.hold("before append");
    let mut desk = rig.link();
    desk.order(&order).await;
    rest().await;
    let taken = rig.puppet.acts().said;
    assert!((1..=HELD).contains(&taken), "{taken} pieces were taken");
    frail.let_go();
    assert_eq!(desk.heard().await.len(), 1_003);
}

#[tokio::test(start_paused = true)]
async fn output_that_could_not_be_kept_is_counted_and_the_work_goes_on() {
    let frail = Arc::new(Frail::over(Arc::new(MemoryJournal::new())));
    let rig = Rig::on(Arc::clone(&frail) as Arc<dyn Journal>);
    let (order, said) = (an_order(), lines(200));
    let bytes: usize = said.iter().map(|piece| piece.bytes.len()).sum();
    rig.puppet.script().says = said;
    frail.fail("before append");
    let mut desk = rig.link();
    desk.order(&order).await;
    let whole = carried_out(&order, Outcome::Succeeded);
    let result = TaskResult { dropped_bytes: bytes as u64, ..whole };
    assert_eq!(desk.heard().await, [received(&order), started(&order), finished(result)]);
}
