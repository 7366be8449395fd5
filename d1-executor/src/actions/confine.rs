//! What a step says it does becomes the walls around its program, and nothing else does.
//!
//! - A step that only looks gets the profile `diagnose`: what it names is shown to it, and
//!   nothing can be changed. Any other gets `home`, and may change what it names.
//! - The owner's policy narrows that, and says whether a wall may be missing.
//! - A folder that is named and not there is made before the program starts, and told in the
//!   receipt.

use super::{Goal, exec::Program, look::Looker, tree::resolve};
use crate::{
    policy::Walls,
    sandbox::{Access, Demand, Egress, Grant, HostError, HostRule, Inside, Limits, Profile, Touch},
};
use d1_core::{AbsolutePath, Digest, Effect, Proposal, Resource, State};
use std::path::{Path, PathBuf};

/// Where a program starts that may see no home.
const NOWHERE: &str = "/";
/// The permission bits of a folder that is made because a step names it.
const FOLDER_MODE: u32 = 0o755;

/// A program that may run, and how.
pub(crate) struct Permit {
    pub(crate) program: Program,
    /// What names exactly what it is granted.
    pub(crate) digest: Digest,
    /// The walls around it; without, it has the rights of whoever starts it.
    pub(crate) grant: Option<Grant>,
}

/// The walls that a step asks for.
pub(crate) fn walls(looker: &Looker, what: &Proposal, network: Egress, demand: Demand) -> Walls {
    let looks = what.effect == Effect::Read;
    let access = if looks { Access::Read } else { Access::Write };
    let touch =
        |path: &AbsolutePath| Touch { path: resolve(&looker.root, &looker.home, path), access };
    let mut touches: Vec<Touch> = what.touches.iter().map(touch).collect();
    if looker.root != Path::new("/") {
        // There the machine is a folder, and seen like any other.
        touches.push(Touch { path: looker.root.clone(), access: Access::Read });
    }
    let profile = if looks { Profile::Diagnose } else { Profile::Home };
    Walls { profile, touches, network, limits: Limits::USUAL, demand }
}

/// The hosts that a step names; their names lead into the owner's own networks as far as the
/// policy says.
pub(crate) fn network(what: &Proposal, inside: Vec<Inside>) -> Result<Egress, HostError> {
    let hosts = what.network.iter().map(HostRule::of).collect::<Result<_, _>>()?;
    Ok(Egress { inside, ..Egress::of(hosts) })
}

/// The walls around a program that maintains the system.
pub(crate) fn walls_of_packages(demand: Demand) -> Walls {
    let (profile, limits) = (Profile::Packages, Limits::PACKAGES);
    Walls { profile, touches: Vec::new(), network: Egress::none(), limits, demand }
}

impl Program {
    /// The same, started at the root.
    pub(crate) fn starting_at_the_root(mut self) -> Self {
        self.env.remove("TMPDIR");
        self.cwd = PathBuf::from(NOWHERE);
        self
    }

    /// The same, as it runs behind walls: with temporary folders of its own, its home by the
    /// name that is there, and without a home to start in when it only looks.
    pub(crate) fn behind_walls(mut self, home: &Path, looks: bool) -> Self {
        self.env.remove("TMPDIR");
        self.env.insert("HOME".into(), home.to_string_lossy().into_owned());
        if looks && !self.told_where {
            self.cwd = PathBuf::from(NOWHERE);
        }
        self
    }
}

/// The folders a step names that are not there, outermost first.
pub(crate) fn missing_folders(looker: &Looker, what: &Proposal) -> Vec<Goal> {
    if what.effect == Effect::Read {
        return Vec::new();
    }
    let mut missing: Vec<Goal> = Vec::new();
    for named in &what.touches {
        let mut chain = Vec::new();
        let mut at = Some(Path::new(named.as_str()));
        while let Some(path) = at.and_then(|path| path.to_str()?.parse::<AbsolutePath>().ok()) {
            let place = resolve(&looker.root, &looker.home, &path);
            if place.symlink_metadata().is_ok() || path.as_str() == "/" {
                break;
            }
            at = Path::new(named.as_str()).ancestors().nth(chain.len() + 1);
            let state = State::Directory { mode: FOLDER_MODE };
            chain.push(Goal { resource: Resource::File(path), state, content: None });
        }
        chain.reverse();
        let new = chain.into_iter().filter(|goal| !missing.contains(goal)).collect::<Vec<_>>();
        missing.extend(new);
    }
    missing
}
