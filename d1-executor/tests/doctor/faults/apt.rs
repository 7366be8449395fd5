//! Faults of apt and dpkg.

use super::{Fault, fails, warns};
use std::fs;

pub(super) const FAULTS: &[Fault] = &[
    fails(&["apt.broken"], |patient| {
        let status = "Package: bad\nStatus: install ok half-configured\n";
        patient.write("/var/lib/dpkg/status", status);
    }),
    fails(&["apt.broken"], |patient| {
        let status = "Package: bad\nStatus: install reinstreq installed\n";
        patient.write("/var/lib/dpkg/status", status);
    }),
    warns(&["apt.held"], |patient| {
        let status = "Package: kept\nStatus: hold ok installed\n";
        patient.write("/var/lib/dpkg/status", status);
    }),
    warns(&["apt.index.age"], |patient| {
        patient.remove("/var/lib/apt/lists/deb.example_dists_bookworm_InRelease");
    }),
    warns(&["apt.index.age"], |patient| {
        let list = patient.at("/var/lib/apt/lists/deb.example_dists_bookworm_InRelease");
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        fs::File::options().write(true).open(list).unwrap().set_modified(old).unwrap();
    }),
    warns(&["apt.sources.dup"], |patient| {
        let again = "deb [ arch=amd64 ] http://deb.example/debian/ bookworm contrib\n";
        patient.write("/etc/apt/sources.list.d/again.list", again);
    }),
];
