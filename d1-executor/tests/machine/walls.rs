//! The walls around the program of a step: what the step names, narrowed by the owner.

use crate::rig::Rig;
use d1_core::{
    AbsolutePath, Action, Argv, Effect, Ended, Exec, Executor as _, ExecutorError, Job, Outcome,
    Proposal, Resource, State, Step,
};
use d1_executor::{
    Confined, Demand, Given, Grant, Missing, Policy, Profile, SandboxBackend, SandboxError, Wall,
};
use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    os::fd::BorrowedFd,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;

fn exec(words: &[&str]) -> Action {
    let argv = Argv::new(words.iter().copied()).unwrap();
    Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() })
}

fn sh(line: &str) -> Action {
    exec(&["sh", "-c", line])
}

/// A step that does `action`, with this effect, and names these paths.
fn step(action: Action, effect: Effect, touches: &[&Path]) -> Step {
    let path = |path: &&Path| path.to_str().unwrap().parse::<AbsolutePath>().unwrap();
    let touches = touches.iter().map(path).collect();
    Step { effect, touches, ..Step::new("step".parse().unwrap(), "a step", action) }
}

async fn run(rig: &Rig, step: Step) -> Result<Ended, ExecutorError> {
    let job = rig.job(step.action.clone()).await;
    rig.run(&Job { step, ..job }).await
}

/// A folder of the machine beside every home, with a letter in it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir_in("/srv").unwrap();
    fs::write(folder.path().join("letter"), "dear").unwrap();
    // Whoever may see it may read it: only walls are in the way.
    let open = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode;
    fs::set_permissions(folder.path(), open(0o755)).unwrap();
    folder
}

/// A rig whose machine is the machine.
fn this_machine(policy: &str) -> Rig {
    Rig::of_this_machine(Policy::parse(policy, "").unwrap())
}

fn why(ended: &Ended) -> (&str, &str) {
    ended.problem.as_ref().map_or(("", ""), |problem| (&problem.code, &problem.title))
}

#[tokio::test]
async fn what_a_step_does_not_name_is_not_there_and_the_step_and_the_path_are_told() {
    let (rig, folder) = (this_machine(""), folder());
    let letter = folder.path().join("letter");
    let cat = || exec(&["cat", letter.to_str().unwrap()]);
    for effect in [Effect::Read, Effect::Write] {
        let ended = run(&rig, step(cat(), effect, &[])).await.unwrap();
        assert_eq!(ended.outcome, Outcome::Failed);
        let title = format!("`a step` reached for `{}`, which it does not name", letter.display());
        assert_eq!(why(&ended), ("D1-BOX-006", title.as_str()));
        let ended = run(&rig, step(cat(), effect, &[folder.path()])).await.unwrap();
        assert_eq!((ended.outcome, ended.stdout.as_str()), (Outcome::Succeeded, "dear"));
    }
}

#[tokio::test]
async fn a_step_changes_what_it_names_and_one_that_only_looks_changes_nothing() {
    let (rig, folder) = (this_machine(""), folder());
    let new = folder.path().join("new");
    let touch = || exec(&["touch", new.to_str().unwrap()]);
    let ended = run(&rig, step(touch(), Effect::Read, &[folder.path()])).await.unwrap();
    let title = format!("`a step` tried to change `{}`, which it does not name", new.display());
    assert_eq!(why(&ended), ("D1-BOX-006", title.as_str()));
    assert!(!new.exists());
    let ended = run(&rig, step(touch(), Effect::Write, &[folder.path()])).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Succeeded, "{:?}", ended.problem);
    assert!(new.exists());
}

#[tokio::test]
async fn a_failure_that_no_wall_had_a_part_in_is_not_blamed_on_one() {
    let (rig, folder) = (this_machine(""), folder());
    let gone = folder.path().join("gone/there");
    let cat = exec(&["cat", gone.to_str().unwrap()]);
    let ended = run(&rig, step(cat, Effect::Write, &[folder.path()])).await.unwrap();
    assert_eq!(why(&ended), ("D1-EXEC-001", "`a step` ended with exit code 1"));
}

#[tokio::test]
async fn a_step_that_writes_works_in_the_home_and_does_not_see_what_is_secret_there() {
    let rig = this_machine("");
    fs::create_dir(rig.path("/home/project")).unwrap();
    rig.write("/home/.ssh/id", "key");
    let line = "cat ~/.ssh/id; echo made > ~/project/new";
    let ended = run(&rig, step(sh(line), Effect::Write, &[])).await.unwrap();
    assert_eq!((ended.outcome, ended.stdout.as_str()), (Outcome::Succeeded, ""));
    assert_eq!(rig.read("/home/project/new"), "made\n");
    let looks = run(&rig, step(sh("ls -A ~/project"), Effect::Read, &[])).await.unwrap();
    assert_eq!((looks.outcome, looks.stdout.as_str()), (Outcome::Failed, ""));
}

#[tokio::test]
async fn a_step_that_names_no_host_has_no_network() {
    let rig = this_machine("");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let call = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    assert!(std::process::Command::new("bash").args(["-c", &call]).status().unwrap().success());
    let ended = run(&rig, step(exec(&["bash", "-c", &call]), Effect::Write, &[])).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Failed);
}

#[tokio::test]
async fn the_receipt_tells_every_wall_and_names_the_grant_the_policy_decided_on() {
    let rig = this_machine("default = 'ask'");
    let denied = run(&rig, step(exec(&["id", "-u"]), Effect::Read, &[])).await.unwrap_err();
    let ExecutorError::Refused(problem) = denied else { panic!("{denied}") };
    let digest = problem.next[0].strip_prefix("d1-doctor policy approve ").unwrap();
    let rig = this_machine("");
    let ended = run(&rig, step(exec(&["id", "-u"]), Effect::Read, &[])).await.unwrap();
    assert_eq!(ended.isolation.summary(), "full", "{:?}", ended.isolation);
    assert_eq!(ended.isolation.profile, "diagnose");
    let without_network = Wall::ALL.into_iter().filter(|wall| *wall != Wall::Egress);
    assert_eq!(ended.isolation.layers.len(), without_network.count());
    assert_eq!(ended.grant.unwrap().to_string().len(), digest.len());
    assert_ne!(ended.stdout.trim(), "0", "it runs as a user of its own");
    let again = run(&rig, step(exec(&["id", "-u"]), Effect::Read, &[])).await.unwrap();
    assert_eq!(ended.grant, again.grant, "the same step is the same grant");
    let other = run(&rig, step(exec(&["id", "-u"]), Effect::Write, &[])).await.unwrap();
    assert_ne!(ended.grant, other.grant);
}

#[tokio::test]
async fn a_yes_to_what_a_plan_showed_is_a_yes_to_what_runs() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("policy.toml");
    fs::write(&path, "default = 'ask'\n").unwrap();
    let (rig, folder) = (Rig::of_this_machine(Policy::read(&path, None).unwrap()), folder());
    let step = step(exec(&["ls", "-A"]), Effect::Read, &[folder.path()]);
    let shown = rig.machine.preview(&Proposal::from(&step)).await.unwrap().blocked.unwrap();
    let digest = shown.next[0].strip_prefix("d1-doctor policy approve ").unwrap();
    fs::write(place.path().join("approved"), format!("{digest}\n")).unwrap();
    let ended = run(&rig, step.clone()).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Succeeded);
    assert_eq!(ended.grant.unwrap().to_string(), digest);
    let more = Step { touches: Vec::new(), ..step };
    let ExecutorError::Refused(problem) = run(&rig, more).await.unwrap_err() else { panic!() };
    assert_eq!(problem.code, "D1-POL-003", "another grant needs another yes");
}

#[tokio::test]
async fn a_folder_that_a_step_names_is_made_and_is_part_of_the_receipt() {
    let rig = this_machine("");
    let named = step(sh("echo x > ~/.tool/bin/new"), Effect::Write, &[Path::new("~/.tool/bin")]);
    let job = rig.job(named.action.clone()).await;
    let job = Job { step: named, ..job };
    let ended = rig.run(&job).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Succeeded, "{:?}", ended.problem);
    let made: Vec<_> = ended.changes.iter().map(|change| change.resource.clone()).collect();
    let folder = |path: &str| Resource::File(path.parse().unwrap());
    assert_eq!(made, [folder("~/.tool"), folder("~/.tool/bin")]);
    assert!(ended.changes.iter().all(|change| change.before == State::Absent));
    fs::remove_file(rig.path("/home/.tool/bin/new")).unwrap();
    let undone = rig.undo(&(job, ended)).await;
    assert_eq!(undone.outcome, Outcome::Succeeded);
    assert!(!rig.path("/home/.tool").exists());
}

#[tokio::test]
async fn the_owner_narrows_what_a_step_may_name() {
    let folder = folder();
    let rig = this_machine("touch = ['/srv/other']");
    let job = step(exec(&["true"]), Effect::Write, &[folder.path()]);
    let ExecutorError::Refused(problem) = run(&rig, job).await.unwrap_err() else { panic!() };
    assert_eq!(problem.code, "D1-POL-006");
    let rig = this_machine("profiles = ['diagnose']");
    let job = |effect| step(exec(&["true"]), effect, &[]);
    assert_eq!(run(&rig, job(Effect::Read)).await.unwrap().outcome, Outcome::Succeeded);
    let ExecutorError::Refused(problem) = run(&rig, job(Effect::Write)).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(problem.code, "D1-POL-006");
}

/// A sandbox of a machine on which a wall cannot be put up.
#[derive(Debug)]
struct Breached {
    whole: Arc<dyn SandboxBackend>,
    started: AtomicUsize,
}

impl SandboxBackend for Breached {
    fn missing(&self) -> Result<Missing, SandboxError> {
        Ok(Missing::from([(Wall::Landlock, "this kernel has none".to_owned())]))
    }

    fn would_start(&self, _profile: Profile, demand: Demand) -> Result<(), SandboxError> {
        let why = "this kernel has none".to_owned();
        match demand {
            Demand::Required => Err(SandboxError::Missing { wall: Wall::Landlock, why }),
            Demand::BestEffort => Ok(()),
        }
    }

    fn given(&self, grant: &Grant, path: &Path) -> Result<Given, SandboxError> {
        self.whole.given(grant, path)
    }

    fn start(
        &self,
        grant: &Grant,
        stdout: BorrowedFd<'_>,
        stderr: BorrowedFd<'_>,
    ) -> Result<Box<dyn Confined>, SandboxError> {
        self.would_start(grant.profile, grant.demand)?;
        self.started.fetch_add(1, Ordering::Relaxed);
        self.whole.start(grant, stdout, stderr)
    }
}

#[tokio::test]
async fn where_a_wall_is_missing_no_step_runs_unless_the_administrator_says_so() {
    let action = || exec(&["true"]);
    let breach = |policy: &str| {
        Rig::behind(Policy::parse(policy, "").unwrap(), |whole| {
            Some(Arc::new(Breached { whole, started: AtomicUsize::new(0) }))
        })
    };
    let rig = breach("");
    let shown = rig.preview(&action()).await.blocked.unwrap();
    let ExecutorError::Refused(problem) =
        run(&rig, step(action(), Effect::Read, &[])).await.unwrap_err()
    else {
        panic!("it ran")
    };
    assert_eq!((problem.code.as_str(), shown.code.as_str()), ("D1-BOX-001", "D1-BOX-001"));
    assert_eq!(problem.title, "the sandbox has no landlock here: this kernel has none");
    assert!(problem.next[1].contains("best_effort = true"), "{:?}", problem.next);
    let rig = breach("best_effort = true");
    let ended = run(&rig, step(action(), Effect::Read, &[])).await.unwrap();
    assert_eq!(ended.outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn on_a_system_without_any_sandbox_no_step_runs_unless_the_administrator_says_so() {
    let bare = |policy: &str| Rig::behind(Policy::parse(policy, "").unwrap(), |_whole| None);
    let job = || step(exec(&["true"]), Effect::Read, &[]);
    let ExecutorError::Refused(problem) = run(&bare(""), job()).await.unwrap_err() else {
        panic!("it ran")
    };
    assert_eq!(problem.code, "D1-BOX-005");
    let ended = run(&bare("best_effort = true"), job()).await.unwrap();
    assert_eq!((ended.outcome, ended.isolation.summary()), (Outcome::Succeeded, "none"));
    assert!(ended.isolation.layers.iter().all(|layer| !layer.why_not.is_empty()));
    assert_eq!(ended.isolation.profile, "diagnose");
}

#[tokio::test]
async fn what_a_step_names_by_a_link_is_refused_and_its_target_is_named() {
    let (rig, folder) = (this_machine(""), folder());
    let link: PathBuf = rig.path("/home/link");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    let job = step(exec(&["true"]), Effect::Write, &[&link]);
    let ExecutorError::Refused(problem) = run(&rig, job).await.unwrap_err() else { panic!() };
    assert_eq!(problem.code, "D1-BOX-003");
    assert!(problem.title.contains("it leads to"), "{problem:?}");
}
