//! Faults of node and npm.

use super::{Fault, fails, warns};
use crate::patient::Patient;

/// Has npm put programs into a folder of the user's own.
fn with_prefix(patient: &Patient) {
    patient.write("/home/maya/.npmrc", "fund=false\nprefix=${HOME}/.npm-global\n");
    patient.mode("/home/maya/.npmrc", 0o600);
}

pub(super) const FAULTS: &[Fault] = &[
    fails(&["node.starts"], |patient| {
        patient.program("node", "echo 'libatomic.so.1: cannot open' >&2; exit 127");
    }),
    // Of the administrator, who ran npm with sudo.
    fails(&["node.prefix"], |patient| {
        patient.program("npm", "");
        with_prefix(patient);
        patient.write("/home/maya/.npm-global/lib/node_modules/x/package.json", "{}");
        patient.as_user();
    }),
    fails(&["node.cache"], |patient| {
        patient.write("/home/maya/.npm/_cacache/tmp/x", "");
        patient.as_user();
    }),
    warns(&["node.managers"], |patient| {
        let folders = ["/home/maya/.nvm/versions/node/v20.1.0/bin", "/home/maya/.volta/bin"];
        for folder in folders {
            patient.write(&format!("{folder}/node"), "");
        }
        patient.set("PATH", format!("/usr/bin:/bin:{}", folders.join(":")));
    }),
    fails(&["node.nvm"], |patient| {
        patient.write("/home/maya/.nvm/nvm.sh", "");
        with_prefix(patient);
    }),
    fails(&["node.nvm"], |patient| {
        patient.write("/home/maya/.nvm/nvm.sh", "");
        patient.set("npm_config_prefix", "/home/maya/.npm-global");
    }),
];
