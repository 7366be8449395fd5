//! Faults of keys, passwords and tokens.

use super::{Fault, fails, warns};

pub(super) const FAULTS: &[Fault] = &[
    fails(&["ssh.perms"], |patient| patient.mode("/home/maya/.ssh/id_ed25519", 0o644)),
    fails(&["ssh.perms"], |patient| patient.mode("/home/maya/.ssh", 0o777)),
    fails(&["sec.creds.perms"], |patient| patient.mode("/home/maya/.netrc", 0o644)),
    fails(&["sec.passwd.perms"], |patient| patient.mode("/etc/shadow", 0o644)),
    fails(&["sec.passwd.perms"], |patient| patient.mode("/etc/passwd", 0o666)),
    warns(&["ssh.agent"], |patient| patient.remove("/run/agent.sock")),
    fails(&["ssh.config"], |patient| {
        patient.write("/home/maya/.ssh/config", "Hsot lab\n");
        patient.mode("/home/maya/.ssh/config", 0o600);
        let said = "$3: line 1: Bad configuration option: hsot";
        patient.program("ssh", &format!("echo \"{said}\" >&2; exit 255"));
    }),
    fails(&["ssh.known_hosts"], |patient| patient.mode("/home/maya/.ssh/known_hosts", 0o666)),
    warns(&["ssh.key"], |patient| {
        patient.write("/home/maya/.ssh/id_dsa.pub", "ssh-dss AAAAB3Nza maya\n");
    }),
    warns(&["ssh.key"], |patient| {
        patient.write("/home/maya/.ssh/id_rsa.pub", "ssh-rsa AAAAB3Nza maya\n");
        patient.program("ssh-keygen", "echo '1024 SHA256:b2xk maya (RSA)'");
    }),
    fails(&["sec.sudo"], |patient| {
        patient.write("/usr/bin/sudo", "");
        patient.mode("/usr/bin/sudo", 0o755);
    }),
    fails(&["sec.sudoers"], |patient| {
        patient.write("/etc/sudoers", "root ALL=(ALL:ALL) ALL\n");
        patient.mode("/etc/sudoers", 0o666);
    }),
    fails(&["sec.sudoers"], |patient| {
        patient.write("/etc/sudoers", "@includedir /etc/sudoers.d\n");
        patient.mode("/etc/sudoers", 0o440);
        patient.write("/etc/sudoers.d/maya", "maya ALL=(ALL:ALL) ALL\n");
        patient.mode("/etc/sudoers.d/maya", 0o664);
    }),
    fails(&["sec.home.perms"], |patient| patient.mode("/home/maya", 0o777)),
    warns(&["sec.history"], |patient| {
        patient.write("/home/maya/.bash_history", "mysql -psecret\n");
        patient.mode("/home/maya/.bash_history", 0o644);
    }),
];
