//! Groups of users: read from the system's databases, changed by its own tools.

use super::{look::Looker, trouble};
use crate::packages::Command;
use d1_core::{Category, ExecutorError, GroupName, Problem, State, UserName};
use std::time::Duration;

/// How long a look or a change may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whether `user` is in `group`. Nobody is in a group that is not there yet.
pub(super) async fn is_member(
    looker: &Looker,
    group: &GroupName,
    user: &UserName,
) -> Result<State, ExecutorError> {
    if database(looker, "passwd", user.as_str()).await?.is_none() {
        return Err(trouble::refused(missing("D1-GROUP-002", "user", user.as_str())));
    }
    let Some(line) = database(looker, "group", group.as_str()).await? else {
        return Ok(State::Absent);
    };
    let members = line.trim_end().rsplit(':').next().unwrap_or_default();
    let is_member = members.split(',').any(|member| member == user.as_str());
    Ok(if is_member { State::Present } else { State::Absent })
}

/// Puts `user` into `group`, or takes them out.
pub(super) async fn set_member(
    looker: &Looker,
    group: &GroupName,
    user: &UserName,
    to: &State,
) -> Result<(), Problem> {
    if database(looker, "group", group.as_str()).await.is_ok_and(|line| line.is_none()) {
        return Err(missing("D1-GROUP-001", "group", group.as_str()).leaving(trouble::UNTOUCHED));
    }
    let words = if *to == State::Present {
        ["gpasswd", "-a", user.as_str(), group.as_str()]
    } else {
        ["gpasswd", "-d", user.as_str(), group.as_str()]
    };
    let command = Command::new(words, looker.host.tool_env(&[]));
    let said = looker.tool.capture(&command, PATIENCE).await;
    let cause = match said {
        Ok(said) if said.ok() => return Ok(()),
        Ok(said) => said.text().trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let title = format!("the membership of {user} in group {group} could not be changed");
    Err(Problem::new("D1-GROUP-003", Category::Task, title)
        .because(cause)
        .leaving("the membership is as it was"))
}

/// The line of a name in a user database (`getent(1)`); `None` when it is not in there.
async fn database(
    looker: &Looker,
    database: &str,
    name: &str,
) -> Result<Option<String>, ExecutorError> {
    let command = Command::new(["getent", database, name], looker.host.tool_env(&[]));
    let said = looker.tool.capture(&command, PATIENCE).await?;
    Ok(Some(said.stdout).filter(|line| said.code == Some(0) && !line.trim().is_empty()))
}

fn missing(code: &str, kind: &str, name: &str) -> Problem {
    Problem::new(code, Category::Task, format!("there is no {kind} `{name}` on this machine"))
        .next(format!("install what brings the {kind}, or check its spelling"))
}
