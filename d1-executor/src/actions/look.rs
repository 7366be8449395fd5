//! How things are on this machine. Looking changes nothing.

use super::{
    group, service,
    tree::{Place, resolve},
    trouble,
};
use crate::{facts::Host, packages::Tool};
use d1_core::{AbsolutePath, ExecutorError, Resource, ServiceManager, State};
use std::{io::ErrorKind, path::PathBuf, sync::Arc};

/// What looks at things, and changes them where that takes programs.
#[derive(Clone, Debug)]
pub(crate) struct Looker {
    pub(crate) host: Host,
    pub(crate) tool: Arc<dyn Tool>,
    pub(crate) services: ServiceManager,
    pub(crate) root: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Looker {
    /// How `resource` is. Packages are looked at by their managers, not here.
    pub(crate) async fn look(&self, resource: &Resource) -> Result<State, ExecutorError> {
        match resource {
            Resource::File(path) => self.look_at_file(path),
            Resource::Permissions(path) => self.look_at_permissions(path),
            Resource::ServiceEnabled(name) => service::is_enabled(self, name).await,
            Resource::ServiceActive(name) => service::is_active(self, name).await,
            Resource::GroupMember { group, user } => group::is_member(self, group, user).await,
            Resource::Package { .. } => Ok(State::Absent),
        }
    }

    fn look_at_permissions(&self, path: &AbsolutePath) -> Result<State, ExecutorError> {
        let mode = Place::open(&resolve(&self.root, &self.home, path)).and_then(|at| at.mode());
        match mode {
            Ok(Some(mode)) => Ok(State::Permissions { mode }),
            Ok(None) => Ok(State::Absent),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(State::Absent),
            Err(error) => Err(trouble::refused(trouble::file("look at", path.as_str(), &error))),
        }
    }

    fn look_at_file(&self, path: &AbsolutePath) -> Result<State, ExecutorError> {
        let place = match Place::open(&resolve(&self.root, &self.home, path)) {
            Ok(place) => place,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::Absent),
            Err(error) => {
                return Err(trouble::refused(trouble::file("look at", path.as_str(), &error)));
            }
        };
        match place.look() {
            Ok(found) => Ok(found.state),
            Err(error) => Err(trouble::refused(trouble::file("look at", path.as_str(), &error))),
        }
    }
}
