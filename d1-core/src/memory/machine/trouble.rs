//! What goes wrong here, each with a code, a cause and what to do. The codes are those of a
//! real machine.

use crate::{
    AbsolutePath, Category, ExecutorError, GroupName, Manager, PackageName, Problem, Resource,
    ServiceName, UserName,
};

const UNTOUCHED: &str = "nothing was changed by this step";

/// A refusal: nothing was started.
pub(super) fn refused(problem: Problem) -> ExecutorError {
    ExecutorError::Refused(Box::new(problem.leaving(UNTOUCHED)))
}

pub(super) fn no_manager(manager: Manager) -> Problem {
    Problem::new("D1-PKG-001", Category::Task, format!("{manager} is not on this machine"))
        .next("make a plan for this machine, and run that")
}

pub(super) fn no_package(manager: Manager, name: &PackageName, near: &[&str]) -> Problem {
    let title = format!("{manager} knows no package called `{name}`");
    let problem = Problem::new("D1-PKG-003", Category::Task, title)
        .because("its index does not have that name");
    match near.first() {
        Some(near) => problem.next(format!("d1-doctor install {near}")),
        None => problem.next("refresh the index, or look for another name"),
    }
}

pub(super) fn package_fails(manager: Manager, name: &PackageName) -> Problem {
    Problem::new("D1-PKG-002", Category::Task, format!("{manager} could not install {name}"))
        .because("its own set-up script failed")
        .leaving("it is half configured; what came before it is installed")
        .next("undo this setup, or mend the package and resume")
}

pub(super) fn needs_root(what: &str) -> Problem {
    Problem::new("D1-EXEC-006", Category::Denied, format!("{what} needs administrator rights"))
        .because("the work is done as an ordinary user")
        .next("run the same command with sudo in front")
}

pub(super) fn no_service(name: &ServiceName) -> Problem {
    Problem::new("D1-SVC-001", Category::Task, format!("there is no service `{name}`"))
        .next("install what brings it first")
}

pub(super) fn service_fails(name: &ServiceName) -> Problem {
    Problem::new("D1-SVC-002", Category::Task, format!("service `{name}` does not start"))
        .because("it ended at once")
        .next("look into its log")
}

pub(super) fn no_group(name: &GroupName) -> Problem {
    Problem::new("D1-GROUP-001", Category::Task, format!("there is no group `{name}`"))
        .next("install what makes it first")
}

pub(super) fn no_user(name: &UserName) -> Problem {
    Problem::new("D1-GROUP-002", Category::Task, format!("there is no user `{name}`"))
        .next("name a user of this machine")
}

pub(super) fn read_only(path: &AbsolutePath) -> Problem {
    Problem::new("D1-FILE-002", Category::Denied, format!("cannot change `{path}`"))
        .because("it is read-only")
        .leaving("the file is as it was before")
        .next("see who may write it")
}

pub(super) fn not_a_file(path: &AbsolutePath) -> Problem {
    Problem::new("D1-FILE-006", Category::Task, format!("`{path}` is not a regular file"))
        .because("it is a folder or a link, and what it leads to is not ours to guess")
        .next("name the file itself")
}

pub(super) fn no_permissions(path: &AbsolutePath) -> Problem {
    Problem::new("D1-FILE-007", Category::Task, format!("`{path}` has no permissions to set"))
        .because("it is not there, or is a link")
        .leaving("nothing was changed")
        .next("name a file or a folder that is there")
}

pub(super) fn no_original(resource: &Resource) -> Problem {
    Problem::new("D1-FILE-005", Category::Task, format!("the original of {resource} is lost"))
        .because("nothing with its digest was kept here")
        .leaving("it is as it was before")
        .next("restore it by hand")
}

pub(super) fn no_program(name: &str) -> Problem {
    Problem::new("D1-EXEC-002", Category::Task, format!("there is no program `{name}`"))
        .because("it is not on the search path")
        .next("install what brings it first")
}

pub(super) fn shell_denied() -> Problem {
    Problem::new("D1-POL-001", Category::Denied, "shell scripts are not allowed on this machine")
        .because("a script can do anything, and its effects cannot be undone")
        .next("use a typed action, or `exec` with a program and its arguments")
}
