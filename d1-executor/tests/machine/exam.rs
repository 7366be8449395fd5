//! The machine sits the exam of executors.

use crate::rig::{Rig, change, write};
use d1_core::{
    Action, Argv, Exec, FileChange, Shell,
    conformance::{self, Examinee},
};
use std::{collections::BTreeMap, sync::Arc};

/// How far `seq` counts: enough to fill every buffer on the way.
const COUNT: u32 = 30_000;

fn exec(words: &[&str]) -> Action {
    let argv = Argv::new(words.iter().copied()).unwrap();
    Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() })
}

#[tokio::test]
async fn the_real_machine_obeys_every_law_of_executors() {
    conformance::executor(|| async {
        let rig = Arc::new(Rig::new());
        rig.write("/etc/motd", "welcome");
        rig.write("/etc/old", "old");
        let written = (1..=COUNT).flat_map(|n| format!("{n}\n").into_bytes()).collect();
        let script = Shell { script: "true".into(), env: BTreeMap::new() };
        let conf = FileChange::Write { content: "{}".into(), mode: Some(0o600) };
        Examinee {
            executor: rig.machine.clone(),
            observe: Arc::new(move || rig.tree().join("\n")),
            reversible: vec![
                change("/etc/x/y/conf", conf),
                change("/etc/motd", FileChange::EnsureLine { line: "be kind".into() }),
                change("/etc/motd", FileChange::SetMode { mode: 0o600 }),
                change("/etc/old", FileChange::Remove),
            ],
            refused: vec![
                exec(&["nobody-has-this-program"]),
                Action::Shell(script),
                write("/etc", "x"),
            ],
            talkative: Some((exec(&["seq", &COUNT.to_string()]), written)),
            failing: Some(exec(&["false"])),
            endless: Some(exec(&["sleep", "3600"])),
        }
    })
    .await;
}
