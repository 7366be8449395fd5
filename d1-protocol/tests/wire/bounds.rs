//! Every bound there is: so much is taken, and one more is refused with the name of the field.

use d1_core::*;
use d1_protocol::{
    WireError, decode_from_device, decode_to_device, encode_from_device, encode_to_device,
};
use std::collections::BTreeMap;

const LINE: usize = 4 * 1024;
const TEXT: usize = 64 * 1024;

/// What is bounded, by how much, and a message that holds so much of it.
struct Bound {
    field: &'static str,
    max: usize,
    make: fn(usize) -> Word,
}

enum Word {
    Order(ToDevice),
    Report(FromDevice),
}

impl Word {
    /// There and, when it is taken, the same.
    fn pass(&self) -> Result<(), WireError> {
        match self {
            Self::Order(order) => {
                assert_eq!(&decode_to_device(encode_to_device(order).unwrap())?, order);
            }
            Self::Report(report) => {
                assert_eq!(&decode_from_device(encode_from_device(report).unwrap())?, report);
            }
        }
        Ok(())
    }
}

const fn bound(field: &'static str, max: usize, make: fn(usize) -> Word) -> Bound {
    Bound { field, max, make }
}

fn x(length: usize) -> String {
    "x".repeat(length)
}

fn names<T: std::str::FromStr<Err: std::fmt::Debug>>(count: usize) -> Vec<T> {
    (0..count).map(|number| format!("n{number}").parse().unwrap()).collect()
}

fn env(count: usize) -> BTreeMap<String, String> {
    (0..count).map(|number| (format!("N{number}"), String::new())).collect()
}

fn queries(count: usize) -> Vec<Query> {
    names(count).into_iter().map(Query::Command).collect()
}

fn decision(host: usize, address: usize) -> NetworkDecision {
    NetworkDecision {
        ask: NetworkAsk::Connection,
        host: x(host),
        address: x(address),
        port: 443,
        allowed: true,
        reason: None,
        times: 1,
        sent: 1,
        received: 1,
    }
}

fn resource() -> Resource {
    Resource::File("/x".parse().unwrap())
}

fn changes(count: usize) -> Vec<Change> {
    let change = Change { resource: resource(), before: State::Absent, after: State::Present };
    vec![change; count]
}

fn run(change: impl FnOnce(&mut TaskCommand)) -> Word {
    let mut order = conformance::an_order();
    change(&mut order);
    Word::Order(ToDevice::Run(Box::new(order)))
}

fn act(action: Action) -> Word {
    let request = RequestId::generate();
    Word::Order(ToDevice::Preview { request, proposals: vec![action.into()] })
}

fn propose(change: impl FnOnce(&mut Proposal)) -> Word {
    let mut what = Proposal::from(Action::RefreshIndex(Manager::Apt));
    change(&mut what);
    Word::Order(ToDevice::Preview { request: RequestId::generate(), proposals: vec![what] })
}

fn exec(count: usize) -> Action {
    Action::Exec(Exec { argv: Argv::new(["x"]).unwrap(), cwd: None, env: env(count) })
}

fn shell(script: usize, variables: usize) -> Action {
    Action::Shell(Shell { script: x(script), env: env(variables) })
}

fn file(change: FileChange) -> Word {
    act(Action::File(File { path: "/x".parse().unwrap(), change }))
}

fn revert(changes: Vec<Change>) -> Word {
    act(Action::Revert(Revert { task: TaskId::generate(), changes }))
}

fn state(after: State) -> Word {
    revert(vec![Change { resource: resource(), before: State::Absent, after }])
}

fn problem(change: impl FnOnce(&mut Problem)) -> Word {
    let mut problem = Problem::new("D1-TEST-001", Category::Task, "it is a test");
    change(&mut problem);
    Word::Order(ToDevice::Error(problem))
}

fn finished(change: impl FnOnce(&mut TaskResult)) -> Word {
    let mut result = TaskResult::not_started(TaskId::generate(), 1, 1, Outcome::Failed);
    change(&mut result);
    Word::Report(FromDevice::Finished(Box::new(result)))
}

fn receipt(change: impl FnOnce(&mut Receipt)) -> Word {
    let order = conformance::an_order();
    let mut receipt = Receipt {
        task: order.task,
        setup: order.setup,
        attempt: 1,
        at: Timestamp(0),
        changes: Vec::new(),
        relies_on: Vec::new(),
        opaque: false,
        kept: Vec::new(),
        reverts: None,
        manifest: Manifest::default(),
        isolation: IsolationReport::default(),
        grant: None,
    };
    change(&mut receipt);
    finished(|result| result.receipt = Some(receipt))
}

fn layer(name: usize, why_not: usize) -> Layer {
    Layer { name: x(name), in_force: false, why_not: x(why_not) }
}

fn facts(change: impl FnOnce(&mut Facts)) -> Word {
    let mut facts = Facts::bare(Os::Linux);
    change(&mut facts);
    Word::Report(FromDevice::Facts { request: RequestId::generate(), facts: Box::new(facts) })
}

fn distro(change: impl FnOnce(&mut Distro)) -> Word {
    let mut distro = Distro::default();
    change(&mut distro);
    facts(|facts| facts.distro = Some(distro))
}

fn answer(answer: Answer) -> Word {
    facts(|facts| facts.answers.insert(queries(1).remove(0), answer))
}

fn entry(change: impl FnOnce(&mut IndexEntry)) -> Word {
    let name = "x".parse().unwrap();
    let (version, summary) = (String::new(), String::new());
    let mut entry = IndexEntry { name, version, installed: None, summary };
    change(&mut entry);
    answer(Answer::Packages(vec![entry]))
}

fn preview(change: impl FnOnce(&mut Preview)) -> Word {
    let mut preview = Preview::present();
    change(&mut preview);
    previews(vec![preview])
}

fn previews(previews: Vec<Preview>) -> Word {
    Word::Report(FromDevice::Previews { request: RequestId::generate(), previews })
}

fn hello(change: impl FnOnce(&mut Hello)) -> Word {
    let mut hello = Hello {
        device: DeviceId::generate(),
        protocol_min: 1,
        protocol_max: 1,
        version: String::new(),
        facts: Facts::bare(Os::Linux),
        epochs: Vec::new(),
        seal: None,
    };
    change(&mut hello);
    Word::Report(FromDevice::Hello(Box::new(hello)))
}

const LISTS: &[Bound] = &[
    bound("Packages.names", 256, |n| {
        let (manager, operation) = (Manager::Apt, PackageOperation::Remove);
        act(Action::Packages(Packages { manager, operation, names: names(n) }))
    }),
    bound("Exec.env", 256, |n| act(exec(n))),
    bound("Shell.env", 256, |n| act(shell(1, n))),
    bound("TaskCommand.env", 256, |n| run(|order| order.step.action = shell(1, n))),
    bound("TaskCommand.touches", 256, |n| {
        run(|order| order.step.touches = vec!["/x".parse().unwrap(); n])
    }),
    bound("TaskCommand.network", 256, |n| run(|order| order.step.network = names(n))),
    bound("TaskCommand.depends_on", 256, |n| run(|order| order.step.depends_on = names(n))),
    bound("TaskCommand.resource_keys", 256, |n| run(|order| order.step.resource_keys = names(n))),
    bound("Revert.changes", 4096, |n| revert(changes(n))),
    bound("Ask.queries", 1024, |n| {
        Word::Order(ToDevice::Ask { request: RequestId::generate(), queries: queries(n) })
    }),
    bound("PreviewRequest.actions", 256, |n| {
        let proposals = vec![Action::RefreshIndex(Manager::Apt).into(); n];
        Word::Order(ToDevice::Preview { request: RequestId::generate(), proposals })
    }),
    bound("Claims.touches", 256, |n| propose(|what| what.touches = vec!["/x".parse().unwrap(); n])),
    bound("Claims.network", 256, |n| propose(|what| what.network = names(n))),
    bound("Problem.next", 256, |n| problem(|problem| problem.next = vec![x(1); n])),
    bound("Receipt.changes", 4096, |n| receipt(|receipt| receipt.changes = changes(n))),
    bound("Manifest.items", 256, |n| {
        let item = Item { kind: Notable::User, what: x(1) };
        receipt(|receipt| receipt.manifest.items = vec![item.clone(); n])
    }),
    bound("Receipt.relies_on", 4096, |n| {
        receipt(|receipt| receipt.relies_on = vec![resource(); n])
    }),
    bound("Receipt.kept", 4096, |n| receipt(|receipt| receipt.kept = vec![x(1); n])),
    bound("IsolationReport.layers", 64, |n| {
        receipt(|receipt| receipt.isolation.layers = vec![layer(1, 1); n])
    }),
    bound("NetworkUse.decisions", 512, |n| {
        receipt(|receipt| receipt.isolation.network.decisions = vec![decision(1, 1); n])
    }),
    bound("Preview.changes", 4096, |n| preview(|preview| preview.changes = changes(n))),
    bound("Preview.warnings", 256, |n| preview(|preview| preview.warnings = vec![x(1); n])),
    bound("Preview.hosts", 256, |n| preview(|preview| preview.hosts = names(n))),
    bound("Answer.registry.hosts", 256, |n| {
        answer(Answer::Registry { hosts: names(n), folders: Vec::new() })
    }),
    bound("Answer.registry.folders", 256, |n| {
        let folders = vec!["/x".parse().unwrap(); n];
        answer(Answer::Registry { hosts: Vec::new(), folders })
    }),
    bound("PreviewReply.previews", 256, |n| previews(vec![Preview::present(); n])),
    bound("Distro.like", 32, |n| distro(|distro| distro.like = vec![x(1); n])),
    bound("Facts.managers", 32, |n| {
        let manager = ManagerFacts { manager: Manager::Apt, index_age_seconds: None };
        facts(|facts| facts.managers = vec![manager; n])
    }),
    bound("Answer.packages", 1024, |n| {
        let entry = |name| IndexEntry { name, version: x(1), installed: None, summary: x(1) };
        answer(Answer::Packages(names(n).into_iter().map(entry).collect()))
    }),
    bound("Hello.epochs", 4096, |n| {
        hello(|hello| hello.epochs = vec![(SetupId::generate(), 1); n])
    }),
    bound("Lease.task_ids", 4096, |n| Word::Report(FromDevice::Lease(vec![TaskId::generate(); n]))),
];

const LINES: &[Bound] = &[
    bound("Welcome.version", LINE, |n| {
        let (protocol, version, server_time) = (1, x(n), Timestamp(0));
        Word::Order(ToDevice::Welcome(Welcome { protocol, version, server_time }))
    }),
    bound("TaskCommand.traceparent", LINE, |n| run(|order| order.traceparent = Some(x(n)))),
    bound("State.installed.version", LINE, |n| {
        state(State::Installed { version: x(n), automatic: true })
    }),
    bound("State.config_files.version", LINE, |n| state(State::ConfigFiles { version: x(n) })),
    bound("State.broken.version", LINE, |n| state(State::Broken { version: x(n), status: x(1) })),
    bound("State.broken.status", LINE, |n| state(State::Broken { version: x(1), status: x(n) })),
    bound("Problem.code", LINE, |n| problem(|problem| problem.code = x(n))),
    bound("Hello.version", LINE, |n| hello(|hello| hello.version = x(n))),
    bound("Facts.arch", LINE, |n| facts(|facts| facts.arch = x(n))),
    bound("UserFacts.name", LINE, |n| facts(|facts| facts.user.name = x(n))),
    bound("Distro.id", LINE, |n| distro(|distro| distro.id = x(n))),
    bound("Distro.like", LINE, |n| distro(|distro| distro.like = vec![x(n)])),
    bound("Distro.version", LINE, |n| distro(|distro| distro.version = x(n))),
    bound("Distro.codename", LINE, |n| distro(|distro| distro.codename = x(n))),
    bound("Distro.name", LINE, |n| distro(|distro| distro.name = x(n))),
    bound("IndexEntry.version", LINE, |n| entry(|entry| entry.version = x(n))),
    bound("IndexEntry.installed", LINE, |n| entry(|entry| entry.installed = Some(x(n)))),
    bound("IndexEntry.summary", LINE, |n| entry(|entry| entry.summary = x(n))),
    bound("Answer.command.path", LINE, |n| answer(Answer::Command(Some(x(n))))),
    bound("IsolationReport.profile", LINE, |n| receipt(|receipt| receipt.isolation.profile = x(n))),
    bound("NetworkDecision.host", LINE, |n| {
        receipt(|receipt| receipt.isolation.network.decisions = vec![decision(n, 1)])
    }),
    bound("NetworkDecision.address", LINE, |n| {
        receipt(|receipt| receipt.isolation.network.decisions = vec![decision(1, n)])
    }),
    bound("NetworkUse.proxy", LINE, |n| receipt(|it| it.isolation.network.proxy = x(n))),
    bound("NetworkUse.closed", LINE, |n| receipt(|it| it.isolation.network.closed = x(n))),
    bound("Layer.name", LINE, |n| receipt(|receipt| receipt.isolation.layers = vec![layer(n, 1)])),
];

const TEXTS: &[Bound] = &[
    bound("TaskCommand.title", TEXT, |n| run(|order| order.step.title = x(n))),
    bound("TaskCommand.warning", TEXT, |n| run(|order| order.step.warning = x(n))),
    bound("Undo.partial", TEXT, |n| run(|order| order.step.undo = Undo::Partial(x(n)))),
    bound("Undo.none", TEXT, |n| run(|order| order.step.undo = Undo::None(x(n)))),
    bound("State.link.target", TEXT, |n| state(State::Link { target: x(n) })),
    bound("Problem.title", TEXT, |n| problem(|problem| problem.title = x(n))),
    bound("Problem.cause", TEXT, |n| problem(|problem| problem.cause = x(n))),
    bound("Problem.state", TEXT, |n| problem(|problem| problem.state = x(n))),
    bound("Problem.next", TEXT, |n| problem(|problem| problem.next = vec![x(n)])),
    bound("TaskResult.stdout", TEXT, |n| finished(|result| result.stdout = x(n))),
    bound("TaskResult.stderr", TEXT, |n| finished(|result| result.stderr = x(n))),
    bound("ProbeAnswer.unknown", TEXT, |n| {
        finished(|result| result.probe = Some(ProbeAnswer::Unknown(x(n))))
    }),
    bound("Receipt.kept", TEXT, |n| receipt(|receipt| receipt.kept = vec![x(n)])),
    bound("Layer.why_not", TEXT, |n| {
        receipt(|receipt| receipt.isolation.layers = vec![layer(1, n)])
    }),
    bound("Preview.warnings", TEXT, |n| preview(|preview| preview.warnings = vec![x(n)])),
    bound("Presence.unknown", TEXT, |n| {
        preview(|preview| preview.presence = Presence::Unknown(x(n)))
    }),
    bound("Answer.unknown", TEXT, |n| answer(Answer::Unknown(x(n)))),
    bound("Confirm.what", TEXT, |n| {
        Word::Report(FromDevice::Confirm { task: TaskId::generate(), what: x(n), here: false })
    }),
    bound("OutputChunk.data", OutputChunk::MAX_BYTES, |n| {
        let output = Output { stream: Stream::Stderr, bytes: vec![0xff; n] };
        let task = TaskId::generate();
        Word::Report(FromDevice::Output(OutputChunk { task, attempt: 1, seq: 1, output }))
    }),
    bound("Shell.script", File::MAX_BYTES, |n| act(shell(n, 0))),
    bound("TaskCommand.command", File::MAX_BYTES, |n| run(|order| order.step.action = shell(n, 0))),
    bound("File.write.content", File::MAX_BYTES, |n| {
        file(FileChange::Write { content: x(n), mode: None })
    }),
    bound("File.ensure_line.line", File::MAX_BYTES, |n| {
        file(FileChange::EnsureLine { line: x(n) })
    }),
];

#[test]
fn every_list_takes_so_many_and_not_one_more() {
    for Bound { field, max, make } in LISTS {
        make(*max).pass().unwrap();
        let error = make(max + 1).pass().unwrap_err();
        let WireError::TooMany { field: named, given, max: most } = error else {
            panic!("{field}: {error}")
        };
        assert_eq!((named, given, most), (*field, max + 1, *max));
    }
}

#[test]
fn every_text_takes_so_much_and_not_one_byte_more() {
    for Bound { field, max, make } in LINES.iter().chain(TEXTS) {
        make(*max).pass().unwrap();
        let error = make(max + 1).pass().unwrap_err();
        let WireError::TooLong { field: named, given, max: most } = error else {
            panic!("{field}: {error}")
        };
        assert_eq!((named, given, most), (*field, max + 1, *max));
    }
}
