//! Brings things from how they are to how they should be.

use super::{
    Goal, group,
    look::Looker,
    service,
    tree::{Place, resolve},
    trouble,
};
use crate::originals::Originals;
use d1_core::{AbsolutePath, Problem, Resource, State};

/// Brings one thing there, and sees that it is. The problem tells why not.
pub(crate) async fn bring(
    looker: &Looker,
    originals: &Originals,
    goal: &Goal,
) -> Result<(), Problem> {
    match &goal.resource {
        Resource::File(path) => bring_file(looker, originals, path, goal),
        Resource::Permissions(path) => bring_permissions(looker, path, &goal.state),
        Resource::ServiceEnabled(name) => service::enable(looker, name, &goal.state).await,
        Resource::ServiceActive(name) => service::activate(looker, name, &goal.state).await,
        Resource::GroupMember { group, user } => {
            group::set_member(looker, group, user, &goal.state).await
        }
        Resource::Package { .. } => Ok(()),
    }
}

fn bring_permissions(looker: &Looker, path: &AbsolutePath, goal: &State) -> Result<(), Problem> {
    let State::Permissions { mode } = goal else { return Ok(()) };
    let failed = |error: std::io::Error| trouble::file("change", path.as_str(), &error);
    let place = Place::open(&resolve(&looker.root, &looker.home, path)).map_err(failed)?;
    place.set_mode(*mode).map_err(failed)
}

fn bring_file(
    looker: &Looker,
    originals: &Originals,
    path: &AbsolutePath,
    goal: &Goal,
) -> Result<(), Problem> {
    let doing = if goal.state == State::Absent { "remove" } else { "write" };
    let failed = |error: std::io::Error| trouble::file(doing, path.as_str(), &error);
    let place = Place::open(&resolve(&looker.root, &looker.home, path)).map_err(failed)?;
    let now = place.look().map_err(failed)?.state;
    let is_folder = matches!(now, State::Directory { .. });
    match &goal.state {
        State::Absent if now == State::Absent => Ok(()),
        State::Absent => place.remove(is_folder).map_err(failed),
        State::Directory { .. } if is_folder => Ok(()),
        State::Directory { mode } => place.make_folder(*mode).map_err(failed),
        State::Link { target } => {
            if now != State::Absent {
                place.remove(false).map_err(failed)?;
            }
            place.link(target).map_err(failed)
        }
        State::File { digest, mode, uid, gid } => {
            let content = match &goal.content {
                Some(content) => content.clone(),
                None => originals.get(digest).map_err(failed)?,
            };
            // Only the administrator may give files away; others keep what is theirs.
            let owner = looker.host.is_root.then_some((*uid, *gid));
            place.replace(&content, *mode, owner).map_err(failed)
        }
        State::Present
        | State::Permissions { .. }
        | State::Installed { .. }
        | State::ConfigFiles { .. }
        | State::Broken { .. } => Ok(()),
    }
}
