//! Room on disks.

use super::super::{
    check::Found,
    sight::{Sight, Space},
};
use std::path::Path;

/// Less than this, and programs begin to fail.
const TIGHT: u64 = 1 << 30;
/// Less than this, and the next large installation does not fit.
const LOW: u64 = 5 << 30;
/// Fewer new files than this, and programs begin to fail.
const FEW_FILES: u64 = 10_000;

pub(super) async fn root(sight: Sight) -> Found {
    judge(&sight, "/", &sight.host.file("/"))
}

pub(super) async fn home(sight: Sight) -> Found {
    match &sight.home {
        Some(home) => judge(&sight, "the home", home),
        None => Found::unknown("nobody says where the home is: HOME is not set"),
    }
}

pub(super) async fn tmp(sight: Sight) -> Found {
    let folder = sight.var("TMPDIR").unwrap_or_else(|| "/tmp".to_owned());
    judge(&sight, &folder, &sight.host.file(&folder))
}

pub(super) async fn var(sight: Sight) -> Found {
    judge(&sight, "/var", &sight.host.file("/var"))
}

pub(super) async fn files(sight: Sight) -> Found {
    match (sight.space)(&sight.host.file("/")) {
        Ok(Space { free_files: None, .. }) => Found::ok("this file system has no such bound"),
        Ok(Space { free_files: Some(free), .. }) if free < FEW_FILES => {
            Found::fail(format!("only {free} more files can be made"))
                .remedy("find the folder with the most files: du --inodes -xd2 / | sort -n")
        }
        Ok(Space { free_files: Some(free), .. }) => Found::ok(format!("{free} more files fit")),
        Err(error) => Found::unreadable("the file system", &error),
    }
}

fn judge(sight: &Sight, name: &str, path: &Path) -> Found {
    let Space { free_bytes, total_bytes, .. } = match (sight.space)(path) {
        Ok(space) => space,
        Err(error) => return Found::unreadable(name, &error),
    };
    // A small file system is not low because it is small.
    let (tight, low) = (TIGHT.min(total_bytes / 20), LOW.min(total_bytes / 10));
    let summary = format!("{} free of {}", size(free_bytes), size(total_bytes));
    let largest = "see what is large: du -xh -d2 / | sort -h | tail -20";
    if free_bytes < tight {
        Found::fail(summary).remedy(largest)
    } else if free_bytes < low {
        Found::warn(summary).remedy(largest)
    } else {
        Found::ok(summary)
    }
}

/// Bytes as people read them, in powers of 1024.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => {
            let tenths = bytes.saturating_mul(10) / unit;
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}
