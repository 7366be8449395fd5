//! The laws of [`Journal`].

mod durability;
mod ends;
mod orders;
mod output;
mod receipts;

pub use durability::journal_durability;

use super::{Laws, samples::*};
use crate::{Journal, Outcome, Reception, TaskCommand, TaskResult};
use std::{future::Future, sync::Arc};

type Port = Arc<dyn Journal>;

/// Checks every law of [`Journal`], each on a fresh one from `make`.
pub async fn journal<F, J>(make: F)
where
    F: Fn() -> J,
    J: Future<Output = Arc<dyn Journal>>,
{
    let mut laws = Laws::default();
    orders::fences(&mut laws, &make).await;
    orders::receptions(&mut laws, &make).await;
    orders::starts(&mut laws, &make).await;
    output::laws(&mut laws, &make).await;
    ends::finishes(&mut laws, &make).await;
    ends::lookups(&mut laws, &make).await;
    ends::forgets(&mut laws, &make).await;
    receipts::laws(&mut laws, &make).await;
    laws.all_hold();
}

/// An order that is written down.
async fn received(journal: &Port) -> TaskCommand {
    let order = an_order();
    receive_new(journal, &order).await;
    order
}

async fn receive_new(journal: &Port, order: &TaskCommand) {
    assert_eq!(journal.receive(order, NOW).await.unwrap(), Reception::New);
}

/// An order that has begun.
async fn started(journal: &Port) -> TaskCommand {
    let order = received(journal).await;
    journal.start(order.task, order.attempt, &a_baseline(), NOW).await.unwrap();
    order
}

/// An order that has ended.
async fn finished(journal: &Port, outcome: Outcome) -> (TaskCommand, TaskResult) {
    let order = started(journal).await;
    let result = ended(&order, outcome);
    journal.finish(&result, NOW).await.unwrap();
    (order, result)
}

/// An order that has ended and is forgotten.
async fn forgotten(journal: &Port, outcome: Outcome) -> TaskCommand {
    let (order, _) = finished(journal, outcome).await;
    journal.forget(order.task, order.attempt, NOW).await.unwrap();
    order
}
