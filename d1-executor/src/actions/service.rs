//! Services: through systemd, OpenRC, or init scripts.
//!
//! systemd and OpenRC are modelled: tested with fake programs on the search path.

use super::{look::Looker, trouble};
use crate::packages::{Captured, Command};
use d1_core::{Category, ExecutorError, Problem, ServiceManager, ServiceName, State};
use std::time::Duration;

/// How long one question about a service may take.
const ASK: Duration = Duration::from_secs(15);
/// How long a service may take to start or stop.
const CHANGE: Duration = Duration::from_secs(90);

/// Whether it starts with the machine.
pub(super) async fn is_enabled(
    looker: &Looker,
    name: &ServiceName,
) -> Result<State, ExecutorError> {
    match looker.services {
        ServiceManager::Systemd => {
            ask(looker, &["systemctl", "is-enabled", "--quiet", name.as_str()]).await
        }
        ServiceManager::Openrc => {
            let said = run(looker, &["rc-update", "show", "default"], ASK).await?;
            let listed = said
                .stdout
                .lines()
                .any(|line| line.split_whitespace().next() == Some(name.as_str()));
            Ok(present(listed))
        }
        ServiceManager::Sysv => Ok(present(has_start_link(looker, name))),
        ServiceManager::None | ServiceManager::Launchd | ServiceManager::Windows => {
            Err(trouble::refused(nothing_runs_services(looker, name)))
        }
    }
}

/// Whether it runs.
pub(super) async fn is_active(looker: &Looker, name: &ServiceName) -> Result<State, ExecutorError> {
    match looker.services {
        ServiceManager::Systemd => {
            ask(looker, &["systemctl", "is-active", "--quiet", name.as_str()]).await
        }
        ServiceManager::Openrc => ask(looker, &["rc-service", name.as_str(), "status"]).await,
        ServiceManager::Sysv => ask(looker, &["service", name.as_str(), "status"]).await,
        ServiceManager::None | ServiceManager::Launchd | ServiceManager::Windows => {
            Err(trouble::refused(nothing_runs_services(looker, name)))
        }
    }
}

/// Has it start with the machine, or not.
pub(super) async fn enable(looker: &Looker, name: &ServiceName, to: &State) -> Result<(), Problem> {
    let name_ = name.as_str();
    let on = *to == State::Present;
    let words: Vec<&str> = match looker.services {
        ServiceManager::Systemd => vec!["systemctl", if on { "enable" } else { "disable" }, name_],
        ServiceManager::Openrc if on => vec!["rc-update", "add", name_, "default"],
        ServiceManager::Openrc => vec!["rc-update", "del", name_, "default"],
        ServiceManager::Sysv => vec!["update-rc.d", name_, if on { "enable" } else { "disable" }],
        ServiceManager::None | ServiceManager::Launchd | ServiceManager::Windows => {
            return Err(nothing_runs_services(looker, name));
        }
    };
    change(looker, name, &words).await
}

/// Starts or stops it.
pub(super) async fn activate(
    looker: &Looker,
    name: &ServiceName,
    to: &State,
) -> Result<(), Problem> {
    let verb = if *to == State::Present { "start" } else { "stop" };
    let words: [&str; 3] = match looker.services {
        ServiceManager::Systemd => ["systemctl", verb, name.as_str()],
        ServiceManager::Openrc => ["rc-service", name.as_str(), verb],
        ServiceManager::Sysv => ["service", name.as_str(), verb],
        ServiceManager::None | ServiceManager::Launchd | ServiceManager::Windows => {
            return Err(nothing_runs_services(looker, name));
        }
    };
    change(looker, name, &words).await
}

const fn present(is: bool) -> State {
    if is { State::Present } else { State::Absent }
}

/// Whether a start link for a normal runlevel is there (`insserv(8)`).
fn has_start_link(looker: &Looker, name: &ServiceName) -> bool {
    (2..=5).any(|level| {
        let folder = looker.host.file(&format!("/etc/rc{level}.d"));
        let Ok(entries) = std::fs::read_dir(folder) else { return false };
        entries.flatten().any(|entry| {
            let link = entry.file_name().to_string_lossy().into_owned();
            let rest = link
                .strip_prefix('S')
                .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
            rest == Some(name.as_str())
        })
    })
}

async fn ask(looker: &Looker, words: &[&str]) -> Result<State, ExecutorError> {
    Ok(present(run(looker, words, ASK).await?.ok()))
}

async fn run(
    looker: &Looker,
    words: &[&str],
    timeout: Duration,
) -> Result<Captured, ExecutorError> {
    let command = Command::new(words.iter().copied(), looker.host.tool_env(&[]));
    Ok(looker.tool.capture(&command, timeout).await?)
}

async fn change(looker: &Looker, name: &ServiceName, words: &[&str]) -> Result<(), Problem> {
    let failed = |cause: String| {
        Problem::new("D1-SVC-002", Category::Task, format!("`{}` failed", words.join(" ")))
            .because(cause)
            .leaving(format!("service {name} is as it was, or half way"))
            .next(format!("look at its own log, for example: journalctl -u {name}"))
    };
    match run(looker, words, CHANGE).await {
        Ok(said) if said.ok() => Ok(()),
        Ok(said) => Err(failed(said.text().trim().to_owned())),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            Err(failed(cause.unwrap_or_else(|| error.to_string())))
        }
    }
}

fn nothing_runs_services(looker: &Looker, name: &ServiceName) -> Problem {
    let cause = match looker.services {
        ServiceManager::Launchd | ServiceManager::Windows => {
            "services of this operating system are not supported yet"
        }
        ServiceManager::None
        | ServiceManager::Systemd
        | ServiceManager::Sysv
        | ServiceManager::Openrc => "no service manager runs here, as in most containers",
    };
    let title = format!("service {name} cannot be changed on this machine");
    Problem::new("D1-SVC-001", Category::Task, title)
        .because(cause)
        .leaving(trouble::UNTOUCHED)
        .next(format!("start {name} yourself"))
}
