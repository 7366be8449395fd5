//! A machine in memory with something of every kind to do, and samples of it for the exam.

use d1_core::{
    AbsolutePath, Action, Argv, Exec, Executor, File, FileChange, GroupMember, Manager, Output,
    PackageOperation, Packages, Resource, Service, ServiceChange, Shell, State, Stream,
    conformance::Examinee,
    memory::{MemoryMachine, Offer, Program},
};
use std::{collections::BTreeMap, sync::Arc};

/// More than two pieces of output, and something after them.
const MUCH: usize = 150_000;

/// A machine with something of every kind to do.
pub(crate) fn furnished() -> MemoryMachine {
    let machine = MemoryMachine::new();
    let offer = |name: &str| Offer::new(Manager::Apt, name.parse().unwrap(), "1.7.1-3");
    machine.offer(offer("libonig5"));
    machine.offer(Offer { depends: vec!["libonig5".parse().unwrap()], ..offer("libjq1") });
    machine.offer(Offer {
        depends: vec!["libjq1".parse().unwrap(), "libonig5".parse().unwrap()],
        commands: vec!["jq".parse().unwrap()],
        ..offer("jq")
    });
    machine.offer(Offer { services: vec!["docker".parse().unwrap()], ..offer("docker.io") });
    machine.add_group("docker".parse().unwrap());
    machine.add_user("ann".parse().unwrap());
    machine.add_service("ssh".parse().unwrap());
    machine.write(&path("/etc/motd"), b"welcome");
    machine.put(package("nano"), installed(true));
    machine.offer(offer("nano"));
    machine.teach("endless", Program::endless());
    machine.teach("fail", Program::failing(3, "as arranged\n"));
    machine.teach("talk", talk());
    machine
}

fn talk() -> Program {
    let mut program = Program::saying(&"all work and no play\n".repeat(MUCH / 20));
    program.output.insert(0, Output { stream: Stream::Stderr, bytes: b"warming up\n".to_vec() });
    program.output.push(Output { stream: Stream::Stdout, bytes: vec![0xff; 70_000] });
    program
}

/// What sits the exam: `executor`, which acts on `machine`.
pub(crate) fn examinee(machine: &Arc<MemoryMachine>, executor: Arc<dyn Executor>) -> Examinee {
    let observed = Arc::clone(machine);
    let stdout = talk().output.into_iter().filter(|piece| piece.stream == Stream::Stdout);
    Examinee {
        executor,
        observe: Arc::new(move || format!("{:#?}", observed.states())),
        reversible: reversible(),
        refused: refused(),
        talkative: Some((exec("talk"), stdout.flat_map(|piece| piece.bytes).collect())),
        failing: Some(exec("fail")),
        endless: Some(exec("endless")),
    }
}

fn reversible() -> Vec<Action> {
    let write = FileChange::Write { content: "{}".into(), mode: Some(0o600) };
    let file = |at: &str, change| Action::File(File { path: path(at), change });
    let (group, user) = ("docker".parse().unwrap(), "ann".parse().unwrap());
    vec![
        packages(PackageOperation::Install, &["jq"]),
        file("/etc/docker/daemon/conf.json", write),
        file("/etc/motd", FileChange::EnsureLine { line: "be kind".into() }),
        file("/etc/motd", FileChange::SetMode { mode: 0o600 }),
        packages(PackageOperation::Install, &["docker.io"]),
        Action::GroupMember(GroupMember { group, user, member: true }),
        service("docker", ServiceChange::Enable),
        service("docker", ServiceChange::Start),
        packages(PackageOperation::Remove, &["nano"]),
    ]
}

fn refused() -> Vec<Action> {
    let shell = Shell { script: "rm -r build".into(), env: BTreeMap::new() };
    let write = FileChange::Write { content: String::new(), mode: None };
    let (group, user) = ("nobodys".parse().unwrap(), "ann".parse().unwrap());
    let elsewhere = Packages {
        manager: Manager::Dnf,
        operation: PackageOperation::Install,
        names: vec!["jq".parse().unwrap()],
    };
    vec![
        Action::Shell(shell),
        Action::Packages(elsewhere),
        Action::RefreshIndex(Manager::Brew),
        packages(PackageOperation::Install, &["jqq"]),
        service("nothing", ServiceChange::Start),
        Action::GroupMember(GroupMember { group, user, member: true }),
        Action::File(File { path: path("/etc"), change: FileChange::Remove }),
        Action::File(File { path: path("/etc/motd/below"), change: write }),
        exec("nobody-has-this"),
    ]
}

pub(crate) fn packages(operation: PackageOperation, names: &[&str]) -> Action {
    let names = names.iter().map(|name| name.parse().unwrap()).collect();
    Action::Packages(Packages { manager: Manager::Apt, operation, names })
}

pub(crate) fn service(name: &str, change: ServiceChange) -> Action {
    Action::Service(Service { name: name.parse().unwrap(), change })
}

pub(crate) fn exec(program: &str) -> Action {
    let argv = Argv::new([program, "--now"]).unwrap();
    Action::Exec(Exec { argv, cwd: None, env: BTreeMap::new() })
}

pub(crate) fn path(path: &str) -> AbsolutePath {
    path.parse().unwrap()
}

pub(crate) fn package(name: &str) -> Resource {
    Resource::Package { manager: Manager::Apt, name: name.parse().unwrap() }
}

pub(crate) fn installed(automatic: bool) -> State {
    State::Installed { version: "1.7.1-3".into(), automatic }
}
