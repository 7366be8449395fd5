//! Faults of our own files.

use super::{Fault, fails, warns};
use crate::patient::Patient;
use chrono::{DateTime, Datelike as _, Days};
use d1_core::{Clock as _, SystemClock};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use std::{
    fs::{self, File},
    os::unix::net::UnixListener,
};

/// A certificate that is valid for some days only.
fn expiring() -> String {
    let now = i64::try_from(SystemClock::new().now().0).unwrap();
    let last = DateTime::from_timestamp_millis(now).unwrap() + Days::new(4);
    let (month, day) = (last.month().try_into().unwrap(), last.day().try_into().unwrap());
    let mut device = CertificateParams::new(vec!["device.example".to_owned()]).unwrap();
    device.not_after = date_time_ymd(last.year(), month, day);
    device.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

/// Has a daemon listen, and end without tidying up.
fn left_socket(patient: &Patient) {
    drop(UnixListener::bind(patient.at("/state/daemon.sock")).unwrap());
}

/// Overwrites part of a database.
fn scratch(patient: &Patient, path: &str) {
    let path = patient.at(path);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..8192].fill(0x5a);
    fs::write(path, bytes).unwrap();
}

pub(super) const FAULTS: &[Fault] = &[
    fails(&["d1.policy"], |patient| {
        patient.write("/etc/d1-doctor/policy.toml", "allow_shell = maybe\n");
    }),
    fails(&["d1.policy"], |patient| {
        let rule = "[[ask]]\nname = 'a'\nwhy = 'w'\nprogram = 'mv'\nmatch = ['cp x']\n";
        patient.write("/home/maya/.config/d1-doctor/policy.toml", rule);
    }),
    fails(&["d1.acceptances"], |patient| {
        patient.write("/etc/d1-doctor/doctor.toml", "[[accept]]\ncheck = \"sys.umask\"\n");
    }),
    fails(&["d1.state.perms"], |patient| patient.mode("/state", 0o755)),
    warns(&["d1.daemon"], |patient| left_socket(patient)),
    fails(&["d1.db"], |patient| scratch(patient, "/state/diagnoses.db")),
    fails(&["d1.db"], |patient| {
        patient.write("/state/setups.db", "no database, and long enough for one".repeat(99));
    }),
    warns(&["d1.db"], |patient| {
        // A log that nothing was ever written to has length only.
        let log = File::create(patient.at("/state/diagnoses.db-wal")).unwrap();
        log.set_len((64 << 20) + 1).unwrap();
        File::create(patient.at("/state/diagnoses.db-shm")).unwrap();
    }),
    warns(&["d1.queue"], |patient| {
        let journal = rusqlite::Connection::open(patient.at("/state/journal.db")).unwrap();
        let begun = "INSERT INTO tasks VALUES (1, 'a', 1, '{}', 'started', '{}', 1767225600000)";
        journal.execute(begun, []).unwrap();
    }),
    fails(&["d1.cert"], |patient| patient.certificate("-----BEGIN CERTIFICATE-----\nAAAA\n")),
    fails(&["d1.cert"], |patient| {
        patient.certificate(include_str!("../../fixtures/certificates/expired.pem"));
    }),
    fails(&["d1.cert"], |patient| {
        patient.certificate(include_str!("../../fixtures/certificates/future.pem"));
    }),
    warns(&["d1.cert"], |patient| patient.certificate(&expiring())),
    warns(&["d1.leftovers"], |patient| {
        fs::create_dir_all(patient.at("/state/spool")).unwrap();
        for name in ["gone.1.out", "gone.1.err", "gone.2.out"] {
            let file = File::create(patient.at("/state/spool").join(name)).unwrap();
            file.set_len(30 << 20).unwrap();
        }
    }),
];
