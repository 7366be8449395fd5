//! Faults of the project one stands in.

use super::{Fault, fails, warns};
use std::net::TcpListener;

pub(super) const FAULTS: &[Fault] = &[
    fails(&["proj.file"], |patient| {
        patient.write("/home/maya/app/d1-doctor.toml", "[tools]\nnode = \"20\"\n[tolls]\n");
    }),
    warns(&["proj.file"], |patient| {
        patient.write("/home/maya/app/package.json", "{ \"engines\": ");
    }),
    warns(&["proj.file"], |patient| {
        let pins: String = (0..10_000).map(|n| format!("tool{n} 1.{n}\n")).collect();
        patient.write("/home/maya/app/.tool-versions", pins);
    }),
    fails(&["proj.pins"], |patient| patient.write("/home/maya/app/.nvmrc", "18\n")),
    fails(&["proj.pins"], |patient| {
        patient.write("/home/maya/app/package.json", "{ \"engines\": { \"node\": \">=22\" } }");
    }),
    fails(&["proj.tools"], |patient| patient.program("node", "echo v20.10.0")),
    fails(&["proj.tools"], |patient| patient.remove("/tools/node")),
    fails(&["proj.tools"], |patient| {
        patient.remove("/home/maya/app/.tool-versions");
        patient.write("/home/maya/app/go.mod", "module app.example\n\ngo 1.22\n");
        patient.program("go", "[ \"$1\" = version ] && echo go version go1.21.5 || echo local");
    }),
    fails(&["proj.tools"], |patient| {
        patient.write("/home/maya/app/mise.toml", "[tools]\nruby = \"3.2\"\n");
    }),
    fails(&["proj.env"], |patient| {
        patient.write("/home/maya/app/.env", "# DATABASE_URL=x\nAPI_KEY=\n");
    }),
    fails(&["proj.env"], |patient| patient.remove("/home/maya/app/.env")),
    fails(&["proj.services"], |patient| patient.remove("/run/app.sock")),
    fails(&["proj.services"], |patient| {
        // A port that was free a moment ago, and that nobody is given again so soon.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        patient.port = free.local_addr().unwrap().port();
        patient.has_manifest("");
    }),
    warns(&["proj.ports"], |patient| patient.listens(3000, 71, "node", "/home/maya/other")),
    warns(&["proj.ports"], |patient| patient.listens(patient.port, 71, "node", "/home/maya")),
    warns(&["proj.lockfiles"], |patient| patient.write("/home/maya/app/yarn.lock", "")),
    warns(&["proj.lockfiles"], |patient| {
        patient.write("/home/maya/app/uv.lock", "");
        patient.write("/home/maya/app/poetry.lock", "");
    }),
];
