//! The limit: how often the disk of the server's state commits.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

/// As much as a database writes for a small commit.
const PAGE: [u8; 4096] = [7; 4096];

/// Appends a page and waits until it is on the disk, again and again: so many in a second.
pub(crate) fn commits_per_second(folder: &Path, time: Duration) -> f64 {
    let path = folder.join("commits");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
    let (began, mut count) = (Instant::now(), 0.0);
    while began.elapsed() < time {
        file.write_all(&PAGE).unwrap();
        file.sync_data().unwrap();
        count += 1.0;
    }
    let per_second = count / began.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    per_second
}
