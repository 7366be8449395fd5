//! Faults of apt and dpkg.

use super::{Fault, fails, warns};
use crate::patient::Patient;
use std::{fs, os::unix::fs::MetadataExt as _};

/// Has a process hold the lock of dpkg; `state` and `started` are as in `proc_pid_stat(5)`.
fn lock(patient: &Patient, state: &str, started: u64) {
    let lock = "/var/lib/dpkg/lock-frontend";
    patient.write(lock, "");
    let found = fs::metadata(patient.at(lock)).unwrap();
    let (major, minor) = (rustix::fs::major(found.dev()), rustix::fs::minor(found.dev()));
    let inode = found.ino();
    let line = format!("1: POSIX  ADVISORY  WRITE 2180 {major:02x}:{minor:02x}:{inode} 0 EOF\n");
    patient.write("/proc/locks", line);
    patient.write("/proc/2180/comm", "unattended-upgr\n");
    let zeros = "0 ".repeat(18);
    patient.write("/proc/2180/stat", format!("2180 (a) b) {state} {zeros}{started} 0\n"));
    patient.write("/proc/uptime", "90000.00 1.00\n");
}

pub(super) const FAULTS: &[Fault] = &[
    warns(&["apt.lock"], |patient| lock(patient, "S", 8_990_000)),
    warns(&["apt.lock"], |patient| lock(patient, "S", 100)),
    warns(&["apt.lock"], |patient| lock(patient, "T", 8_990_000)),
    // What is half done while somebody is at work is no fault.
    warns(&["apt.lock"], |patient| {
        lock(patient, "S", 8_990_000);
        patient.write("/var/lib/dpkg/updates/0001", "Package: bash\n");
        let status = "Package: new\nStatus: install ok half-configured\n";
        patient.write("/var/lib/dpkg/status", status);
    }),
    fails(&["apt.interrupted"], |patient| {
        patient.write("/var/lib/dpkg/updates/0001", "Package: bash\n");
    }),
    fails(&["apt.status"], |patient| {
        let status = "Package: bash\nStatus: install ok installed\n\nPackage: da";
        patient.write("/var/lib/dpkg/status", status);
    }),
    fails(&["apt.status"], |patient| {
        patient.write("/var/lib/dpkg/status-old", "Package: bash\n");
        patient.write("/var/lib/dpkg/status", "");
    }),
    fails(&["apt.status"], |patient| {
        patient.write("/var/lib/dpkg/status", "Package: bash\n\0\0\0\n");
    }),
    fails(&["apt.config"], |patient| {
        let said = "E: Syntax error /etc/apt/apt.conf.d/99mine:1: Extra junk at end of file";
        patient.program("apt-config", &format!("echo '{said}' >&2; exit 100"));
    }),
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
        for entry in fs::read_dir(patient.at("/var/lib/apt/lists")).unwrap().flatten() {
            if entry.path().is_file() {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }),
    warns(&["apt.index.age"], |patient| {
        let folder = patient.at("/var/lib/apt/lists");
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        let inside = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
        for path in inside.collect::<Vec<_>>().into_iter().chain([folder]) {
            fs::File::open(path).unwrap().set_modified(old).unwrap();
        }
    }),
    warns(&["apt.files"], |patient| {
        let said = "??5??????   /usr/lib/tool/bin/one\\nmissing     /usr/lib/tool/two\\n";
        patient.program("dpkg", &format!("printf '{said}'; exit 1"));
    }),
];
