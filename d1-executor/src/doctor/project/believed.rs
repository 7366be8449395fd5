//! Reading a file of a project, when it is one to believe: the user's own, or the
//! administrator's. Anybody can leave a file in a folder that others share.

use crate::doctor::sight::{Sight, open};
use std::{
    fs::Metadata,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
};

/// The most bytes that a file which says what a project needs may have.
const MOST: u64 = 1024 * 1024;

/// Why a file is not believed.
#[derive(Debug, thiserror::Error)]
pub(in crate::doctor) enum Unbelieved {
    /// It is somebody else's.
    #[error("it belongs to user {0}, and is not believed")]
    Stranger(u32),
    /// It is no file.
    #[error("it is no ordinary file")]
    NoFile,
    /// It is too large.
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
}

/// The text of a file, lossy; `None` when it is not there.
pub(in crate::doctor) fn believed(
    sight: &Sight,
    path: &Path,
) -> Result<Option<String>, Unbelieved> {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Unbelieved::Unreadable(error)),
    };
    // Asked of what was opened: the name may mean another file by now.
    let found = file.metadata().map_err(Unbelieved::Unreadable)?;
    if !found.is_file() {
        return Err(Unbelieved::NoFile);
    }
    if !is_ours(sight, &found) {
        return Err(Unbelieved::Stranger(found.uid()));
    }
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(Unbelieved::Unreadable)?;
    if bytes.len() as u64 > MOST {
        return Err(Unbelieved::TooLarge);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The user's own, the administrator's, or that of whoever became administrator to ask.
fn is_ours(sight: &Sight, found: &Metadata) -> bool {
    let behind_sudo = || sight.uid == 0 && sight.var("SUDO_UID") == Some(found.uid().to_string());
    [0, sight.uid].contains(&found.uid()) || behind_sudo()
}
