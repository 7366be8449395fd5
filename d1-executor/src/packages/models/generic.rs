//! [`Modelled`]: any manager that has a dialect, and everything it asks without
//! changing anything.

use super::{
    apk::Apk,
    brew::Brew,
    dialect::{Dialect, Known, Simulated, Step, Words},
    dnf::Dnf,
    pacman::Pacman,
    winget::Winget,
    zypper::Zypper,
};
use crate::{
    facts::Host,
    packages::{
        Apt, PackageManager, Tool, ToolError,
        hands::{Hands, accept},
        snapshot::Snapshot,
        trouble::Trouble,
    },
};
use d1_core::{Change, Manager, PackageName, PackageOperation, Packages, Preview, State, Undo};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A manager that is told by its dialect.
#[derive(Clone, Debug)]
pub struct Modelled {
    pub(super) dialect: &'static dyn Dialect,
    pub(super) hands: Hands,
}

/// Every manager that this machine could have, best first.
#[must_use]
pub fn all_managers(host: &Host, tool: &Arc<dyn Tool>) -> Vec<Arc<dyn PackageManager>> {
    let one = |kind: Manager| -> Arc<dyn PackageManager> {
        match Modelled::new(kind, host.clone(), tool.clone()) {
            Some(modelled) => Arc::new(modelled),
            None => Arc::new(Apt::new(host.clone(), tool.clone())),
        }
    };
    Manager::ALL.into_iter().map(one).collect()
}

/// What would change, and what a person should know about it.
#[derive(Clone, Debug, Default)]
pub(super) struct Foreseen {
    pub(super) changes: Vec<Change>,
    pub(super) simulated: Simulated,
}

impl Modelled {
    /// The manager of this kind on this machine; `None` for apt, which is not modelled.
    #[must_use]
    pub fn new(kind: Manager, host: Host, tool: Arc<dyn Tool>) -> Option<Self> {
        let dialect: &'static dyn Dialect = match kind {
            Manager::Apt => return None,
            Manager::Dnf => &Dnf,
            Manager::Pacman => &Pacman,
            Manager::Zypper => &Zypper,
            Manager::Apk => &Apk,
            Manager::Brew => &Brew,
            Manager::Winget => &Winget,
        };
        let (env, needs_root) = (dialect.env(), kind.needs_root());
        Some(Self { dialect, hands: Hands { host, tool, env, needs_root } })
    }

    pub(super) fn manager(&self) -> Manager {
        self.dialect.kind()
    }

    /// How every package is.
    pub(super) async fn snapshot(&self) -> Result<Snapshot, ToolError> {
        let mut said = Vec::new();
        for words in self.dialect.list() {
            let answer = self.hands.look(&words).await?;
            // Some managers end with 1 when a list is empty.
            let fine = answer.ok() || answer.stderr.trim().is_empty();
            accept(fine, self.dialect.program(), &answer)?;
            said.push(answer);
        }
        let marks = self.dialect.marks_file().and_then(|file| self.hands.host.read(file));
        let present = self.dialect.parse_list(&said, &marks.unwrap_or_default());
        let states = present.into_iter().filter_map(|present| {
            let state = State::Installed { version: present.version, automatic: present.automatic };
            Some((present.name.parse().ok()?, state))
        });
        Ok(Snapshot::new(self.manager(), states.collect::<BTreeMap<PackageName, State>>()))
    }

    /// What the index has of exactly these packages.
    pub(super) async fn known(&self, names: &[String]) -> Result<Vec<Known>, ToolError> {
        let mut all = Vec::new();
        if names.is_empty() {
            return Ok(all);
        }
        for words in self.dialect.show(names) {
            let said = self.hands.look(&words).await?;
            let exact =
                self.dialect.parse_show(&said).into_iter().filter(|k| names.contains(&k.name));
            all.extend(exact);
        }
        Ok(all)
    }

    pub(super) fn trouble_in(&self, text: &str) -> Trouble {
        let known = match self.dialect.classify(text) {
            Some(Trouble::DiskFull { .. }) => Some(Trouble::DiskFull { room: self.hands.room() }),
            other => other,
        };
        self.hands.trouble(text, known)
    }

    /// The packages that were named and are not yet as they should be.
    pub(super) fn to_do(&self, wanted: &Packages, now: &Snapshot) -> Vec<String> {
        let names: BTreeSet<&PackageName> = wanted.names.iter().collect();
        let open = names.into_iter().filter(|name| match wanted.operation {
            PackageOperation::Install => !now.has(name),
            PackageOperation::Remove => now.state(name) != State::Absent,
        });
        open.map(PackageName::to_string).collect()
    }

    /// The packages that came in for others, are named now, and can be marked as wanted.
    pub(super) fn to_mark(&self, wanted: &Packages, now: &Snapshot) -> Vec<String> {
        let automatic = |name: &&PackageName| {
            matches!(now.state(name), State::Installed { automatic: true, .. })
        };
        let can = self.dialect.mark(false, &[]).is_some()
            && wanted.operation == PackageOperation::Install;
        wanted.names.iter().filter(|_| can).filter(automatic).map(PackageName::to_string).collect()
    }

    /// Why the work cannot even be tried.
    pub(super) async fn obstacle(
        &self,
        wanted: &Packages,
        to_do: &[String],
    ) -> Result<Option<Trouble>, ToolError> {
        let bad = to_do.iter().filter(|name| !self.dialect.is_legal(name));
        let names: Vec<String> = bad.cloned().collect();
        if !names.is_empty() {
            return Ok(Some(Trouble::BadName { names }));
        }
        if wanted.operation == PackageOperation::Remove || to_do.is_empty() {
            return Ok(None);
        }
        let known = self.known(to_do).await?;
        let unknown = to_do.iter().filter(|name| known.iter().all(|k| k.name != **name));
        let names: Vec<String> = unknown.cloned().collect();
        let Some(first) = names.first() else { return Ok(None) };
        let similar = self.similar(first).await?;
        Ok(Some(Trouble::NotFound { names, similar }))
    }

    /// Names close to one that nobody knows: among those that begin alike.
    pub(super) async fn similar(&self, name: &str) -> Result<Vec<String>, ToolError> {
        /// How many letters of the name must be right for a manager to find it.
        const STEM: usize = 3;
        const MOST: usize = 5;
        if !self.dialect.is_legal(name) {
            return Ok(Vec::new());
        }
        let stem: String = name.chars().take(STEM).collect();
        let said = self.hands.look(&self.dialect.search(&stem)).await?;
        let found = self.dialect.parse_search(&said);
        let names = found.iter().map(|known| known.name.as_str());
        Ok(crate::packages::similar::closest(name, names, MOST))
    }

    /// What would change. What nobody named never goes along.
    pub(super) async fn foresee(
        &self,
        operation: PackageOperation,
        names: &[String],
        now: &Snapshot,
    ) -> Result<Result<Foreseen, Trouble>, ToolError> {
        let simulated = match self.simulate(operation, names).await? {
            Ok(simulated) => simulated,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let unnamed: Vec<String> = simulated
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Goes { name } => Some(name.clone()),
                Step::Comes { .. } => None,
            })
            .filter(|name| operation == PackageOperation::Install || !names.contains(name))
            .collect();
        if !unnamed.is_empty() {
            return Ok(Err(Trouble::Removals { names: unnamed }));
        }
        let changes = simulated.steps.iter().filter_map(|step| change(step, names, now)).collect();
        Ok(Ok(Foreseen { changes, simulated }))
    }

    /// What the manager says it would do; where it cannot say, what was named.
    async fn simulate(
        &self,
        operation: PackageOperation,
        names: &[String],
    ) -> Result<Result<Simulated, Trouble>, ToolError> {
        if names.is_empty() {
            return Ok(Ok(Simulated::default()));
        }
        let Some(words) = self.dialect.simulate(operation, names) else {
            return Ok(Ok(Simulated {
                steps: self.named(operation, names).await?,
                ..Simulated::default()
            }));
        };
        let words: Words = words;
        // A simulation may take the manager's lock, so it has the rights of the work.
        let command = self.hands.changing(&words);
        let said = self.hands.tool.capture(&command, crate::packages::hands::LOOK_TIMEOUT).await?;
        Ok(self.dialect.parse_simulation(operation, &said))
    }

    async fn named(
        &self,
        operation: PackageOperation,
        names: &[String],
    ) -> Result<Vec<Step>, ToolError> {
        match operation {
            PackageOperation::Remove => {
                Ok(names.iter().map(|name| Step::Goes { name: name.clone() }).collect())
            }
            PackageOperation::Install => {
                let known = self.known(names).await?.into_iter();
                Ok(known.map(|k| Step::Comes { name: k.name, version: k.version }).collect())
            }
        }
    }

    pub(super) async fn preview_packages(&self, wanted: &Packages) -> Result<Preview, ToolError> {
        let now = self.snapshot().await?;
        let (to_do, to_mark) = (self.to_do(wanted, &now), self.to_mark(wanted, &now));
        if to_do.is_empty() && to_mark.is_empty() {
            return Ok(Preview::present());
        }
        let blocked = |trouble: Trouble| Preview::blocked(trouble.problem(self.manager(), &[]));
        if let Some(trouble) = self.obstacle(wanted, &to_do).await? {
            return Ok(blocked(trouble));
        }
        let foreseen = match self.foresee(wanted.operation, &to_do, &now).await? {
            Ok(foreseen) => foreseen,
            Err(trouble) => return Ok(blocked(trouble)),
        };
        let mut preview = Preview::absent(undo_of(wanted.operation, &foreseen.changes));
        preview.download_bytes = foreseen.simulated.download_bytes;
        preview.disk_bytes = foreseen.simulated.disk_bytes;
        preview.changes = foreseen.changes;
        preview.changes.extend(to_mark.iter().filter_map(|name| marked(name, &now)));
        if self.dialect.simulate(wanted.operation, &to_do).is_none() {
            let kind = self.manager();
            preview
                .warnings
                .push(format!("{kind} cannot tell beforehand what comes or goes along"));
        }
        if preview.changes.len() > Preview::MAX_CHANGES {
            preview.warnings.push(format!(
                "{} packages would change; not all are listed",
                preview.changes.len()
            ));
            preview.changes.truncate(Preview::MAX_CHANGES);
        }
        Ok(preview)
    }
}

fn change(step: &Step, named: &[String], now: &Snapshot) -> Option<Change> {
    let (name, after) = match step {
        Step::Goes { name } => (name, State::Absent),
        Step::Comes { name, version } => {
            let was = name.parse().map(|name| now.state(&name)).unwrap_or(State::Absent);
            let wanted =
                named.contains(name) || matches!(was, State::Installed { automatic: false, .. });
            (name, State::Installed { version: version.clone(), automatic: !wanted })
        }
    };
    let name: PackageName = name.parse().ok()?;
    Some(Change { resource: now.resource(&name), before: now.state(&name), after })
}

fn marked(name: &str, now: &Snapshot) -> Option<Change> {
    let name: PackageName = name.parse().ok()?;
    match now.state(&name) {
        State::Installed { version, automatic } => Some(Change {
            resource: now.resource(&name),
            before: State::Installed { version: version.clone(), automatic },
            after: State::Installed { version, automatic: false },
        }),
        State::Absent
        | State::Present
        | State::ConfigFiles { .. }
        | State::Broken { .. }
        | State::File { .. }
        | State::Directory { .. }
        | State::Permissions { .. }
        | State::Link { .. } => None,
    }
}

fn undo_of(operation: PackageOperation, changes: &[Change]) -> Undo {
    let upgrades = changes.iter().any(|c| matches!(c.before, State::Installed { .. }));
    match operation {
        PackageOperation::Remove => Undo::Partial(
            "the packages come back, configuration that was changed by hand does not".into(),
        ),
        PackageOperation::Install if upgrades => {
            Undo::Partial("packages that change their version do not go back".into())
        }
        PackageOperation::Install => Undo::Exact,
    }
}
