//! A package that can be installed.

use crate::{CommandName, IndexEntry, Manager, PackageName, ServiceName};

/// A package that a manager's index offers.
///
/// ```
/// use d1_core::{Manager, memory::Offer};
///
/// let jq = Offer {
///     depends: vec!["libjq1".parse()?],
///     commands: vec!["jq".parse()?],
///     ..Offer::new(Manager::Apt, "jq".parse()?, "1.7.1")
/// };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whose index offers it.
    pub manager: Manager,
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: String,
    /// One line about it.
    pub summary: String,
    /// The packages of the same manager that it needs.
    pub depends: Vec<PackageName>,
    /// The commands that it brings. Each runs as a [`Program`](super::Program) that tells
    /// its version, unless the machine was taught another.
    pub commands: Vec<CommandName>,
    /// The services that it brings, neither enabled nor running.
    pub services: Vec<ServiceName>,
    /// Bytes to fetch.
    pub download_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
}

impl Offer {
    /// A package that needs and brings nothing.
    #[must_use]
    pub fn new(manager: Manager, name: PackageName, version: &str) -> Self {
        Self {
            manager,
            name,
            version: version.to_owned(),
            summary: String::new(),
            depends: Vec::new(),
            commands: Vec::new(),
            services: Vec::new(),
            download_bytes: 0,
            disk_bytes: 0,
        }
    }

    /// The same, as an index tells it.
    pub(super) fn entry(&self, installed: Option<String>) -> IndexEntry {
        IndexEntry {
            name: self.name.clone(),
            version: self.version.clone(),
            installed,
            summary: self.summary.clone(),
        }
    }
}
