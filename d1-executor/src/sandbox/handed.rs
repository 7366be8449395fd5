//! What can be handed to a program as it is: the kernel cuts words at NUL, and refuses long ones.

use super::{grant::Grant, port::SandboxError};
use std::path::Path;

/// The most bytes of one word or variable, its end included (`MAX_ARG_STRLEN`, `execve(2)`).
const MOST_OF_ONE: usize = 128 * 1024;
/// The most bytes of the whole environment. With the longest command line this is half of what
/// the kernel takes with an ordinary stack.
const MOST_OF_ALL: usize = 1024 * 1024;
/// The most bytes of a path, its end included (`PATH_MAX`).
const MOST_OF_PATH: usize = 4096;

/// Refuses a grant with words that would not arrive as they are.
pub(super) fn check(grant: &Grant) -> Result<(), SandboxError> {
    let refuse = |what: &str, why: String| {
        Err(SandboxError::Handed { what: what.chars().take(80).collect(), why })
    };
    let mut all = 0;
    for (name, value) in &grant.env {
        if name.is_empty() || name.contains('=') || name.chars().any(char::is_control) {
            return refuse(&format!("{name:?}"), "no variable can have that name".into());
        }
        if value.contains('\0') {
            return refuse(name, "there is a NUL in its value, which would end it".into());
        }
        // The name, `=`, the value, and the end.
        let length = name.len() + value.len() + 2;
        if length > MOST_OF_ONE {
            return refuse(name, format!("it has {length} bytes; the most is {MOST_OF_ONE}"));
        }
        all += length;
    }
    if all > MOST_OF_ALL {
        let why = format!("it has {all} bytes; the most is {MOST_OF_ALL}");
        return refuse("the environment", why);
    }
    if let Err(why) = plain(&grant.cwd) {
        return refuse(&grant.cwd.display().to_string(), why);
    }
    let kept = grant.keep.iter().map(|kept| kept.path.as_path());
    let named = grant.touches.iter().map(|touch| touch.path.as_path()).chain(kept);
    for path in named {
        plain(path)
            .map_err(|why| SandboxError::Path { path: path.to_path_buf(), why: why.clone() })?;
    }
    Ok(())
}

/// Whether a path arrives as it is.
fn plain(path: &Path) -> Result<(), String> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if path.to_str().is_none() {
        return Err("it is not UTF-8; rename it, or name the folder above it".into());
    }
    if bytes.contains(&0) {
        return Err("there is a NUL in it, which would end it".into());
    }
    if bytes.len() >= MOST_OF_PATH {
        return Err(format!("it has {} bytes; the most is {}", bytes.len(), MOST_OF_PATH - 1));
    }
    if !path.is_absolute() {
        return Err("name it by its whole path, from `/`".into());
    }
    Ok(())
}
