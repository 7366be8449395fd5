//! Every modelled manager, end to end, against a fake program on the search path that
//! keeps a small world of packages. No real machine of these kinds was used.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use d1_core::{
    Answer, Change, Ended, Manager, Outcome, PackageOperation, Packages, Presence, ProbeAnswer,
    Query, Resource, State, Stop, SystemClock,
};
use d1_executor::{Goal, Host, Modelled, PackageManager as _, ProcessTool, Run};
use std::{
    collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::PathBuf, sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;

/// What every fake begins with: a world kept in files, and words to change it.
const COMMON: &str = r#"
known() { case "$1" in jq|oniguruma|jqlang.jq|local) true ;; *) false ;; esac; }
version() { case "$1" in oniguruma) echo 6.9.9 ;; *) echo 1.7.1 ;; esac; }
add() { echo manual > "$world/installed/$1"; }
add_auto() { [ -e "$world/installed/$1" ] || echo auto > "$world/installed/$1"; }
drop() { rm "$world/installed/$1"; }
mark() { case "$1" in --asdeps|--no-*) echo auto ;; *) echo manual ;; esac > "$world/installed/$2"; }
marked() { for p in "$world"/installed/*; do [ -e "$p" ] && [ "$(cat "$p")" = "$1" ] && echo "${p##*/}"; done; true; }
wanted() { marked manual; }
automatic() { marked auto; }
after_dashes() { while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done; shift; echo "$@"; }
"#;

struct World {
    dir: tempfile::TempDir,
    manager: Modelled,
    kind: Manager,
}

impl World {
    fn of(kind: Manager) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for folder in ["installed", "bin", "spool"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let shown = root.display();
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
        let own = fs::read_to_string(here.join("fakes").join(format!("{kind}.sh"))).unwrap();
        let fixtures = here.join("fixtures");
        for program in [kind.as_str(), "rpm"] {
            let script = format!(
                "#!/bin/sh\nprogram={program}\nworld={shown}\nroot={shown}\nfixtures={}\necho \"$program $*\" >> {shown}/log\n{COMMON}\n{own}",
                fixtures.display()
            );
            let file = root.join("bin").join(program);
            fs::write(&file, script).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let host = Host {
            root: root.to_path_buf(),
            path: format!("{shown}/bin:/usr/bin:/bin"),
            env: BTreeMap::new(),
            is_root: true,
            clock: Arc::new(SystemClock::new()),
        };
        let manager = Modelled::new(kind, host, Arc::new(ProcessTool::default())).unwrap();
        Self { dir, manager, kind }
    }

    /// The package of this test, as this manager calls it.
    fn jq(&self) -> &'static str {
        if self.kind == Manager::Winget { "jqlang.jq" } else { "jq" }
    }

    fn install(&self, name: &str) -> Packages {
        let names = vec![name.parse().unwrap()];
        Packages { manager: self.kind, operation: PackageOperation::Install, names }
    }

    fn installed(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.dir.path().join("installed")).unwrap().flatten();
        let pair = |entry: fs::DirEntry| {
            (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
        };
        entries.map(pair).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    fn came(&self, name: &str, automatic: bool) -> Change {
        let version = if name == "oniguruma" { "6.9.9" } else { "1.7.1" };
        let release = if self.kind == Manager::Apk { "-r0" } else { "" };
        Change {
            resource: Resource::Package { manager: self.kind, name: name.parse().unwrap() },
            before: State::Absent,
            after: State::Installed { version: format!("{version}{release}"), automatic },
        }
    }

    /// Runs a job with all that it needs.
    async fn job<'a, T>(&'a self, work: impl AsyncFnOnce(&'a Modelled, Run<'_>) -> T) -> T {
        let (output, _reader) = mpsc::channel(10_000);
        let (stop, spool) = (Stop::new(), self.dir.path().join("spool"));
        let run = Run {
            output: &output,
            stop: &stop,
            interruptible: false,
            timeout: Duration::from_secs(60),
            grace: Duration::from_secs(1),
            spool: &spool,
            name: &d1_core::TaskId::generate().to_string(),
            hosts: &[],
        };
        work(&self.manager, run).await
    }

    async fn apply(&self, wanted: &Packages) -> Ended {
        self.job(async |manager, run| manager.apply(wanted, &run).await.unwrap()).await
    }
}

fn code(ended: &Ended) -> String {
    ended.problem.as_ref().map_or("no problem".into(), ToString::to_string)
}

async fn comes_and_goes(kind: Manager) {
    let world = World::of(kind);
    let before = world.installed();
    assert!(world.manager.available());
    let wanted = world.install(world.jq());
    let preview = world.manager.preview(&wanted).await.unwrap();
    assert_eq!((preview.presence, &preview.blocked), (Presence::Absent, &None), "{kind}");
    assert!(!preview.changes.is_empty(), "{kind}");
    assert_eq!(world.installed(), before, "{kind}: a preview changes nothing");

    let baseline = world.manager.prepare().await.unwrap();
    let done = world.apply(&wanted).await;
    assert_eq!((done.outcome, code(&done)), (Outcome::Succeeded, "no problem".into()), "{kind}");
    let mut expected = vec![world.came(world.jq(), false)];
    if kind != Manager::Winget {
        expected.push(world.came("oniguruma", true));
    }
    assert_eq!(done.changes, expected, "{kind}");
    assert_eq!(world.apply(&wanted).await.outcome, Outcome::NoChange, "{kind}");
    let probed = world
        .job(async |manager, run| {
            manager.probe(Goal::Packages(&wanted), &baseline, &run).await.unwrap()
        })
        .await;
    assert_eq!((probed.answer, probed.changes), (ProbeAnswer::Done, expected), "{kind}");

    let undone = world
        .job(async |manager, run| manager.revert(&done.changes, &[], &run).await.unwrap())
        .await;
    assert_eq!(
        (undone.outcome, code(&undone)),
        (Outcome::Succeeded, "no problem".into()),
        "{kind}"
    );
    assert_eq!(undone.kept, Vec::<String>::new(), "{kind}");
    assert_eq!(world.installed(), before, "{kind}");
    assert!(!world.log().contains("pacman -Sy"), "never a refresh without an upgrade");
}

async fn answers_and_refuses(kind: Manager) {
    let world = World::of(kind);
    let package = |name: &str| Query::Package { manager: kind, name: name.parse().unwrap() };
    let provides = Query::Provides { manager: kind, command: "jq".parse().unwrap() };
    let answers = world.manager.answer(&[package(world.jq()), package("nothing"), provides]).await;
    let names = |answer: &Answer| {
        let Answer::Packages(found) = answer else { panic!("{kind}: {answer:?}") };
        found.iter().map(|entry| entry.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&answers[0]), [world.jq()], "{kind}");
    assert_eq!(names(&answers[1]), Vec::<String>::new(), "{kind}");
    assert_eq!(names(&answers[2]), [world.jq()], "{kind}");

    let before = world.installed();
    let ended = world.apply(&world.install("nothing")).await;
    let expected = format!("D1-{}-002", kind.as_str().to_uppercase());
    assert_eq!((ended.outcome, ended.problem.unwrap().code), (Outcome::Failed, expected), "{kind}");
    assert_eq!(world.installed(), before, "{kind}");

    let refreshed = world.job(async |manager, run| manager.refresh(&run).await.unwrap()).await;
    if kind == Manager::Pacman {
        assert_eq!(refreshed.problem.unwrap().code, "D1-PACMAN-016");
    } else {
        assert_eq!(refreshed.outcome, Outcome::Succeeded, "{kind}: {:?}", refreshed.problem);
    }
}

macro_rules! managers {
    ($($name:ident: $kind:ident;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn a_package_comes_and_goes_with_what_it_brought() {
                comes_and_goes(Manager::$kind).await;
            }

            #[tokio::test]
            async fn the_index_answers_and_an_unknown_name_changes_nothing() {
                answers_and_refuses(Manager::$kind).await;
            }
        }
    )*};
}

managers! {
    dnf: Dnf;
    pacman: Pacman;
    zypper: Zypper;
    apk: Apk;
    brew: Brew;
    winget: Winget;
}

#[tokio::test]
async fn what_was_there_before_stays_when_it_is_taken_back() {
    let world = World::of(Manager::Pacman);
    fs::write(world.dir.path().join("installed/oniguruma"), "auto\n").unwrap();
    let before = world.installed();
    let done = world.apply(&world.install("jq")).await;
    assert_eq!(done.changes, [world.came("jq", false)]);
    let undone = world
        .job(async |manager, run| manager.revert(&done.changes, &[], &run).await.unwrap())
        .await;
    assert_eq!(undone.outcome, Outcome::Succeeded);
    assert_eq!(world.installed(), before);
}

#[tokio::test]
async fn a_package_that_came_for_others_is_marked_as_wanted_and_back() {
    let world = World::of(Manager::Pacman);
    fs::write(world.dir.path().join("installed/oniguruma"), "auto\n").unwrap();
    let before = world.installed();
    let done = world.apply(&world.install("oniguruma")).await;
    assert_eq!(done.outcome, Outcome::Succeeded);
    assert_eq!(done.changes.len(), 1);
    assert_ne!(world.installed(), before);
    world.job(async |manager, run| manager.revert(&done.changes, &[], &run).await.unwrap()).await;
    assert_eq!(world.installed(), before);
}

#[tokio::test]
async fn a_name_that_could_mean_more_is_refused_before_anything_is_asked() {
    for (kind, name) in [
        (Manager::Dnf, "x@group"),
        (Manager::Apk, "jq@edge"),
        (Manager::Brew, "user/tap/jq"),
        (Manager::Pacman, "core/jq"),
    ] {
        let world = World::of(kind);
        let problem = world.manager.preview(&world.install(name)).await.unwrap().blocked.unwrap();
        assert_eq!(problem.code, format!("D1-{}-014", kind.as_str().to_uppercase()));
        assert!(!world.log().contains(name), "{}", world.log());
    }
}
