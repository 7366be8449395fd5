//! What a command sees and changes.

use crate::rig::Rig;
use d1_executor::{Access, How, Kept, Profile, Touch};
use std::{fs, path::PathBuf};

impl Rig {
    /// A path in the home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A file in the home, with the folders above it.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

#[tokio::test]
async fn every_wall_is_up_on_this_machine_and_says_so_from_inside() {
    let rig = Rig::new();
    assert_eq!(rig.sandbox.missing().unwrap(), d1_executor::Missing::new());
    let ended = rig.run(&rig.grant(&["true"])).await.unwrap();
    assert_eq!((ended.isolation.summary(), ended.report.how), ("full", How::Exited(0)));
}

#[tokio::test]
async fn a_command_works_in_the_home_and_what_it_makes_belongs_to_the_owner() {
    use std::os::unix::fs::MetadataExt as _;
    let rig = Rig::new();
    let work = rig.write("work/seed", "seed");
    rig.shell("cp work/seed work/new && id -u > work/who && mkdir work/deep").await;
    let of = |name: &str| std::fs::metadata(rig.path(name)).unwrap();
    assert_eq!(std::fs::read_to_string(rig.path("work/new")).unwrap(), "seed");
    assert_eq!(of("work/new").uid(), std::fs::metadata(work).unwrap().uid());
    assert_eq!(of("work/deep").uid(), of("work").uid());
    let who: u32 = std::fs::read_to_string(rig.path("work/who")).unwrap().trim().parse().unwrap();
    assert!(who > 65_535, "{who} is not a user for tasks");
}

#[tokio::test]
async fn a_command_that_looks_sees_no_home_at_all() {
    let rig = Rig::new();
    rig.write("letter", "secret");
    let mut grant = rig.grant(&["ls", "-la", rig.path("letter").to_str().unwrap()]);
    grant.profile = Profile::Diagnose;
    grant.cwd = "/".into();
    let ended = rig.run(&grant).await.unwrap();
    assert_eq!(ended.report.how, How::Exited(2));
    assert!(ended.report.stderr.contains("No such file"), "{}", ended.report.stderr);
}

#[tokio::test]
async fn what_the_owner_keeps_is_not_there_and_what_may_be_read_is_not_changed() {
    let rig = Rig::new();
    let letter = rig.write("work/letters/one", "secret");
    let notes = rig.write("work/notes", "as it was");
    let line = "cat work/letters/one; ls work/letters; echo x > work/letters/two; cat work/notes; \
        echo x > work/notes; exit 0";
    let mut grant = rig.grant(&["sh", "-c", line]);
    let seen = rig.run(&grant).await.unwrap().report;
    assert_eq!(seen.stdout, "secretone\nas it was", "nothing is kept");
    std::fs::remove_file(rig.path("work/letters/two")).unwrap();
    std::fs::write(&notes, "as it was").unwrap();
    // To name what is above does not open what is kept.
    grant.touches = vec![Touch { path: rig.path("work"), access: Access::Write }];
    let kept = |name: &str, access| Kept { path: rig.path(name), access };
    grant.keep = vec![kept("work/letters", None), kept("work/notes", Some(Access::Read))];
    let seen = rig.run(&grant).await.unwrap().report;
    assert_eq!(seen.stdout, "as it was", "{}", seen.stderr);
    for why in ["letters/one: No such file", "letters/two: Read-only", "notes: Read-only"] {
        assert!(seen.stderr.contains(why), "{}", seen.stderr);
    }
    assert_eq!(std::fs::read_to_string(&letter).unwrap(), "secret");
    assert_eq!(std::fs::read_to_string(&notes).unwrap(), "as it was");
}

#[tokio::test]
async fn temporary_folders_hold_so_many_files_and_no_more() {
    let rig = Rig::new();
    let line = "i=0; while [ $i -lt 3000 ]; do : > /tmp/$i || exit 3; i=$((i + 1)); done";
    let mut grant = rig.grant(&["sh", "-c", line]);
    let ended = rig.run(&grant).await.unwrap();
    assert_eq!(ended.report.how, How::Exited(0), "with the usual bounds all of them fit");
    grant.limits.scratch_bytes = 4 << 20;
    let ended = rig.run(&grant).await.unwrap();
    assert_ne!(ended.report.how, How::Exited(0));
    assert!(ended.report.stderr.contains("No space left"), "{}", ended.report.stderr);
}
