//! [`Apt`], and everything it asks of apt and dpkg without changing anything.

use super::{
    index::{self, Record, Versions},
    layout::{Layout, QUESTIONS},
    simulation::{self, Move},
    status::{self, Row},
};
use crate::{
    facts::Host,
    packages::{
        Captured, Tool, ToolError,
        hands::{Hands, accept},
        snapshot::Snapshot,
        trouble::Trouble,
    },
};
use d1_core::PackageName;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The most names in one command line.
const NAMES_AT_ONCE: usize = 500;

/// Debian's package manager.
#[derive(Clone, Debug)]
pub struct Apt {
    pub(super) hands: Hands,
}

/// What apt, dpkg and the scripts of packages find in their environment: nobody is
/// there to be asked.
const ENV: [(&str, &str); 5] = [
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("DEBIAN_PRIORITY", "critical"),
    ("APT_LISTCHANGES_FRONTEND", "none"),
    ("NEEDRESTART_MODE", "l"),
    ("NEEDRESTART_SUSPEND", "1"),
];

/// Every package at one moment, and what dpkg says about each.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    /// The machine's own architecture.
    pub(super) native: String,
    /// What dpkg says.
    pub(super) rows: Vec<Row>,
    /// How everything is, marks included.
    pub(super) snapshot: Snapshot,
}

impl Installed {
    /// How much room this package takes now.
    pub(super) fn bytes_of(&self, name: &PackageName) -> u64 {
        self.rows.iter().find(|row| row.name == *name).map_or(0, |row| row.bytes)
    }
}

impl Apt {
    /// apt on this machine, its programs run by `tool`.
    #[must_use]
    pub fn new(host: Host, tool: Arc<dyn Tool>) -> Self {
        Self { hands: Hands { host, tool, env: &ENV, needs_root: true } }
    }

    /// A question with a list of names.
    async fn look(&self, words: &[&str], names: &[String]) -> Result<Captured, ToolError> {
        let names = names.iter().map(String::as_str);
        let words: Vec<&str> = words.iter().copied().chain(names).collect();
        self.hands.look(&words).await
    }

    /// The machine's own architecture.
    pub(super) async fn native(&self) -> Result<String, ToolError> {
        let said = self.look(&["dpkg", "--print-architecture"], &[]).await?;
        Ok(said.stdout.trim().to_owned())
    }

    /// Where apt keeps its things.
    pub(super) async fn layout(&self) -> Result<Layout, ToolError> {
        let words: Vec<&str> = ["apt-config", "shell"].into_iter().chain(QUESTIONS).collect();
        Ok(Layout::parse(&self.look(&words, &[]).await?.stdout))
    }

    /// How every package is.
    pub(super) async fn installed(&self) -> Result<Installed, ToolError> {
        let native = self.native().await?;
        let format = ["dpkg-query", "-W", "-f", status::FORMAT];
        let (listed, marked) =
            tokio::join!(self.look(&format, &[]), self.look(&["apt-mark", "showauto"], &[]));
        let (listed, marked) = (listed?, marked?);
        let is_empty = listed.stderr.contains("no packages found");
        accept(listed.ok() || is_empty, "dpkg-query", &listed)?;
        accept(marked.ok(), "apt-mark", &marked)?;
        let rows = status::parse(&listed.stdout, &native);
        let marks: BTreeSet<String> = status::parse_marks(&marked.stdout, &native);
        let snapshot = status::snapshot(&rows, &marks);
        Ok(Installed { native, rows, snapshot })
    }

    /// The versions of these packages; of those only that the index or dpkg knows.
    pub(super) async fn versions(
        &self,
        names: &[String],
        native: &str,
    ) -> Result<BTreeMap<String, Versions>, ToolError> {
        let mut all = BTreeMap::new();
        for some in names.chunks(NAMES_AT_ONCE) {
            let said = self.look(&["apt-cache", "policy", "--"], some).await?;
            all.extend(index::parse_policy(&said.stdout, native));
        }
        Ok(all)
    }

    /// What the index says of these, each `name` or `name=version`.
    pub(super) async fn records(
        &self,
        names: &[String],
        native: &str,
    ) -> Result<Vec<Record>, ToolError> {
        let mut all = Vec::new();
        for some in names.chunks(NAMES_AT_ONCE) {
            let words = ["apt-cache", "show", "--no-all-versions", "--"];
            let said = self.look(&words, some).await?;
            all.extend(index::parse_show(&said.stdout, native));
        }
        Ok(all)
    }

    /// Every name in the index.
    pub(super) async fn all_names(&self) -> Result<String, ToolError> {
        Ok(self.look(&["apt-cache", "pkgnames"], &[]).await?.stdout)
    }

    /// What `apt-get` would do, or why it could not.
    pub(super) async fn simulate(
        &self,
        verb: &[&str],
        names: &[String],
        native: &str,
    ) -> Result<Result<Vec<Move>, Trouble>, ToolError> {
        let words: Vec<&str> = ["apt-get", "-s", "-q"]
            .into_iter()
            .chain(SAFE)
            .chain(verb.iter().copied())
            .chain(["--"])
            .collect();
        let said = self.look(&words, names).await?;
        // A simulation only warns of what the work would refuse.
        if said.stdout.contains("essential packages will be removed") {
            return Ok(Err(Trouble::Essential));
        }
        if said.ok() {
            return Ok(Ok(simulation::parse(&said.stdout, native)));
        }
        Ok(Err(self.trouble_in(&said.text())))
    }

    /// The bytes that an installation would fetch.
    pub(super) async fn download(&self, names: &[String]) -> Result<Option<u64>, ToolError> {
        let words: Vec<&str> = ["apt-get", "-qq", "-y", "--print-uris"]
            .into_iter()
            .chain(SAFE)
            .chain(["install", "--"])
            .collect();
        let said = self.look(&words, names).await?;
        Ok(said.ok().then(|| simulation::parse_uris(&said.stdout)))
    }

    /// A program that prints what provides a command, when there is one.
    pub(super) async fn ask_quietly(&self, words: &[&str]) -> Option<Captured> {
        self.hands.host.find(words.first()?)?;
        self.look(words, &[]).await.ok()
    }

    /// What apt's words mean.
    pub(super) fn trouble_in(&self, text: &str) -> Trouble {
        let known = super::classify::classify(text, || self.hands.room());
        self.hands.trouble(text, known)
    }
}

/// Whatever the machine's own configuration says, nothing is removed that nobody named.
pub(super) const SAFE: [&str; 2] = ["-o", "APT::Get::AutomaticRemove=false"];
