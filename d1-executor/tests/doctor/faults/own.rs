//! Faults of our own files.

use super::{Fault, fails};

pub(super) const FAULTS: &[Fault] = &[
    fails(&["d1.policy"], |patient| {
        patient.write("/etc/d1-doctor/policy.toml", "allow_shell = maybe\n");
    }),
    fails(&["d1.acceptances"], |patient| {
        patient.write("/etc/d1-doctor/doctor.toml", "[[accept]]\ncheck = \"sys.umask\"\n");
    }),
];
