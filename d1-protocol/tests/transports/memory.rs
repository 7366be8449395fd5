//! Links within one process.

use d1_core::{FromDevice, ToDevice, Transport as _, TransportError, conformance};
use d1_protocol::memory;

#[tokio::test(start_paused = true)]
async fn links_in_memory_obey_every_law() {
    let (dial, acceptor) = memory::pair();
    let acceptor = tokio::sync::Mutex::new(acceptor);
    conformance::transport(|| async {
        let mut acceptor = acceptor.lock().await;
        let (ours, theirs) = tokio::join!(dial.connect(), acceptor.accept());
        (ours.unwrap(), theirs.unwrap())
    })
    .await;
}

#[tokio::test]
async fn nobody_in_memory_is_said() {
    let (dial, acceptor) = memory::pair::<ToDevice, FromDevice>();
    drop(acceptor);
    assert!(matches!(dial.connect().await, Err(TransportError::Refused { .. })));
}
