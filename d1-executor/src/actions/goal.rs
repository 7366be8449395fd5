//! How an action wants things to be.

use super::{
    look::Looker,
    tree::{Place, resolve},
    trouble,
};
use d1_core::{
    AbsolutePath, Action, Digest, ExecutorError, File, FileChange, Resource, Service,
    ServiceChange, State,
};
use std::path::Path;

/// The permission bits of a file when nobody says.
const FILE_MODE: u32 = 0o644;
/// The permission bits of a folder that is made on the way to a file.
const FOLDER_MODE: u32 = 0o755;

/// How one thing should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Goal {
    /// What.
    pub(crate) resource: Resource,
    /// How.
    pub(crate) state: State,
    /// The content, of a file that is written.
    pub(crate) content: Option<Vec<u8>>,
}

impl Goal {
    fn new(resource: Resource, state: State) -> Self {
        Self { resource, state, content: None }
    }
}

/// The goals of an action that has some, in the order in which they are reached.
pub(crate) async fn goals(looker: &Looker, action: &Action) -> Result<Vec<Goal>, ExecutorError> {
    match action {
        Action::File(file) => file_goals(looker, file).await,
        Action::Service(service) => Ok(vec![service_goal(service)]),
        Action::GroupMember(member) => {
            let (group, user) = (member.group.clone(), member.user.clone());
            let state = if member.member { State::Present } else { State::Absent };
            Ok(vec![Goal::new(Resource::GroupMember { group, user }, state)])
        }
        Action::Packages(_)
        | Action::RefreshIndex(_)
        | Action::Exec(_)
        | Action::Shell(_)
        | Action::Revert(_) => Ok(Vec::new()),
    }
}

fn service_goal(service: &Service) -> Goal {
    let name = service.name.clone();
    match service.change {
        ServiceChange::Enable => Goal::new(Resource::ServiceEnabled(name), State::Present),
        ServiceChange::Disable => Goal::new(Resource::ServiceEnabled(name), State::Absent),
        ServiceChange::Start => Goal::new(Resource::ServiceActive(name), State::Present),
        ServiceChange::Stop => Goal::new(Resource::ServiceActive(name), State::Absent),
    }
}

async fn file_goals(looker: &Looker, file: &File) -> Result<Vec<Goal>, ExecutorError> {
    if let FileChange::SetMode { mode } = file.change {
        return mode_goals(looker, &file.path, mode).await;
    }
    let resource = Resource::File(file.path.clone());
    let now = looker.look(&resource).await?;
    let (content, mode) = match &file.change {
        FileChange::Remove | FileChange::SetMode { .. } => {
            return Ok(removal(resource, &now)?.into_iter().collect());
        }
        FileChange::Write { content, mode } => (content.clone().into_bytes(), *mode),
        FileChange::EnsureLine { line } => (with_line(looker, &file.path, line)?, None),
    };
    let (uid, gid, present_mode) = match &now {
        State::File { uid, gid, mode, .. } => (*uid, *gid, Some(*mode)),
        State::Absent => (looker.uid, looker.gid, None),
        State::Directory { .. }
        | State::Link { .. }
        | State::Permissions { .. }
        | State::Present
        | State::Installed { .. }
        | State::ConfigFiles { .. }
        | State::Broken { .. } => return Err(not_a_file(&file.path)),
    };
    let mode = mode.or(present_mode).unwrap_or(FILE_MODE) & 0o7777;
    let mut goals = missing_folders(looker, &file.path);
    let state = State::File { digest: Digest::of(&content), mode, uid, gid };
    goals.push(Goal { resource, state, content: Some(content) });
    Ok(goals)
}

async fn mode_goals(
    looker: &Looker,
    path: &AbsolutePath,
    mode: u32,
) -> Result<Vec<Goal>, ExecutorError> {
    let resource = Resource::Permissions(path.clone());
    if looker.look(&resource).await? == State::Absent {
        return Err(trouble::refused(trouble::no_permissions(path)));
    }
    Ok(vec![Goal::new(resource, State::Permissions { mode: mode & 0o7777 })])
}

fn removal(resource: Resource, now: &State) -> Result<Option<Goal>, ExecutorError> {
    match now {
        State::Directory { .. } => match &resource {
            Resource::File(path) => Err(not_a_file(path)),
            Resource::Package { .. }
            | Resource::Permissions(_)
            | Resource::ServiceEnabled(_)
            | Resource::ServiceActive(_)
            | Resource::GroupMember { .. } => Ok(None),
        },
        State::Absent
        | State::File { .. }
        | State::Link { .. }
        | State::Permissions { .. }
        | State::Present
        | State::Installed { .. }
        | State::ConfigFiles { .. }
        | State::Broken { .. } => Ok(Some(Goal::new(resource, State::Absent))),
    }
}

/// The file's content with `line` in it: as it is when the line is there, else with the line
/// at the end, in the file's own manner of ending lines.
fn with_line(looker: &Looker, path: &AbsolutePath, line: &str) -> Result<Vec<u8>, ExecutorError> {
    let mut content = looker.content(path)?.unwrap_or_default();
    let is_line = |found: &[u8]| found.strip_suffix(b"\r").unwrap_or(found) == line.as_bytes();
    if content.split(|byte| *byte == b'\n').any(is_line) {
        return Ok(content);
    }
    let end: &[u8] = if content.windows(2).any(|two| two == b"\r\n") { b"\r\n" } else { b"\n" };
    if !content.is_empty() && !content.ends_with(b"\n") {
        content.extend(end);
    }
    content.extend(line.as_bytes());
    content.extend(end);
    Ok(content)
}

/// The folders that have to be made on the way, outermost first.
fn missing_folders(looker: &Looker, path: &AbsolutePath) -> Vec<Goal> {
    let mut missing = Vec::new();
    let mut at = Path::new(path.as_str()).parent();
    while let Some(folder) = at {
        let named = folder.to_str().and_then(|text| text.parse::<AbsolutePath>().ok());
        let Some(named) = named else { break };
        if resolve(&looker.root, &looker.home, &named).exists() || named.as_str() == "/" {
            break;
        }
        missing.push(Goal::new(Resource::File(named), State::Directory { mode: FOLDER_MODE }));
        at = folder.parent();
    }
    missing.reverse();
    missing
}

fn not_a_file(path: &AbsolutePath) -> ExecutorError {
    let problem = d1_core::Problem::new(
        "D1-FILE-006",
        d1_core::Category::Task,
        format!("`{path}` is not a regular file"),
    );
    trouble::refused(
        problem
            .because("it is a folder or a link, and what it leads to is not ours to guess")
            .next("name the file itself"),
    )
}

impl Looker {
    /// The content of a file; `None` when it is not there.
    pub(crate) fn content(&self, path: &AbsolutePath) -> Result<Option<Vec<u8>>, ExecutorError> {
        let place = match Place::open(&resolve(&self.root, &self.home, path)) {
            Ok(place) => place,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(trouble::refused(trouble::file("read", path.as_str(), &error)));
            }
        };
        let found = place.look();
        let found =
            found.map_err(|e| trouble::refused(trouble::file("read", path.as_str(), &e)))?;
        Ok(found.content)
    }
}
