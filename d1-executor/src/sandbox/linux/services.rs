//! What a package's scripts ask before they start or stop a service (`invoke-rc.d(8)`).
//!
//! 1. In the sandbox the answer is no: services are started by steps of their own, where they
//!    outlive an installation.
//! 2. A file can only be covered where there is one. Where the machine has none, one is put
//!    there that says what no file says, and taken away afterwards.

use std::{fs, path::Path};

/// Where the question is asked.
pub(super) const POLICY: &str = "/usr/sbin/policy-rc.d";
/// The answer inside: the action is forbidden.
pub(super) const FORBIDDEN: &[u8] =
    b"#!/bin/sh\n# Services are started by steps of their own.\nexit 101\n";
/// The answer outside, while there has to be one: the action is allowed, as without any file.
pub(super) const ALLOWED: &[u8] =
    b"#!/bin/sh\n# d1-doctor left this when it was cut off. It allows everything; remove it.\nexit 0\n";

/// Takes away what was put there, and nothing else.
pub(super) fn tidy() {
    let path = Path::new(POLICY);
    if fs::read(path).is_ok_and(|content| content == ALLOWED) {
        let _gone = fs::remove_file(path);
    }
}
