//! seccomp: calls that only an attacker needs are refused.
//!
//! Refusals look like what an older or smaller kernel says, so that programs take their other
//! way: `clone3` is not there (its flags cannot be seen from here, and every C library can do
//! without), neither is any call newer than this list; a socket family is not supported.
//! Everything else that is refused says "not permitted".

use super::numbers;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Refused altogether.
const REFUSED: [i64; 60] = [
    // other processes
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // wide doors into the kernel
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_fanotify_init,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    libc::SYS_vhangup,
    // namespaces and mounts
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    // the machine itself
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    // memory of other nodes, and of the kernel
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_mbind,
    libc::SYS_set_mempolicy,
    libc::SYS_memfd_secret,
];
/// Not there: what they are asked for cannot be seen from here, and a C library can do without.
const ABSENT: [i64; 2] = [libc::SYS_clone3, libc::SYS_openat2];
/// The last call we know (`set_mempolicy_home_node` and the `futex` family before 6.8).
const LAST_KNOWN: u32 = 456;
const EVERY_NAMESPACE: [i32; 8] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
    // `CLONE_NEWTIME`
    0x80,
];
/// Puts characters into a terminal's input, talks to its driver, changes its driver.
const TERMINAL: [u64; 3] = [0x5412, 0x541C, 0x5423];
/// Sockets that stay within the sandbox or on its own network.
const FAMILIES: [i32; 3] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];
/// The bits by which a file runs as its owner or group.
const SET_ID: [u64; 2] = [0o4000, 0o2000];
/// Calls that set the mode of a file, and which argument it is.
const SETS_MODE: [(i64, u8); 9] = [
    (libc::SYS_chmod, 1),
    (libc::SYS_fchmod, 1),
    (libc::SYS_fchmodat, 2),
    (libc::SYS_fchmodat2, 2),
    (libc::SYS_mkdir, 1),
    (libc::SYS_mkdirat, 2),
    (libc::SYS_mknod, 1),
    (libc::SYS_mknodat, 2),
    (libc::SYS_creat, 1),
];
/// Calls that may make a file, with the arguments for how, and for its mode.
const MAKES: [(i64, u8, u8); 2] = [(libc::SYS_open, 1, 2), (libc::SYS_openat, 2, 3)];
/// Puts memory where an attacker expects it.
const ADDR_NO_RANDOMIZE: u64 = 0x4_0000;

/// Filters the calls of this process and all it starts.
pub(super) fn filter(packages: bool) -> Result<(), String> {
    apply_filter(&numbers::refuse(by_number(packages), LAST_KNOWN)?)
        .map_err(|error| error.to_string())?;
    let number = |errno: i32| SeccompAction::Errno(errno.cast_unsigned());
    let programs =
        [(by_arguments(packages), number(libc::EPERM)), (sockets(), number(libc::EAFNOSUPPORT))];
    for (rules, action) in programs {
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, action, TargetArch::x86_64);
        let program: BpfProgram =
            filter.and_then(TryInto::try_into).map_err(|error| error.to_string())?;
        apply_filter(&program).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// What is refused altogether, and how; packages may work below another root.
fn by_number(packages: bool) -> Vec<(u32, i32)> {
    let refused = REFUSED.into_iter().filter(|call| !(packages && *call == libc::SYS_chroot));
    let refused = refused.map(|call| (call, libc::EPERM));
    let absent = ABSENT.map(|call| (call, libc::ENOSYS));
    refused.chain(absent).filter_map(|(call, how)| Some((u32::try_from(call).ok()?, how))).collect()
}

/// What is refused for what it is called with. Packages bring programs that run as their owner.
fn by_arguments(packages: bool) -> Rules {
    let mut rules = Rules::new();
    let namespaces = EVERY_NAMESPACE.iter().map(|flag| bits(0, u64::from(flag.cast_unsigned())));
    rules.insert(libc::SYS_clone, namespaces.flatten().collect());
    let terminal = TERMINAL.iter().map(|request| when(&[(1, SeccompCmpOp::Eq, *request)]));
    rules.insert(libc::SYS_ioctl, terminal.flatten().collect());
    let asked = u64::from(u32::MAX);
    let fixed = when(&[
        (0, SeccompCmpOp::MaskedEq(ADDR_NO_RANDOMIZE), ADDR_NO_RANDOMIZE),
        (0, SeccompCmpOp::Ne, asked),
    ]);
    rules.insert(libc::SYS_personality, fixed);
    if !packages {
        rules.extend(set_id());
    }
    rules
}

/// Making a file that runs as its owner or group.
fn set_id() -> Rules {
    let mut rules = Rules::new();
    for (call, argument) in SETS_MODE {
        rules.insert(call, SET_ID.iter().flat_map(|bit| bits(argument, *bit)).collect());
    }
    let create = u64::from(libc::O_CREAT.cast_unsigned());
    for (call, flags, mode) in MAKES {
        let made = SET_ID.iter().flat_map(|bit| {
            when(&[
                (flags, SeccompCmpOp::MaskedEq(create), create),
                (mode, SeccompCmpOp::MaskedEq(*bit), *bit),
            ])
        });
        rules.insert(call, made.collect());
    }
    rules
}

fn sockets() -> Rules {
    let other = FAMILIES.map(|family| (0, SeccompCmpOp::Ne, u64::from(family.cast_unsigned())));
    Rules::from([(libc::SYS_socket, when(&other)), (libc::SYS_socketpair, when(&other))])
}

/// A rule that holds when this bit is among those of an argument.
fn bits(argument: u8, bit: u64) -> Vec<SeccompRule> {
    when(&[(argument, SeccompCmpOp::MaskedEq(bit), bit)])
}

/// One rule that holds when all of this is so; the kernel takes these arguments as 32 bits.
fn when(all: &[(u8, SeccompCmpOp, u64)]) -> Vec<SeccompRule> {
    let conditions = all.iter().filter_map(|(argument, how, value)| {
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, how.clone(), *value).ok()
    });
    SeccompRule::new(conditions.collect()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_condition_is_lost_on_the_way_to_the_kernel() {
        let rules = by_arguments(false);
        assert_eq!(rules[&libc::SYS_clone].len(), EVERY_NAMESPACE.len());
        assert_eq!(rules[&libc::SYS_ioctl].len(), TERMINAL.len());
        assert_eq!(rules[&libc::SYS_openat].len(), SET_ID.len());
        assert_eq!(rules[&libc::SYS_personality].len(), 1);
        assert_eq!(sockets()[&libc::SYS_socket].len(), 1);
        assert_eq!(by_number(false).len(), REFUSED.len() + ABSENT.len());
    }

    #[test]
    fn packages_may_do_what_installing_takes_and_no_more() {
        let rules = by_arguments(true);
        assert!(!rules.contains_key(&libc::SYS_fchmodat));
        assert!(rules.contains_key(&libc::SYS_clone));
        let (usual, packages) = (by_number(false), by_number(true));
        let more: Vec<_> = usual.iter().filter(|call| !packages.contains(call)).collect();
        assert_eq!(more, [&(libc::SYS_chroot as u32, libc::EPERM)]);
    }
}
