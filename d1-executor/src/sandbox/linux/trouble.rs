//! Why a command does not run, in the words of the port.

use super::order::Failure;
use crate::sandbox::port::SandboxError;
use std::{io, path::Path};

pub(super) fn doing(doing: &str) -> impl FnOnce(io::Error) -> SandboxError {
    move |error| SandboxError::SetUp { doing: doing.to_owned(), why: error.to_string() }
}

pub(super) fn no_namespaces(error: io::Error) -> SandboxError {
    doing("make namespaces; let this program make them, or allow less isolation")(error)
}

pub(super) fn silent() -> SandboxError {
    SandboxError::SetUp {
        doing: "start".into(),
        why: "its first process ended without a word".into(),
    }
}

pub(super) fn told(
    failure: Failure,
    argv: &[String],
    cwd: &Path,
    script: Option<&Path>,
) -> SandboxError {
    let program = argv.first().cloned().unwrap_or_default();
    match failure {
        Failure::Wall { wall, why } => SandboxError::Missing { wall, why },
        Failure::SetUp { doing, why } => SandboxError::SetUp { doing, why },
        Failure::Changed => {
            SandboxError::Changed { path: script.unwrap_or(Path::new("")).to_path_buf() }
        }
        Failure::NotFound => SandboxError::NotFound { program },
        Failure::Directory => SandboxError::Directory { cwd: cwd.to_path_buf() },
        Failure::Start { errno } => {
            SandboxError::Start { program, source: io::Error::from_raw_os_error(errno) }
        }
    }
}
