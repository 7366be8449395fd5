//! Arbitrary words of the core.

use crate::values::*;
use d1_core::*;
use proptest::{option::of, prelude::*, sample::select};

fn resource() -> impl Strategy<Value = Resource> {
    prop_oneof![
        (manager(), named()).prop_map(|(manager, name)| Resource::Package { manager, name }),
        path().prop_map(Resource::File),
        path().prop_map(Resource::Permissions),
        named().prop_map(Resource::ServiceEnabled),
        named().prop_map(Resource::ServiceActive),
        (named(), named()).prop_map(|(group, user)| Resource::GroupMember { group, user }),
    ]
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Absent),
        Just(State::Present),
        (line(), any::<bool>())
            .prop_map(|(version, automatic)| State::Installed { version, automatic }),
        line().prop_map(|version| State::ConfigFiles { version }),
        (line(), line()).prop_map(|(version, status)| State::Broken { version, status }),
        (digest(), any::<u32>(), any::<u32>(), any::<u32>())
            .prop_map(|(digest, mode, uid, gid)| State::File { digest, mode, uid, gid }),
        any::<u32>().prop_map(|mode| State::Directory { mode }),
        line().prop_map(|target| State::Link { target }),
        any::<u32>().prop_map(|mode| State::Permissions { mode }),
    ]
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    (resource(), state(), state()).prop_map(|(resource, before, after)| Change {
        resource,
        before,
        after,
    })
}

fn file() -> impl Strategy<Value = File> {
    let change = prop_oneof![
        (text(), of(0..0o7777_u32)).prop_map(|(content, mode)| FileChange::Write { content, mode }),
        line().prop_map(|line| FileChange::EnsureLine { line }),
        Just(FileChange::Remove),
        any::<u32>().prop_map(|mode| FileChange::SetMode { mode }),
    ];
    (path(), change).prop_map(|(path, change)| File { path, change })
}

fn exec() -> impl Strategy<Value = Exec> {
    let argv = ("[a-z]{1,8}", few("[ -~]{0,12}"))
        .prop_map(|(program, words)| Argv::new([vec![program], words].concat()).unwrap());
    (argv, of(path()), env()).prop_map(|(argv, cwd, env)| Exec { argv, cwd, env })
}

pub(crate) fn action() -> impl Strategy<Value = Action> {
    let operation = select(vec![PackageOperation::Install, PackageOperation::Remove]);
    let changes = select(vec![
        ServiceChange::Enable,
        ServiceChange::Disable,
        ServiceChange::Start,
        ServiceChange::Stop,
    ]);
    prop_oneof![
        (manager(), operation, few(named())).prop_map(|(manager, operation, names)| {
            Action::Packages(Packages { manager, operation, names })
        }),
        manager().prop_map(Action::RefreshIndex),
        (named(), changes).prop_map(|(name, change)| Action::Service(Service { name, change })),
        (named(), named(), any::<bool>()).prop_map(|(group, user, member)| {
            Action::GroupMember(GroupMember { group, user, member })
        }),
        file().prop_map(Action::File),
        exec().prop_map(Action::Exec),
        (text(), env()).prop_map(|(script, env)| Action::Shell(Shell { script, env })),
        (task(), few(change()))
            .prop_map(|(task, changes)| Action::Revert(Revert { task, changes })),
    ]
}

pub(crate) fn undo() -> impl Strategy<Value = Undo> {
    prop_oneof![Just(Undo::Exact), text().prop_map(Undo::Partial), text().prop_map(Undo::None),]
}

fn step() -> impl Strategy<Value = Step> {
    let effect = select(vec![Effect::Read, Effect::Write, Effect::Destructive]);
    let claims = (few(path()), few(named()), few(named()), few(named()));
    let told = (named(), text(), undo(), text());
    (told, action(), effect, any::<bool>(), any::<bool>(), claims, duration()).prop_map(
        |(told, action, effect, needs_root, interruptible, claims, timeout)| {
            let (id, title, undo, warning) = told;
            let (touches, network, depends_on, resource_keys) = claims;
            Step {
                id,
                title,
                action,
                effect,
                needs_root,
                touches,
                network,
                timeout,
                interruptible,
                undo,
                depends_on,
                resource_keys,
                warning,
            }
        },
    )
}

fn grant() -> impl Strategy<Value = SealedGrant> {
    proptest::collection::vec(any::<u8>(), 1..300)
        .prop_map(|bytes| SealedGrant::new(bytes).unwrap())
}

pub(crate) fn command() -> impl Strategy<Value = TaskCommand> {
    let who = (task(), id(SetupId::from_bytes), digest(), any::<u32>(), any::<u64>());
    let away = select(OnDisconnect::ALL.to_vec());
    let pays = (of(id(HoldId::from_bytes)), of(grant()));
    let terms = (of(at()), duration(), any::<bool>(), pays, of(line()), away);
    (who, step(), terms).prop_map(|(who, step, terms)| {
        let (task, setup, plan, attempt, epoch) = who;
        let (deliver_by, grace, require_confirmation, pays, traceparent, on_disconnect) = terms;
        let (hold, grant) = pays;
        TaskCommand {
            task,
            setup,
            plan,
            attempt,
            epoch,
            step,
            deliver_by,
            on_disconnect,
            grace,
            require_confirmation,
            hold,
            traceparent,
            grant,
        }
    })
}

pub(crate) fn problem() -> impl Strategy<Value = Problem> {
    let category = select(vec![
        Category::Usage,
        Category::Task,
        Category::Daemon,
        Category::Auth,
        Category::Credit,
        Category::Denied,
        Category::Network,
        Category::Timeout,
        Category::Bug,
    ]);
    ("D1-[A-Z]{2,6}-[0-9]{3}", category, text(), text(), text(), few(text())).prop_map(
        |(code, category, title, cause, state, next)| Problem {
            code,
            category,
            title,
            cause,
            state,
            next,
        },
    )
}

pub(crate) fn proposal() -> impl Strategy<Value = Proposal> {
    let effect = select(vec![Effect::Read, Effect::Write, Effect::Destructive]);
    (action(), effect, few(path()), few(named())).prop_map(|(action, effect, touches, network)| {
        Proposal { action, effect, touches, network }
    })
}

pub(crate) fn preview() -> impl Strategy<Value = Preview> {
    let presence = prop_oneof![
        Just(Presence::Present),
        Just(Presence::Absent),
        text().prop_map(Presence::Unknown),
    ];
    let sizes = (of(any::<u64>()), of(any::<i64>()));
    let told = (few(named()), few(text()), any::<bool>(), any::<bool>());
    (presence, few(change()), sizes, undo(), told, of(problem())).prop_map(
        |(presence, changes, (download_bytes, disk_bytes), undo, told, blocked)| {
            let (hosts, warnings, signature, yes_here) = told;
            Preview {
                presence,
                changes,
                download_bytes,
                disk_bytes,
                undo,
                hosts,
                warnings,
                signature,
                yes_here,
                blocked,
            }
        },
    )
}

pub(crate) fn isolation() -> impl Strategy<Value = IsolationReport> {
    let layer = (line(), any::<bool>(), text()).prop_map(|(name, in_force, why_not)| Layer {
        name,
        in_force,
        why_not,
    });
    (line(), few(layer), network()).prop_map(|(profile, layers, network)| IsolationReport {
        profile,
        layers,
        network,
    })
}

fn network() -> impl Strategy<Value = NetworkUse> {
    use NetworkAsk as A;
    let ask = select(vec![A::Name, A::Record, A::Connection, A::Request]);
    let what = (ask, line(), line(), any::<u16>());
    let how = (any::<bool>(), of(select(NetworkReason::ALL)), any::<u64>(), any::<[u64; 2]>());
    let decision = (what, how).prop_map(|(what, how)| {
        let ((ask, host, address, port), (allowed, reason, times, [sent, received])) = (what, how);
        NetworkDecision { ask, host, address, port, allowed, reason, times, sent, received }
    });
    (few(decision), any::<u64>(), line(), line()).prop_map(|(decisions, dropped, proxy, closed)| {
        NetworkUse { decisions, dropped, proxy, closed }
    })
}

pub(crate) fn manifest() -> impl Strategy<Value = Manifest> {
    let item = (select(Notable::ALL.to_vec()), line()).prop_map(|(kind, what)| Item { kind, what });
    (few(item), any::<u64>()).prop_map(|(items, dropped)| Manifest { items, dropped })
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let who = (task(), id(SetupId::from_bytes), any::<u32>(), at());
    let what = (few(change()), few(resource()), any::<bool>(), few(text()));
    let how = (isolation(), of(digest()), manifest());
    (who, what, of(task()), how).prop_map(|(who, what, reverts, (isolation, grant, manifest))| {
        let (task, setup, attempt, at) = who;
        let (changes, relies_on, opaque, kept) = what;
        Receipt {
            task,
            setup,
            attempt,
            at,
            changes,
            relies_on,
            opaque,
            kept,
            reverts,
            manifest,
            isolation,
            grant,
        }
    })
}

pub(crate) fn result() -> impl Strategy<Value = TaskResult> {
    let probe = prop_oneof![
        Just(ProbeAnswer::Done),
        Just(ProbeAnswer::NotDone),
        text().prop_map(ProbeAnswer::Unknown),
    ];
    let usage = any::<[u64; 4]>().prop_map(|numbers| {
        let [user_micros, system_micros, max_rss_bytes, output_bytes] = numbers;
        Usage { user_micros, system_micros, max_rss_bytes, output_bytes }
    });
    let who = (task(), any::<u32>(), any::<u64>(), select(Outcome::ALL.to_vec()));
    let wrote = (of(any::<i32>()), text(), text(), digest(), any::<u64>());
    let found = (of(receipt()), of(probe), of(problem()));
    (who, wrote, duration(), usage, found).prop_map(|(who, wrote, duration, usage, found)| {
        let (task, attempt, epoch, outcome) = who;
        let (exit_code, stdout, stderr, output_digest, dropped_bytes) = wrote;
        let (receipt, probe, problem) = found;
        TaskResult {
            task,
            attempt,
            epoch,
            outcome,
            exit_code,
            stdout,
            stderr,
            duration,
            output_digest,
            dropped_bytes,
            usage,
            receipt,
            probe,
            problem,
        }
    })
}

pub(crate) fn query() -> impl Strategy<Value = Query> {
    prop_oneof![
        (manager(), named()).prop_map(|(manager, name)| Query::Package { manager, name }),
        named().prop_map(Query::Command),
        (manager(), named()).prop_map(|(manager, command)| Query::Provides { manager, command }),
        (manager(), named()).prop_map(|(manager, name)| Query::Similar { manager, name }),
        select(Source::ALL.to_vec()).prop_map(Query::Registry),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let entry =
        (named(), line(), of(line()), line()).prop_map(|(name, version, installed, summary)| {
            IndexEntry { name, version, installed, summary }
        });
    prop_oneof![
        few(entry).prop_map(Answer::Packages),
        of(line()).prop_map(Answer::Command),
        (few(named()), few(path()))
            .prop_map(|(hosts, folders)| Answer::Registry { hosts, folders }),
        text().prop_map(Answer::Unknown),
    ]
}

pub(crate) fn facts() -> impl Strategy<Value = Facts> {
    let distro = (line(), few(line()), line(), line(), line()).prop_map(
        |(id, like, version, codename, name)| Distro { id, like, version, codename, name },
    );
    let managers = (manager(), of(any::<u64>()))
        .prop_map(|(manager, index_age_seconds)| ManagerFacts { manager, index_age_seconds });
    let user = (line(), any::<bool>(), any::<bool>())
        .prop_map(|(name, is_root, can_elevate)| UserFacts { name, is_root, can_elevate });
    let services = select(vec![
        ServiceManager::Systemd,
        ServiceManager::Sysv,
        ServiceManager::Openrc,
        ServiceManager::Launchd,
        ServiceManager::Windows,
        ServiceManager::None,
    ]);
    let kind = (select(vec![Os::Linux, Os::Macos, Os::Windows]), line(), of(distro));
    let size = (any::<bool>(), any::<u32>(), any::<u64>(), any::<u64>());
    (kind, few(managers), user, services, size, few((query(), answer()))).prop_map(
        |((os, arch, distro), managers, user, services, size, answers)| {
            let (container, cpus, memory_bytes, disk_free_bytes) = size;
            let answers = answers.into();
            Facts {
                os,
                arch,
                distro,
                managers,
                user,
                services,
                container,
                cpus,
                memory_bytes,
                disk_free_bytes,
                answers,
            }
        },
    )
}

/// What is measured of a machine, as long as it is a number.
pub(crate) fn vitals() -> impl Strategy<Value = Vitals> {
    let number = || proptest::num::f64::NORMAL | proptest::num::f64::ZERO;
    let numbers = (number(), of(number()), of(number()), of(number()));
    let rates = any::<(Option<u64>, Option<u64>)>();
    (numbers, any::<[u64; 5]>(), rates).prop_map(|(numbers, bytes, rates)| Vitals {
        load: numbers.0,
        cpu: numbers.1,
        memory_available_bytes: bytes[0],
        memory_total_bytes: bytes[1],
        disk_free_bytes: bytes[2],
        disk_total_bytes: bytes[3],
        received_per_second: rates.0,
        sent_per_second: rates.1,
        hottest_celsius: numbers.2,
        own_cpu: numbers.3,
        own_memory_bytes: bytes[4],
    })
}
