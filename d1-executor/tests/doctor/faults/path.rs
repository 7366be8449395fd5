//! Faults of the search path and the shell.

use super::{Fault, fails, warns};

pub(super) const FAULTS: &[Fault] = &[
    fails(&["path.relative"], |patient| patient.set("PATH", "/usr/bin:.:/bin")),
    fails(&["path.relative"], |patient| patient.set("PATH", "/usr/bin::/bin")),
    fails(&["path.writable"], |patient| patient.mode("/usr/local/bin", 0o777)),
    fails(&["shell.login"], |patient| patient.remove("/bin/bash")),
    warns(&["shell.login"], |patient| patient.write("/etc/shells", "/bin/sh\n")),
    fails(&["shell.startup"], |patient| {
        patient.program("bash", "echo \"$2: line 3: syntax error\" >&2; exit 2");
    }),
    fails(&["path.dup", "path.missing", "path.relative", "path.writable"], |patient| {
        patient.sight.env = std::sync::Arc::default();
    }),
];
