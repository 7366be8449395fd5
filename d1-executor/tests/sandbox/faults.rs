//! Each wall made unavailable in turn, as an older or smaller kernel would: the sandbox refuses,
//! or tells the truth.
//!
//! A thread of the test takes a filter that lets one call fail; what it starts inherits it.

use crate::rig::Rig;
use d1_executor::{
    Confinement, Demand, How, LinuxConfig, LinuxSandbox, SandboxError, Surroundings, Wall,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use std::{collections::BTreeMap, sync::Arc};

/// A call that fails, always or when this is so of that argument.
struct Fault {
    call: i64,
    when: Option<(u8, SeccompCmpOp, u64)>,
    errno: i32,
}

/// A call that this kernel does not have.
const fn lacks(call: i64) -> Fault {
    Fault { call, when: None, errno: libc::ENOSYS }
}

/// A call that is forbidden to us.
const fn forbids(call: i64) -> Fault {
    Fault { call, when: None, errno: libc::EPERM }
}

type Tried = Result<Confinement, SandboxError>;

/// Runs `true` on a thread on which the call fails: required, and as good as can be.
fn with(fault: &Fault, allow_bare: bool) -> (Tried, Tried) {
    let when = fault.when.clone().map(|(argument, how, value)| {
        let it = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, how, value).unwrap();
        SeccompRule::new(vec![it]).unwrap()
    });
    let rules = BTreeMap::from([(fault.call, when.into_iter().collect())]);
    let says = SeccompAction::Errno(fault.errno.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, says, TargetArch::x86_64);
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    let work = move || {
        apply_filter(&program).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let rig = Rig::new();
            let around = Surroundings { home: rig.home.path().to_path_buf(), ours: Vec::new() };
            let sandbox = LinuxSandbox::new(LinuxConfig { around, allow_bare, ahead: false });
            let rig = Rig { sandbox: Arc::new(sandbox), ..rig };
            let mut grant = rig.grant(&["true"]);
            grant.cwd = "/".into();
            let required = rig.run(&grant).await;
            grant.demand = Demand::BestEffort;
            (required, rig.run(&grant).await)
        })
    };
    std::thread::spawn(work).join().unwrap()
}

fn not_in_force(ended: &Confinement) -> Vec<&str> {
    let layers = ended.isolation.layers.iter();
    layers.filter(|layer| !layer.in_force).map(|layer| layer.name.as_str()).collect()
}

#[test]
fn without_one_wall_it_refuses_or_says_which() {
    let when =
        |call, argument, how, value| Fault { when: Some((argument, how, value)), ..forbids(call) };
    let option = libc::PR_SET_NO_NEW_PRIVS as u64;
    let no_new_privileges = when(libc::SYS_prctl, 0, SeccompCmpOp::Eq, option);
    // Bounds can be read, and not set.
    let limits = when(libc::SYS_prlimit64, 2, SeccompCmpOp::Ne, 0);
    let faults = [
        (Wall::Landlock, lacks(libc::SYS_landlock_create_ruleset)),
        (Wall::Landlock, lacks(libc::SYS_landlock_restrict_self)),
        (Wall::Seccomp, lacks(libc::SYS_seccomp)),
        (Wall::Capabilities, forbids(libc::SYS_capset)),
        (Wall::Limits, limits),
        (Wall::NoNewPrivileges, no_new_privileges),
    ];
    for (wall, fault) in faults {
        let (required, best) = with(&fault, false);
        let error = required.unwrap_err();
        let refused = matches!(&error, SandboxError::Missing { .. });
        assert!(refused, "{}: {error}", wall.name());
        let best = best.unwrap();
        assert_eq!(best.report.how, How::Exited(0), "{}", wall.name());
        assert!(not_in_force(&best).contains(&wall.name()), "{:?}", best.isolation);
        assert_eq!(best.isolation.summary(), "partial");
    }
}

#[test]
fn without_a_view_or_a_user_of_its_own_nothing_runs() {
    for fault in [
        lacks(libc::SYS_fsopen),
        lacks(libc::SYS_open_tree),
        lacks(libc::SYS_move_mount),
        lacks(libc::SYS_mount_setattr),
        forbids(libc::SYS_pivot_root),
        forbids(libc::SYS_setresuid),
        forbids(libc::SYS_setgroups),
        lacks(libc::SYS_clone3),
    ] {
        let (required, best) = with(&fault, false);
        for tried in [required, best] {
            let error = tried.unwrap_err();
            assert!(matches!(error, SandboxError::SetUp { .. }), "{}: {error}", fault.call);
        }
    }
}

#[test]
fn without_namespaces_it_runs_only_where_that_is_allowed_and_says_so() {
    let (required, best) = with(&lacks(libc::SYS_fsopen), true);
    assert!(matches!(required, Err(SandboxError::SetUp { .. })));
    let best = best.unwrap();
    assert_eq!(best.report.how, How::Exited(0), "{}", best.report.stderr);
    let missing = not_in_force(&best);
    for wall in [Wall::Processes, Wall::Mounts, Wall::Network, Wall::View, Wall::TaskUser] {
        assert!(missing.contains(&wall.name()), "{missing:?}");
    }
    for wall in [Wall::Landlock, Wall::Seccomp, Wall::Capabilities, Wall::NoNewPrivileges] {
        assert!(!missing.contains(&wall.name()), "{missing:?}");
    }
}
