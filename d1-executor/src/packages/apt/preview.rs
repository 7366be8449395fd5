//! Check and plan: is it so already, and what would change.
//!
//! 1. Names apt could read as more than names are refused.
//! 2. What is already so is told, without a simulation and without any rights.
//! 3. Half-done packages, missing rights, a missing index and unknown names block.
//! 4. `apt-get -s` tells every package that would come, change or go.
//! 5. Packages that nobody named and that would go block.
//! 6. Sizes are added up, and held against the free space.

use super::{
    Apt,
    ask::Installed,
    foresight::{changes_of, undo_of, warnings},
    names::{canonical, is_legal},
    simulation::{Move, MoveKind},
};
use crate::packages::{ToolError, trouble::Trouble};
use d1_core::{
    Manager, PackageName, PackageOperation, Packages, Presence, Preview, Problem, State,
};
use std::collections::BTreeSet;

/// What is to be done about the packages that were named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Task {
    /// To install or to remove.
    pub(super) work_on: Vec<String>,
    /// Installed already, but marked as automatic: to be marked as wanted.
    pub(super) to_mark: Vec<String>,
    /// Installed already.
    pub(super) there: Vec<PackageName>,
}

impl Task {
    /// Whether there is nothing to do.
    pub(super) fn is_done(&self) -> bool {
        self.work_on.is_empty() && self.to_mark.is_empty()
    }
}

/// What is left to do of `wanted` on this machine.
pub(super) fn task(wanted: &Packages, now: &Installed) -> Task {
    let mut task = Task::default();
    for name in spelled(wanted, &now.native) {
        let state = now.snapshot.state(&name);
        match (wanted.operation, &state) {
            (PackageOperation::Install, State::Installed { automatic, .. }) => {
                if *automatic {
                    task.to_mark.push(name.to_string());
                }
                task.there.push(name);
            }
            (PackageOperation::Remove, State::Absent) => {}
            _ => task.work_on.push(name.to_string()),
        }
    }
    task
}

/// The packages that were named, each once and in its one spelling.
pub(super) fn spelled(wanted: &Packages, native: &str) -> Vec<PackageName> {
    let one = |name: &PackageName| canonical(name.as_str(), None, native).parse().ok();
    let all: BTreeSet<PackageName> = wanted.names.iter().filter_map(one).collect();
    all.into_iter().collect()
}

/// The names that apt could read as more than names.
fn illegal(wanted: &Packages) -> Option<Trouble> {
    let bad = wanted.names.iter().filter(|name| !is_legal(name));
    let names: Vec<String> = bad.map(PackageName::to_string).collect();
    (!names.is_empty()).then_some(Trouble::BadName { names })
}

impl Apt {
    pub(super) async fn preview_packages(&self, wanted: &Packages) -> Result<Preview, ToolError> {
        if let Some(trouble) = illegal(wanted) {
            return Ok(blocked(trouble));
        }
        let now = self.installed().await?;
        let task = task(wanted, &now);
        if task.is_done() {
            return Ok(Preview::present());
        }
        if let Some(trouble) = self.obstacle(wanted, &task, &now).await? {
            return Ok(blocked(trouble));
        }
        let moves = match self.moves(wanted.operation, &task, &now).await? {
            Ok(moves) => moves,
            Err(trouble) => return Ok(blocked(trouble)),
        };
        let mut preview = Preview::absent(undo_of(wanted.operation, &moves, &now));
        preview.changes = changes_of(&moves, wanted, &task, &now);
        preview.warnings = warnings(&moves, wanted.operation);
        if let Some(holder) = self.holder().await? {
            preview
                .warnings
                .push(format!("{holder} is using the package database; this waits for it"));
        }
        self.add_sizes(&mut preview, &task, &moves, wanted.operation, &now).await?;
        if wanted.operation == PackageOperation::Install && !task.work_on.is_empty() {
            self.add_hosts(&mut preview).await?;
        }
        cut(&mut preview);
        Ok(preview)
    }

    /// Why `wanted` cannot even be tried: looked for before every simulation and
    /// again before the work.
    pub(super) async fn obstacle(
        &self,
        wanted: &Packages,
        task: &Task,
        now: &Installed,
    ) -> Result<Option<Trouble>, ToolError> {
        if let Some(trouble) = illegal(wanted) {
            return Ok(Some(trouble));
        }
        let packages = now.snapshot.broken();
        // While somebody else installs, half-done packages are nothing to worry about.
        if !packages.is_empty() && self.holder().await?.is_none() {
            return Ok(Some(Trouble::Interrupted { packages }));
        }
        match wanted.operation {
            PackageOperation::Install if !task.work_on.is_empty() => self.unknown(task, now).await,
            PackageOperation::Install | PackageOperation::Remove => Ok(None),
        }
    }

    /// Names that are no package's exact name. apt would otherwise look further:
    /// for expressions, and for `name+` and `name-`.
    async fn unknown(&self, task: &Task, now: &Installed) -> Result<Option<Trouble>, ToolError> {
        let versions = self.versions(&task.work_on, &now.native).await?;
        let installable =
            |name: &&String| versions.get(*name).is_some_and(|v| v.candidate.is_some());
        let names: Vec<String> = task.work_on.iter().filter(|n| !installable(n)).cloned().collect();
        let Some(first) = names.first() else { return Ok(None) };
        if !self.layout().await?.has_index() {
            return Ok(Some(Trouble::NoIndex));
        }
        let close = match first.parse() {
            Ok(name) => self.similar(&name, &now.native).await?,
            Err(_not_a_name) => Vec::new(),
        };
        let similar = close.iter().map(|entry| entry.name.to_string()).collect();
        Ok(Some(Trouble::NotFound { names, similar }))
    }

    /// What apt would do, unless it would take away what nobody named.
    pub(super) async fn moves(
        &self,
        operation: PackageOperation,
        task: &Task,
        now: &Installed,
    ) -> Result<Result<Vec<Move>, Trouble>, ToolError> {
        if task.work_on.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let verb = verb(operation);
        let moves = match self.simulate(verb, &task.work_on, &now.native).await? {
            Ok(moves) => moves,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let named = |m: &Move| {
            operation == PackageOperation::Remove
                && task.work_on.iter().any(|name| name == m.name.as_str())
        };
        let unnamed = moves.iter().filter(|m| m.is_removal() && !named(m));
        let names: Vec<String> = unnamed.map(|m| m.name.to_string()).collect();
        Ok(if names.is_empty() { Ok(moves) } else { Err(Trouble::Removals { names }) })
    }

    /// Whom it would call, and what has to be said of that.
    pub(super) async fn add_hosts(&self, preview: &mut Preview) -> Result<(), ToolError> {
        let sources = self.sources().await?;
        preview.hosts = sources.hosts();
        preview.hosts.truncate(Preview::MAX_HOSTS);
        preview.warnings.extend(sources.warnings);
        Ok(())
    }

    async fn add_sizes(
        &self,
        preview: &mut Preview,
        task: &Task,
        moves: &[Move],
        operation: PackageOperation,
        now: &Installed,
    ) -> Result<(), ToolError> {
        if operation == PackageOperation::Install && !task.work_on.is_empty() {
            preview.download_bytes = self.download(&task.work_on).await?;
        }
        let disk = self.disk_bytes(moves, now).await?;
        preview.disk_bytes = Some(disk);
        let fetched = preview.download_bytes.unwrap_or_default();
        let need = u64::try_from(disk).unwrap_or_default().saturating_add(fetched);
        let free = crate::facts::disk_free(&self.hands.host.file("/usr"));
        if let Some(free) = free.filter(|free| *free < need) {
            let (need, free) = (need / 1_000_000, free / 1_000_000);
            let room = format!("/usr has {free} MB free, this needs {need} MB");
            preview.blocked = Some(problem(Trouble::DiskFull { room }));
        }
        Ok(())
    }

    /// How much more room the packages take afterwards.
    async fn disk_bytes(&self, moves: &[Move], now: &Installed) -> Result<i64, ToolError> {
        let arriving = moves.iter().filter_map(|m| match &m.kind {
            MoveKind::Install { to, .. } => Some(format!("{}={to}", m.name)),
            MoveKind::Remove | MoveKind::Purge => None,
        });
        let arriving: Vec<String> = arriving.collect();
        let new: u64 = if arriving.is_empty() {
            0
        } else {
            self.records(&arriving, &now.native).await?.iter().map(|record| record.bytes).sum()
        };
        // What is replaced or removed makes room; what is new had none.
        let old: u64 = moves.iter().map(|m| now.bytes_of(&m.name)).sum();
        let signed = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        Ok(signed(new).saturating_sub(signed(old)))
    }
}

/// What apt-get is told for an operation.
pub(super) fn verb(operation: PackageOperation) -> &'static [&'static str] {
    match operation {
        PackageOperation::Install => &["install"],
        PackageOperation::Remove => &["purge"],
    }
}

fn blocked(trouble: Trouble) -> Preview {
    Preview::blocked(problem(trouble))
}

fn problem(trouble: Trouble) -> Problem {
    trouble.problem(Manager::Apt, &[])
}

fn cut(preview: &mut Preview) {
    let all = preview.changes.len();
    if all > Preview::MAX_CHANGES {
        preview.changes.truncate(Preview::MAX_CHANGES);
        preview.warnings.push(format!("{all} packages would change; not all are listed"));
    }
    debug_assert!(preview.presence == Presence::Absent, "what is present was told before");
}
