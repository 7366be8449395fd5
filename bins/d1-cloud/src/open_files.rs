//! Each link is an open file, and shells let a program open few.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this server open as many files as it ever may, and says how many that is.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::info!(most = ?limit.maximum, "open files, and with them links"),
        Err(error) => tracing::warn!(
            %error, most = ?limit.current,
            "the number of open files cannot be raised, and with it that of links; see ulimit -n"
        ),
    }
}

/// How many files may be open at once; none when that is not bounded.
pub(crate) fn most() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_may_be_open_as_the_administrator_lets_us() {
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
