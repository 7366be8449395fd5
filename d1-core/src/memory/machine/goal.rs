//! How an action wants things to be.

use super::{
    packages, trouble,
    world::{FILE_MODE, FOLDER_MODE, World},
};
use crate::{
    AbsolutePath, Action, Digest, File, FileChange, GroupMember, Manager, Problem, Resource,
    Service, ServiceChange, State,
};

/// How one thing should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Goal {
    pub(super) resource: Resource,
    pub(super) state: State,
    /// The content, of a file that is written.
    pub(super) content: Option<Vec<u8>>,
}

impl Goal {
    pub(super) fn new(resource: Resource, state: State) -> Self {
        Self { resource, state, content: None }
    }

    /// Whether it is so. A folder that is there is there, whatever its mode.
    pub(super) fn is_reached(&self, world: &World) -> bool {
        let now = world.look(&self.resource);
        let folders =
            matches!((&self.state, &now), (State::Directory { .. }, State::Directory { .. }));
        folders || now == self.state
    }
}

/// The goals of an action, in the order in which they are reached; none for an action that
/// only runs something. The problem tells why it is not for this machine.
pub(super) fn goals(world: &World, action: &Action) -> Result<Vec<Goal>, Problem> {
    match action {
        Action::Packages(packages) => {
            manager(world, packages.manager)?;
            packages::goals(world, packages)
        }
        Action::RefreshIndex(index) => manager(world, *index).map(|()| Vec::new()),
        Action::Service(service) => service_goals(world, service),
        Action::GroupMember(member) => member_goals(world, member),
        Action::File(file) => file_goals(world, file),
        Action::Exec(_) | Action::Shell(_) | Action::Revert(_) => Ok(Vec::new()),
    }
}

fn manager(world: &World, manager: Manager) -> Result<(), Problem> {
    if !world.has(manager) {
        return Err(trouble::no_manager(manager));
    }
    Ok(())
}

/// What takes administrator rights that the worker does not have.
pub(super) fn beyond_rights(world: &World, action: &Action) -> Option<Problem> {
    let what = match action {
        Action::Packages(packages) if packages.manager.needs_root() => "changing packages",
        Action::RefreshIndex(manager) if manager.needs_root() => "refreshing an index",
        Action::Service(_) | Action::GroupMember(_) => "changing services and groups",
        Action::Packages(_)
        | Action::RefreshIndex(_)
        | Action::File(_)
        | Action::Exec(_)
        | Action::Shell(_)
        | Action::Revert(_) => return None,
    };
    (!world.may_administer()).then(|| trouble::needs_root(what))
}

fn service_goals(world: &World, service: &Service) -> Result<Vec<Goal>, Problem> {
    let name = service.name.clone();
    if !world.knows_service(&name) {
        return Err(trouble::no_service(&name));
    }
    let (resource, state) = match service.change {
        ServiceChange::Enable => (Resource::ServiceEnabled(name), State::Present),
        ServiceChange::Disable => (Resource::ServiceEnabled(name), State::Absent),
        ServiceChange::Start => (Resource::ServiceActive(name), State::Present),
        ServiceChange::Stop => (Resource::ServiceActive(name), State::Absent),
    };
    Ok(vec![Goal::new(resource, state)])
}

fn member_goals(world: &World, member: &GroupMember) -> Result<Vec<Goal>, Problem> {
    let GroupMember { group, user, member } = member.clone();
    if !world.groups.contains(&group) {
        return Err(trouble::no_group(&group));
    }
    if !world.users.contains(&user) {
        return Err(trouble::no_user(&user));
    }
    let state = if member { State::Present } else { State::Absent };
    Ok(vec![Goal::new(Resource::GroupMember { group, user }, state)])
}

fn file_goals(world: &World, file: &File) -> Result<Vec<Goal>, Problem> {
    if let FileChange::SetMode { mode } = file.change {
        return mode_goals(world, &file.path, mode);
    }
    let resource = Resource::File(file.path.clone());
    let owner = match world.look(&resource) {
        State::File { uid, gid, mode, .. } => Some((uid, gid, mode)),
        State::Link { .. } if file.change == FileChange::Remove => None,
        State::Absent => None,
        State::Directory { .. }
        | State::Link { .. }
        | State::Permissions { .. }
        | State::Present
        | State::Installed { .. }
        | State::ConfigFiles { .. }
        | State::Broken { .. } => return Err(trouble::not_a_file(&file.path)),
    };
    let (content, mode) = match &file.change {
        FileChange::Remove | FileChange::SetMode { .. } => {
            return Ok(vec![Goal::new(resource, State::Absent)]);
        }
        FileChange::Write { content, mode } => (content.clone().into_bytes(), *mode),
        FileChange::EnsureLine { line } => (with_line(world.content(&file.path), line), None),
    };
    let (uid, gid, present_mode) = owner.unwrap_or((0, 0, FILE_MODE));
    let mode = mode.unwrap_or(present_mode) & 0o7777;
    let mut goals = missing_folders(world, &file.path)?;
    let state = State::File { digest: Digest::of(&content), mode, uid, gid };
    goals.push(Goal { resource, state, content: Some(content) });
    Ok(goals)
}

fn mode_goals(world: &World, path: &AbsolutePath, mode: u32) -> Result<Vec<Goal>, Problem> {
    let resource = Resource::Permissions(path.clone());
    if world.look(&resource) == State::Absent {
        return Err(trouble::no_permissions(path));
    }
    Ok(vec![Goal::new(resource, State::Permissions { mode: mode & 0o7777 })])
}

/// The content with `line` in it: as it is when the line is there, else with it at the end.
fn with_line(content: Option<&Vec<u8>>, line: &str) -> Vec<u8> {
    let mut content = content.cloned().unwrap_or_default();
    if content.split(|byte| *byte == b'\n').any(|found| found == line.as_bytes()) {
        return content;
    }
    if !content.is_empty() && !content.ends_with(b"\n") {
        content.push(b'\n');
    }
    content.extend(line.as_bytes());
    content.push(b'\n');
    content
}

/// The folders that have to be made on the way, outermost first. The root and homes are there.
pub(super) fn missing_folders(world: &World, path: &AbsolutePath) -> Result<Vec<Goal>, Problem> {
    let mut missing = Vec::new();
    let ends = path.as_str().match_indices('/').map(|(at, _)| &path.as_str()[..at]);
    for folder in ends.filter_map(|folder| folder.parse::<AbsolutePath>().ok()) {
        let resource = Resource::File(folder.clone());
        match world.look(&resource) {
            State::Directory { .. } => {}
            State::Absent => {
                missing.push(Goal::new(resource, State::Directory { mode: FOLDER_MODE }));
            }
            State::File { .. }
            | State::Link { .. }
            | State::Permissions { .. }
            | State::Present
            | State::Installed { .. }
            | State::ConfigFiles { .. }
            | State::Broken { .. } => return Err(trouble::not_a_file(path)),
        }
    }
    Ok(missing)
}
