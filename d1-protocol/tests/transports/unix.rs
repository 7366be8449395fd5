//! Links over a socket file.

use bytes::BufMut as _;
use d1_core::{FromDevice, Supervisor, TaskId, Transport as _, TransportError, conformance};
use d1_protocol::{
    encode_from_device,
    unix::{Dial, Listener},
};
use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration};
use tokio::{io::AsyncWriteExt as _, net::UnixStream};

fn place() -> (tempfile::TempDir, PathBuf, Supervisor) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daemon.sock");
    (folder, path, Supervisor::default())
}

#[tokio::test]
async fn links_over_a_socket_file_obey_every_law() {
    let (_folder, path, supervisor) = place();
    let listener = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
    let dial = Dial::new(&path, supervisor);
    conformance::transport(|| async {
        let (ours, theirs) = tokio::join!(dial.connect(), listener.accept());
        (ours.unwrap(), theirs.unwrap().0)
    })
    .await;
}

#[tokio::test]
async fn the_kernel_tells_who_is_at_the_other_end() {
    let (_folder, path, supervisor) = place();
    let listener = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
    let dial = Dial::new(&path, supervisor);
    let (_link, accepted) = tokio::join!(dial.connect(), listener.accept());
    let (_, peer) = accepted.unwrap();
    assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());
    let own = fs::metadata("/proc/self").unwrap();
    assert_eq!(peer.uid, std::os::unix::fs::MetadataExt::uid(&own));
}

#[tokio::test]
async fn a_socket_file_lets_in_nobody_but_whom_its_mode_names() {
    for mode in [0o600, 0o660] {
        let (_folder, path, supervisor) = place();
        let _listener = Listener::bind(&path, mode, supervisor).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[tokio::test]
async fn a_socket_that_somebody_listens_on_is_not_taken_and_a_dead_one_is() {
    let (_folder, path, supervisor) = place();
    let first = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
    let second = Listener::bind(&path, 0o600, supervisor.clone()).unwrap_err();
    assert!(matches!(second, TransportError::Refused { .. }), "{second}");
    // As a process leaves it that is killed: the file stays, nobody listens.
    let left = fs::File::open(path.parent().unwrap()).unwrap();
    drop((first, left));
    let _third = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
    assert!(Dial::new(&path, supervisor).connect().await.is_ok());
}

#[tokio::test]
async fn what_is_no_socket_is_never_replaced_by_one() {
    let (folder, path, supervisor) = place();
    let precious = folder.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    let file = |path: &PathBuf| fs::write(path, "precious").unwrap();
    let directory = |path: &PathBuf| fs::create_dir(path).unwrap();
    let link = |path: &PathBuf| std::os::unix::fs::symlink(&precious, path).unwrap();
    for make in [&file as &dyn Fn(&PathBuf), &directory, &link] {
        make(&path);
        let before = fs::symlink_metadata(&path).unwrap().file_type();
        let refused = Listener::bind(&path, 0o600, supervisor.clone()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "{} refused the link: something that is no socket is there; \
                 move it away, or listen elsewhere",
                path.display()
            )
        );
        assert_eq!(fs::symlink_metadata(&path).unwrap().file_type(), before);
        if before.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) }.unwrap();
    }
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_and_not_made() {
    let (folder, _, supervisor) = place();
    let path = folder.path().join("missing/daemon.sock");
    let error = Listener::bind(&path, 0o600, supervisor).unwrap_err();
    assert!(matches!(error, TransportError::Unreachable { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn one_who_says_nothing_more_but_listens_ends_the_link() {
    let (_folder, path, supervisor) = place();
    let listener = Listener::bind(&path, 0o600, supervisor).unwrap();
    let (stream, accepted) = tokio::join!(UnixStream::connect(&path), listener.accept());
    let (mut stream, (mut device, _)) = (stream.unwrap(), accepted.unwrap());
    stream.shutdown().await.unwrap();
    assert_eq!(device.rx.recv().await, None);
    tokio::time::timeout(Duration::from_secs(60), device.tx.closed()).await.unwrap();
}

#[tokio::test]
async fn nobody_at_a_socket_is_said_with_its_path() {
    let (_folder, path, supervisor) = place();
    let error = Dial::new(&path, supervisor).connect().await.unwrap_err();
    assert_eq!(error.to_string(), format!("nobody answers at {}", path.display()));
}

#[tokio::test]
async fn a_frame_that_claims_to_be_huge_ends_the_link_and_is_not_waited_for() {
    let (_folder, path, supervisor) = place();
    let listener = Listener::bind(&path, 0o600, supervisor).unwrap();
    let (stream, accepted) = tokio::join!(UnixStream::connect(&path), listener.accept());
    let (mut stream, (mut device, _)) = (stream.unwrap(), accepted.unwrap());
    let mut frame = Vec::new();
    frame.put_u32(u32::MAX);
    stream.write_all(&frame).await.unwrap();
    assert_eq!(device.rx.recv().await, None);
}

#[tokio::test]
async fn an_other_side_that_dies_in_the_middle_of_a_frame_ends_the_link() {
    let (_folder, path, supervisor) = place();
    let listener = Listener::bind(&path, 0o600, supervisor.clone()).unwrap();
    let dial = Dial::new(&path, supervisor);
    let (ours, accepted) = tokio::join!(dial.connect(), listener.accept());
    let (mut ours, (theirs, _)) = (ours.unwrap(), accepted.unwrap());
    let lease = FromDevice::Lease(vec![TaskId::generate()]);
    theirs.tx.send(lease.clone()).await.unwrap();
    drop(theirs);
    assert_eq!(ours.rx.recv().await, Some(lease.clone()));
    assert_eq!(ours.rx.recv().await, None);

    let (stream, accepted) = tokio::join!(UnixStream::connect(&path), listener.accept());
    let (mut stream, (mut device, _)) = (stream.unwrap(), accepted.unwrap());
    let whole = encode_from_device(&lease).unwrap();
    let mut half = Vec::new();
    half.put_u32(u32::try_from(whole.len()).unwrap());
    half.extend_from_slice(&whole[..whole.len() / 2]);
    stream.write_all(&half).await.unwrap();
    drop(stream);
    assert_eq!(device.rx.recv().await, None);
}
