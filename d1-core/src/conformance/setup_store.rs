//! The laws of [`SetupStore`].

mod durability;
mod keys;
mod lists;
mod news;
mod saves;

pub use durability::setup_store_durability;

use super::{Laws, samples::*};
use crate::{
    AccountId, DeviceId, Outcome, Progress, ProgressEvent, Setup, SetupEvent, SetupId, SetupStore,
    TaskEvent,
};
use std::{future::Future, sync::Arc};

type Port = Arc<dyn SetupStore>;

/// Checks every law of [`SetupStore`], each on a fresh one from `make`.
pub async fn setup_store<F, S>(make: F)
where
    F: Fn() -> S,
    S: Future<Output = Arc<dyn SetupStore>>,
{
    let mut laws = Laws::default();
    saves::creations(&mut laws, &make).await;
    keys::laws(&mut laws, &make).await;
    saves::saves(&mut laws, &make).await;
    news::laws(&mut laws, &make).await;
    lists::finds(&mut laws, &make).await;
    lists::lists(&mut laws, &make).await;
    lists::unfinished(&mut laws, &make).await;
    laws.all_hold();
}

/// A setup that is kept, of `account`.
async fn kept(store: &Port, account: AccountId) -> Setup {
    store.create(&a_setup(account), None, &[]).await.unwrap()
}

/// A setup that is kept, of somebody.
async fn anybodys(store: &Port) -> Setup {
    kept(store, AccountId::generate()).await
}

/// Lets something happen to a setup, in memory only.
fn approve(setup: &mut Setup) {
    setup.on(SetupEvent::Approve, NOW).unwrap();
}

/// Lets the first task end, so that there is a result and a receipt to keep.
fn finish_first_task(setup: &mut Setup) {
    let (id, step) = (setup.tasks[0].id, setup.plan.steps[0].clone());
    let order = crate::TaskCommand { task: id, setup: setup.id, step, ..an_order() };
    for event in
        [TaskEvent::Dispatch, TaskEvent::Finish(Box::new(ended(&order, Outcome::Succeeded)))]
    {
        setup.on(SetupEvent::Task(id, event), NOW).unwrap();
    }
}

/// A piece of output, told apart by its number.
fn said(chunk: u64) -> ProgressEvent {
    ProgressEvent::Output {
        step: "say".parse().unwrap(),
        attempt: 1,
        chunk,
        stream: crate::Stream::Stderr,
        text: format!("“{chunk}”\n\0"),
    }
}

async fn all_news(store: &Port, id: SetupId) -> Vec<Progress> {
    store.progress(id, 0, usize::MAX).await.unwrap()
}
