//! What can be asked of the cloud, over HTTP and over gRPC: the same, by the same people, and as
//! it is described. Programs that we did not write judge it.

mod judges;
mod matrix;
mod setups;

use std::{path::PathBuf, process::Command};

/// Where the judges are that Debian has not (`.ci/get-judges`).
pub(crate) fn judges() -> PathBuf {
    let got =
        Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/get-judges")).output().unwrap();
    assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
    PathBuf::from(String::from_utf8(got.stdout).unwrap().trim())
}
