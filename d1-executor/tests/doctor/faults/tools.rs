//! Faults of a developer's tools.

use super::{Fault, fails, warns};
use std::fs;

pub(super) const FAULTS: &[Fault] = &[
    warns(&["git.present"], |patient| patient.remove("/tools/git")),
    warns(&["git.identity"], |patient| patient.program("git", "exit 1")),
    warns(&["java.home"], |patient| patient.set("JAVA_HOME", "/opt/java-that-was")),
    fails(&["py.venv"], |patient| {
        patient.set("VIRTUAL_ENV", "/home/maya/venv");
        fs::create_dir_all(patient.at("/home/maya/venv/bin")).unwrap();
        let python = patient.at("/home/maya/venv/bin/python");
        std::os::unix::fs::symlink("/usr/bin/python-that-was", python).unwrap();
    }),
    fails(&["rust.linker"], |patient| patient.remove("/tools/cc")),
];
