//! Faults on the way to the network.

use super::{Fault, fails, warns};

pub(super) const FAULTS: &[Fault] = &[
    fails(&["net.resolver"], |patient| patient.remove("/etc/resolv.conf")),
    fails(&["net.resolver"], |patient| patient.write("/etc/resolv.conf", "search example\n")),
    warns(&["net.proxy"], |patient| {
        patient.set("https_proxy", "http://one.example:3128");
        patient.set("HTTPS_PROXY", "http://two.example:3128");
    }),
    fails(&["net.localhost"], |patient| {
        patient.write("/etc/hosts", "127.0.1.1 lab # localhost\n10.0.0.1 localhost\n");
    }),
];
