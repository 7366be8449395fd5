//! The body of a request, which comes in time or not at all.

use super::BODY_WITHIN;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::{Sleep, sleep};

/// A body that is waited for no longer than [`BODY_WITHIN`], all in all.
#[derive(Debug)]
pub(crate) struct Prompt<B = Incoming> {
    body: B,
    /// When it is enough; counted from the first time that there is something to wait for.
    enough: Option<Pin<Box<Sleep>>>,
}

/// The body did not come in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body did not come within {} s", BODY_WITHIN.as_secs())]
pub(crate) struct Late;

impl<B> Prompt<B> {
    pub(crate) const fn new(body: B) -> Self {
        Self { body, enough: None }
    }
}

impl<B> Body for Prompt<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let enough = self.enough.get_or_insert_with(|| Box::pin(sleep(BODY_WITHIN)));
        ready!(enough.as_mut().poll(cx));
        Poll::Ready(Some(Err(Late.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether this is why a body could not be read.
pub(crate) fn is_late(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<Late>() {
            return true;
        }
        cause = error.source();
    }
    false
}
