//! How much space is free.

use std::path::Path;

/// Bytes that are free for us where `path` is; `None` when nobody can tell.
#[cfg(unix)]
pub(crate) fn free(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Bytes that are free for us where `path` is; `None` when nobody can tell.
#[cfg(not(unix))]
pub(crate) fn free(_path: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn a_place_that_is_not_there_has_no_free_space() {
        assert_eq!(super::free(std::path::Path::new("/nowhere/at/all")), None);
        assert!(super::free(std::path::Path::new("/")).is_some());
    }
}
