//! Where the project is that one stands in.

use super::pins::FILES;
use crate::doctor::sight::Sight;
use std::{
    fs::metadata,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// How many folders up are looked at.
const MOST_UP: usize = 32;

/// The nearest folder, from where the user stands upwards, that has anything by which a project
/// is known. Neither above the home, nor into another file system, nor the root itself.
pub(in crate::doctor) fn place(sight: &Sight) -> Option<PathBuf> {
    let from = sight.cwd.as_ref().filter(|folder| folder.starts_with(&sight.host.root))?;
    let device = metadata(from).ok()?.dev();
    for folder in from.ancestors().take(MOST_UP) {
        if folder == sight.host.root || metadata(folder).ok()?.dev() != device {
            return None;
        }
        if is_project(folder) {
            return Some(folder.to_path_buf());
        }
        if sight.home.as_deref() == Some(folder) {
            return None;
        }
    }
    None
}

fn is_project(folder: &Path) -> bool {
    let there = |name: &str| folder.join(name).symlink_metadata().is_ok();
    there(".git") || FILES.iter().any(|(name, _)| there(name))
}
