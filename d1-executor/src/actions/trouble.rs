//! What goes wrong with actions, each with a code, a cause and what to do.

use d1_core::{Category, ExecutorError, Problem, Resource};
use std::io;

/// Says that nothing of this step has been touched.
pub(crate) const UNTOUCHED: &str = "nothing was changed by this step";

/// A refusal: nothing was started.
pub(crate) fn refused(problem: Problem) -> ExecutorError {
    ExecutorError::Refused(Box::new(problem.leaving(UNTOUCHED)))
}

/// It takes administrator rights, and we do not have them.
pub(crate) fn needs_root(what: &Resource) -> Problem {
    let title = format!("changing the {what} takes administrator rights");
    Problem::new("D1-EXEC-006", Category::Denied, title)
        .because("this program runs as an ordinary user")
        .leaving(UNTOUCHED)
        .next("run the same command with sudo in front")
}

/// A file could not be worked on.
pub(crate) fn no_permissions(path: &d1_core::AbsolutePath) -> Problem {
    Problem::new("D1-FILE-007", Category::Task, format!("`{path}` has no permissions to set"))
        .because("it is not there, or is a link")
        .leaving("nothing was changed")
        .next("name a file or a folder that is there")
}

pub(crate) fn file(doing: &str, path: &str, error: &io::Error) -> Problem {
    use io::ErrorKind as K;
    let title = format!("cannot {doing} `{path}`");
    let problem = |code, category| Problem::new(code, category, title).because(error.to_string());
    let kind = error.kind();
    let problem = if kind == K::PermissionDenied {
        problem("D1-FILE-002", Category::Denied).next("run the same command with sudo in front")
    } else if matches!(kind, K::StorageFull | K::QuotaExceeded | K::FileTooLarge) {
        problem("D1-FILE-003", Category::Task).next("make room on its disk, then try again")
    } else if kind == K::ReadOnlyFilesystem {
        problem("D1-FILE-004", Category::Task)
            .next("the file system is mounted read-only; mount it writable, then try again")
    } else if kind == K::NotFound {
        problem("D1-FILE-005", Category::Task).next("see that its folder exists")
    } else {
        problem("D1-FILE-001", Category::Task).next("look at the file, then try again")
    };
    problem.leaving("the file is as it was before")
}
