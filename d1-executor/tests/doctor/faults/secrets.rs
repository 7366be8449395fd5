//! Faults of keys, passwords and tokens.

use super::{Fault, fails, warns};

pub(super) const FAULTS: &[Fault] = &[
    fails(&["ssh.perms"], |patient| patient.mode("/home/maya/.ssh/id_ed25519", 0o644)),
    fails(&["ssh.perms"], |patient| patient.mode("/home/maya/.ssh", 0o777)),
    fails(&["sec.creds.perms"], |patient| patient.mode("/home/maya/.netrc", 0o644)),
    fails(&["sec.passwd.perms"], |patient| patient.mode("/etc/shadow", 0o644)),
    fails(&["sec.passwd.perms"], |patient| patient.mode("/etc/passwd", 0o666)),
    warns(&["ssh.agent"], |patient| patient.remove("/run/agent.sock")),
];
