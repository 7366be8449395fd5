//! Files: written whole or not at all, and never through a link.

use crate::rig::{Rig, at, change, outcome_of, write};
use d1_core::{FileChange, Outcome, Presence, Resource, State};
use std::{fs, os::unix::fs::PermissionsExt as _};

#[tokio::test]
async fn a_preview_tells_what_will_change_and_changes_nothing() {
    let rig = Rig::new();
    rig.write("/etc/motd", "old\n");
    let before = rig.tree();
    let preview = rig.preview(&write("/etc/motd", "new\n")).await;
    assert_eq!((preview.presence, preview.changes.len()), (Presence::Absent, 1));
    assert_eq!(rig.tree(), before);
    let (_, ended) = rig.apply(write("/etc/motd", "new\n")).await;
    assert_eq!(ended.changes, preview.changes);
    assert_eq!(rig.read("/etc/motd"), "new\n");
}

#[tokio::test]
async fn folders_on_the_way_are_made_and_are_part_of_the_receipt() {
    let rig = Rig::new();
    let (_, ended) = rig.apply(write("/etc/a/b/c.conf", "x")).await;
    let made: Vec<Resource> = ended.changes.iter().map(|change| change.resource.clone()).collect();
    let file = |path| Resource::File(at(path));
    assert_eq!(made, [file("/etc/a"), file("/etc/a/b"), file("/etc/a/b/c.conf")]);
    assert_eq!((rig.mode("/etc/a"), rig.mode("/etc/a/b/c.conf")), (0o755, 0o644));
}

#[tokio::test]
async fn the_same_again_is_no_change() {
    let rig = Rig::new();
    for action in [
        write("/etc/x", "1\n"),
        change("/etc/y", FileChange::EnsureLine { line: "be kind".into() }),
        change("/etc/never-there", FileChange::Remove),
    ] {
        rig.apply(action.clone()).await;
        let before = rig.tree();
        assert_eq!(rig.preview(&action).await.presence, Presence::Present);
        let (_, again) = rig.apply(action).await;
        assert_eq!(outcome_of(&again), (Outcome::NoChange, 0));
        assert_eq!(rig.tree(), before);
    }
}

#[tokio::test]
async fn what_is_there_keeps_its_mode_unless_another_is_asked_for() {
    let rig = Rig::new();
    rig.write("/etc/secret", "old");
    fs::set_permissions(rig.path("/etc/secret"), fs::Permissions::from_mode(0o600)).unwrap();
    rig.apply(write("/etc/secret", "new")).await;
    assert_eq!((rig.read("/etc/secret"), rig.mode("/etc/secret")), ("new".into(), 0o600));
    let stricter = FileChange::Write { content: "new".into(), mode: Some(0o400) };
    let (_, ended) = rig.apply(change("/etc/secret", stricter)).await;
    assert_eq!((outcome_of(&ended), rig.mode("/etc/secret")), ((Outcome::Succeeded, 1), 0o400));
}

#[tokio::test]
async fn a_line_is_added_once_in_the_files_own_manner() {
    let rig = Rig::new();
    for (given, expected) in [
        ("", "be kind\n"),
        ("first\n", "first\nbe kind\n"),
        ("no end", "no end\nbe kind\n"),
        ("dos\r\n", "dos\r\nbe kind\r\n"),
        ("be kind\n", "be kind\n"),
        ("be kind\r\nmore\r\n", "be kind\r\nmore\r\n"),
        ("not be kind at all\n", "not be kind at all\nbe kind\n"),
    ] {
        rig.write("/etc/rules", given);
        let line = FileChange::EnsureLine { line: "be kind".into() };
        rig.apply(change("/etc/rules", line)).await;
        assert_eq!(rig.read("/etc/rules"), expected, "{given:?}");
    }
}

#[tokio::test]
async fn a_link_or_a_folder_in_the_place_of_the_file_is_refused() {
    let rig = Rig::new();
    rig.write("/etc/real", "real");
    std::os::unix::fs::symlink("real", rig.path("/etc/link")).unwrap();
    fs::create_dir(rig.path("/etc/folder")).unwrap();
    for path in ["/etc/link", "/etc/folder"] {
        assert_eq!(rig.refused(write(path, "x")).await.code, "D1-FILE-006", "{path}");
        let blocked = rig.preview(&write(path, "x")).await.blocked.unwrap();
        assert_eq!(blocked.title, format!("`{path}` is not a regular file"));
    }
    assert_eq!(rig.refused(change("/etc/folder", FileChange::Remove)).await.code, "D1-FILE-006");
}

#[tokio::test]
async fn a_removed_link_is_removed_itself_and_comes_back_as_a_link() {
    let rig = Rig::new();
    rig.write("/etc/real", "real");
    std::os::unix::fs::symlink("real", rig.path("/etc/link")).unwrap();
    let before = rig.tree();
    let removed = rig.apply(change("/etc/link", FileChange::Remove)).await;
    assert!(fs::symlink_metadata(rig.path("/etc/link")).is_err());
    assert_eq!(rig.read("/etc/real"), "real");
    rig.undo(&removed).await;
    assert_eq!(rig.tree(), before);
}

#[tokio::test]
async fn the_home_of_the_user_is_where_a_tilde_points() {
    let rig = Rig::new();
    rig.apply(write("~/.editorconfig", "root = true\n")).await;
    assert_eq!(rig.read("/home/.editorconfig"), "root = true\n");
}

#[tokio::test]
async fn what_was_there_is_kept_where_only_the_owner_reads_it() {
    let rig = Rig::new();
    rig.write("/etc/shadow", "a secret");
    rig.apply(write("/etc/shadow", "another")).await;
    let kept: Vec<_> = fs::read_dir(rig.originals()).unwrap().flatten().collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(fs::read_to_string(kept[0].path()).unwrap(), "a secret");
    assert_eq!(kept[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let folder = fs::metadata(rig.originals()).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn nothing_half_written_is_left_beside_the_file() {
    let rig = Rig::new();
    rig.apply(write("/etc/one", "1")).await;
    rig.apply(write("/etc/one", "2")).await;
    let names: Vec<_> = fs::read_dir(rig.path("/etc")).unwrap().flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[tokio::test]
async fn a_cut_off_write_is_told_from_a_done_one() {
    let rig = Rig::new();
    rig.write("/etc/motd", "old");
    let job = rig.job(write("/etc/motd", "new")).await;
    assert_eq!(rig.probe(&job).await.answer, d1_core::ProbeAnswer::NotDone);
    rig.run(&job).await.unwrap();
    let probed = rig.probe(&job).await;
    assert_eq!(probed.answer, d1_core::ProbeAnswer::Done);
    let told: Vec<(&State, &State)> =
        probed.changes.iter().map(|change| (&change.before, &change.after)).collect();
    assert!(matches!(told.as_slice(), [(State::File { .. }, State::File { .. })]));
    // Somebody else's content is neither.
    rig.write("/etc/motd", "theirs");
    assert!(matches!(rig.probe(&job).await.answer, d1_core::ProbeAnswer::Unknown(_)));
}

#[tokio::test]
async fn permissions_are_set_whatever_is_in_it_and_come_back_with_an_undo() {
    let rig = Rig::new();
    rig.write("/etc/key", "secret");
    fs::create_dir(rig.path("/etc/keys")).unwrap();
    let before = rig.tree();
    let mode = |path, mode| change(path, FileChange::SetMode { mode });
    let file = rig.apply(mode("/etc/key", 0o000)).await;
    let folder = rig.apply(mode("/etc/keys", 0o1777)).await;
    assert_eq!((rig.mode("/etc/key"), rig.mode("/etc/keys")), (0o000, 0o1777));
    assert_eq!(file.1.changes[0].resource, Resource::Permissions(at("/etc/key")));
    assert!(!rig.originals().exists(), "no content is kept for a change of permissions");
    let (_, again) = rig.apply(mode("/etc/keys", 0o1777)).await;
    assert_eq!(outcome_of(&again), (Outcome::NoChange, 0));
    rig.undo(&folder).await;
    rig.undo(&file).await;
    assert_eq!(rig.tree(), before);
}

#[tokio::test]
async fn permissions_of_links_and_of_what_is_not_there_are_refused() {
    let rig = Rig::new();
    rig.write("/etc/real", "real");
    std::os::unix::fs::symlink("real", rig.path("/etc/link")).unwrap();
    for path in ["/etc/link", "/etc/never-there", "/etc/nowhere/x"] {
        let refused = rig.refused(change(path, FileChange::SetMode { mode: 0o600 })).await;
        assert_eq!(refused.code, "D1-FILE-007", "{path}");
    }
    assert_ne!(rig.mode("/etc/real"), 0o600);
}
