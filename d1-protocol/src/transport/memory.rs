//! Links within one process.

use d1_core::{Link, Transport, TransportError};
use tokio::sync::mpsc;

/// How many links may wait to be accepted.
const BACKLOG: usize = 16;

/// Makes links to the [`Acceptor`] of the same pair.
#[derive(Debug)]
pub struct Dial<Out, In> {
    accept: mpsc::Sender<Link<In, Out>>,
}

/// The other end of links that are made with [`Dial`].
#[derive(Debug)]
pub struct Acceptor<Out, In> {
    links: mpsc::Receiver<Link<In, Out>>,
}

/// A dialler and the acceptor of its links.
#[must_use]
pub fn pair<Out, In>() -> (Dial<Out, In>, Acceptor<Out, In>) {
    let (accept, links) = mpsc::channel(BACKLOG);
    (Dial { accept }, Acceptor { links })
}

impl<Out, In> Acceptor<Out, In> {
    /// The next link; `None` once every dialler is gone.
    pub async fn accept(&mut self) -> Option<Link<In, Out>> {
        self.links.recv().await
    }
}

#[async_trait::async_trait]
impl<Out, In> Transport<Out, In> for Dial<Out, In>
where
    Out: std::fmt::Debug + Send + 'static,
    In: std::fmt::Debug + Send + 'static,
{
    async fn connect(&self) -> Result<Link<Out, In>, TransportError> {
        let (ours, theirs) = Link::pair();
        self.accept.send(theirs).await.map_err(|_| TransportError::Refused {
            address: "this process".into(),
            why: "nobody accepts links any more".into(),
        })?;
        Ok(ours)
    }
}
