//! Faults of shells and what they start.

use super::{Fault, fails, warns};

const NVM: &str = "[ -s \"$NVM_DIR/nvm.sh\" ] && . \"$NVM_DIR/nvm.sh\"\n";

pub(super) const FAULTS: &[Fault] = &[
    fails(&["shell.login"], |patient| patient.remove("/bin/bash")),
    warns(&["shell.login"], |patient| patient.write("/etc/shells", "/bin/sh\n")),
    fails(&["shell.startup"], |patient| {
        patient.program("bash", "echo \"$2: line 3: syntax error\" >&2; exit 2");
    }),
    warns(&["shell.activation"], |patient| {
        patient.write("/home/maya/.bashrc", format!("{NVM}export EDITOR=vi\n{NVM}"));
    }),
    warns(&["shell.shims"], |patient| {
        patient.write("/home/maya/.pyenv/versions/3.12.1/bin/python", "");
        patient.write("/home/maya/.pyenv/shims/python", "");
        patient.write("/home/maya/.pyenv/shims/black", "");
    }),
    warns(&["shell.shims"], |patient| {
        let shim = "#!/usr/bin/env bash\n# asdf-plugin: nodejs 18.1.0\nexec asdf exec node\n";
        patient.write("/home/maya/.asdf/shims/node", shim);
        patient.write("/home/maya/.asdf/installs/nodejs/20.1.0/bin/node", "");
    }),
    warns(&["shell.shims"], |patient| {
        patient.link("/home/maya/.local/share/mise/shims/node", "/usr/bin/mise-that-was");
    }),
    warns(&["shell.preload"], |patient| patient.set("LD_PRELOAD", "/usr/lib/gone.so:libc.so.6")),
    warns(&["shell.preload"], |patient| {
        patient.write("/etc/ld.so.preload", "# by hand\n/usr/lib/gone.so\n");
    }),
    warns(&["shell.editor"], |patient| patient.set("EDITOR", "code-that-was --wait")),
    warns(&["shell.editor"], |patient| patient.set("VISUAL", "/opt/editor-that-was")),
    warns(&["shell.terminal"], |patient| {
        patient.write("/usr/share/terminfo/x/xterm", "");
        patient.set("TERM", "xterm-ghost");
    }),
];
