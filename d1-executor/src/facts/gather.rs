//! Everything that is known of the machine, gathered at once.

use super::{Host, container, disk, distro, user};
use crate::packages::{PackageManager, Tool};
use d1_core::{Answer, Answers, CommandName, Facts, Manager, ManagerFacts, Os, Query};
use std::{sync::Arc, time::Duration};

/// How long one manager may take to answer everything that it is asked.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// How long one manager may take to say how old its index is.
const AGE_TIMEOUT: Duration = Duration::from_secs(10);

/// Gathers facts about one machine.
#[derive(Clone, Debug)]
pub struct FactsSource {
    host: Host,
    tool: Arc<dyn Tool>,
    managers: Vec<Arc<dyn PackageManager>>,
}

impl FactsSource {
    /// Gathers facts about `host`, which may have these package managers.
    #[must_use]
    pub fn new(host: Host, tool: Arc<dyn Tool>, managers: Vec<Arc<dyn PackageManager>>) -> Self {
        Self { host, tool, managers }
    }

    /// The package manager of this kind, when the machine has it.
    #[must_use]
    pub fn manager(&self, kind: Manager) -> Option<&Arc<dyn PackageManager>> {
        self.managers.iter().find(|manager| manager.kind() == kind && manager.available())
    }

    /// Describes the machine and answers `queries`. Changes nothing, asks no network,
    /// and takes a bounded time.
    pub async fn gather(&self, queries: &[Query]) -> Facts {
        let os = this_os();
        let (managers, user, answers) = tokio::join!(
            self.managers(),
            user::facts(&self.host, self.tool.as_ref()),
            self.answers(queries)
        );
        Facts {
            os,
            arch: std::env::consts::ARCH.to_owned(),
            distro: if os == Os::Linux { distro(&self.host) } else { None },
            managers,
            user,
            services: container::services(&self.host),
            container: container::is_container(&self.host),
            cpus: cpus(),
            memory_bytes: self.memory().unwrap_or_default(),
            disk_free_bytes: self.disk_free(),
            answers,
        }
    }

    async fn managers(&self) -> Vec<ManagerFacts> {
        let mut found = Vec::new();
        for manager in self.managers.iter().filter(|manager| manager.available()) {
            let age = tokio::time::timeout(AGE_TIMEOUT, manager.index_age()).await.ok().flatten();
            let index_age_seconds = age.map(|age| age.as_secs());
            found.push(ManagerFacts { manager: manager.kind(), index_age_seconds });
        }
        found.sort_by_key(|facts| Manager::ALL.iter().position(|kind| *kind == facts.manager));
        found
    }

    /// Every question is answered, if only by saying that it cannot be told. A registry's own
    /// tool is asked by whoever can run it behind walls.
    async fn answers(&self, queries: &[Query]) -> Answers {
        let mut answers = Answers::default();
        for query in queries {
            match query {
                Query::Command(command) => answers.insert(query.clone(), self.command(command)),
                Query::Registry(_) => {
                    let why = "nobody here runs tools behind walls".to_owned();
                    answers.insert(query.clone(), Answer::Unknown(why));
                }
                Query::Package { .. } | Query::Provides { .. } | Query::Similar { .. } => {}
            }
        }
        for kind in Manager::ALL {
            let mine: Vec<Query> =
                queries.iter().filter(|q| manager_of(q) == Some(kind)).cloned().collect();
            if mine.is_empty() {
                continue;
            }
            for (query, answer) in mine.iter().zip(self.ask(kind, &mine).await) {
                answers.insert(query.clone(), answer);
            }
        }
        answers
    }

    async fn ask(&self, kind: Manager, queries: &[Query]) -> Vec<Answer> {
        let all = |why: String| queries.iter().map(|_| Answer::Unknown(why.clone())).collect();
        let Some(manager) = self.manager(kind) else {
            return all(format!("this machine has no {kind}"));
        };
        match tokio::time::timeout(ANSWER_TIMEOUT, manager.answer(queries)).await {
            Ok(answers) => answers,
            Err(_late) => all(format!("{kind} did not answer within {ANSWER_TIMEOUT:?}")),
        }
    }

    fn command(&self, command: &CommandName) -> Answer {
        let found = self.host.find(command.as_str());
        Answer::Command(found.map(|path| path.to_string_lossy().into_owned()))
    }

    fn memory(&self) -> Option<u64> {
        total(&self.host.read("/proc/meminfo")?)
    }

    fn disk_free(&self) -> u64 {
        let places = ["/usr", "/var", "/"].map(|place| self.host.file(place));
        places.iter().find_map(|place| disk::free(place)).unwrap_or_default()
    }
}

fn manager_of(query: &Query) -> Option<Manager> {
    match query {
        Query::Package { manager, .. }
        | Query::Provides { manager, .. }
        | Query::Similar { manager, .. } => Some(*manager),
        Query::Command(_) | Query::Registry(_) => None,
    }
}

const fn this_os() -> Os {
    if cfg!(target_os = "macos") {
        Os::Macos
    } else if cfg!(windows) {
        Os::Windows
    } else {
        Os::Linux
    }
}

fn cpus() -> u32 {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(cpus).unwrap_or(u32::MAX)
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memory_is_read_not_only_what_is_free() {
        assert_eq!(total("MemTotal: 8000 kB\nMemAvailable:    2048 kB\n"), Some(8000 * 1024));
        assert_eq!(total(""), None);
    }
}
