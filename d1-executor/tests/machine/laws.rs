//! Whatever is done to files, in whatever order, an undo brings all of it back.

use crate::rig::{Rig, change};
use d1_core::{Action, FileChange, Outcome};
use proptest::{collection::vec, prelude::*, sample::select};
use std::{fs, os::unix::fs::PermissionsExt as _};

const PATHS: [&str; 6] =
    ["/etc/a", "/etc/b", "/etc/sub/c", "/etc/sub/deep/d", "/etc/link", "/etc/sub"];

fn action() -> impl Strategy<Value = Action> {
    let mode = proptest::option::of(select(vec![0o600_u32, 0o644, 0o755]));
    let what = prop_oneof![
        ("[a-c\n]{0,6}", mode).prop_map(|(content, mode)| FileChange::Write { content, mode }),
        "[a-c]{1,3}".prop_map(|line| FileChange::EnsureLine { line }),
        Just(FileChange::Remove),
        select(vec![0o600_u32, 0o640, 0o755]).prop_map(|mode| FileChange::SetMode { mode }),
    ];
    (select(PATHS.to_vec()), what).prop_map(|(path, what)| change(path, what))
}

/// A tree with a file, a private file, a folder and a link.
fn tree() -> Rig {
    let rig = Rig::new();
    rig.write("/etc/a", "a\nb\n");
    rig.write("/etc/sub/c", "");
    fs::set_permissions(rig.path("/etc/sub/c"), fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("a", rig.path("/etc/link")).unwrap();
    rig
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn undoing_in_reverse_restores_the_whole_tree(actions in vec(action(), 1..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let rig = tree();
            let before = rig.tree();
            let mut done = Vec::new();
            for action in actions {
                let job = rig.job(action).await;
                // What is refused has changed nothing, and needs no undo.
                if let Ok(ended) = rig.run(&job).await {
                    done.push((job, ended));
                }
            }
            for job in done.iter().rev() {
                let undone = rig.undo(job).await;
                let expected =
                    if job.1.changes.is_empty() { Outcome::NoChange } else { Outcome::Succeeded };
                prop_assert_eq!(undone.outcome, expected);
            }
            prop_assert_eq!(rig.tree(), before);
            Ok(())
        })?;
    }
}
