//! Who the command is: a user that owns nothing else, without any capability.

use super::main::{Stop, Walls, set_up};
use crate::sandbox::{linux::order::Mode, wall::Wall};
use rustix::{
    fs::Mode as Bits,
    process::{DumpableBehavior, Gid, Uid, getpid, set_child_subreaper, set_dumpable_behavior},
    thread::{
        CapabilitySet, CapabilitySets, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_no_new_privs, set_thread_groups,
        set_thread_res_gid, set_thread_res_uid,
    },
};

/// Becomes the parent of what loses its own, where there is no namespace that does it.
pub(super) fn adopt_orphans() -> Result<(), Stop> {
    set_child_subreaper(Some(getpid())).map_err(set_up("adopt what the command leaves behind"))
}

/// Becomes the task's user and gives up every capability, for good.
pub(super) fn drop_all(walls: &mut Walls) -> Result<(), Stop> {
    rustix::process::umask(Bits::from_raw_mode(0o022));
    let kept = if walls.order.packages { for_packages() } else { CapabilitySet::empty() };
    let bounding = drop_bounding_set(kept);
    let (user, group) = walls.order.user;
    if walls.order.mode == Mode::Root || rustix::process::geteuid().is_root() {
        // Without this it would be root of the machine, whatever else is in its way.
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        set_thread_groups(&[]).map_err(set_up("leave its groups"))?;
        set_thread_res_gid(group, group, group).map_err(set_up("take the task's group"))?;
        set_thread_res_uid(user, user, user).map_err(set_up("become the task's user"))?;
    }
    let inheritable = CapabilitySet::empty();
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable };
    let dropped = bounding
        .and_then(|()| clear_ambient_capability_set())
        .and_then(|()| set_capabilities(None, sets));
    walls.put_up(Wall::Capabilities, dropped.map_err(|error| error.to_string()))?;
    let no_new = set_no_new_privs(true).map_err(|error| error.to_string());
    walls.put_up(Wall::NoNewPrivileges, no_new)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(set_up("hide its memory"))
}

/// What installing takes: to give files to others, to read and change what belongs to others, to
/// become another user, to work below another root, to note log-ins, and to give programs
/// capabilities of their own.
pub(super) fn for_packages() -> CapabilitySet {
    CapabilitySet::CHOWN
        | CapabilitySet::DAC_OVERRIDE
        | CapabilitySet::FOWNER
        | CapabilitySet::FSETID
        | CapabilitySet::KILL
        | CapabilitySet::SETGID
        | CapabilitySet::SETUID
        | CapabilitySet::SYS_CHROOT
        | CapabilitySet::AUDIT_WRITE
        | CapabilitySet::SETFCAP
}

fn drop_bounding_set(kept: CapabilitySet) -> rustix::io::Result<()> {
    for number in 0..u64::BITS {
        let one = CapabilitySet::from_bits_retain(1 << number);
        if kept.contains(one) {
            continue;
        }
        match remove_capability_from_bounding_set(one) {
            // Numbers that this kernel does not know.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
