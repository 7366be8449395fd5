//! Somebody who is not root.

use rustix::{
    process::{DumpableBehavior, Gid, Uid, set_dumpable_behavior},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

/// Somebody.
pub(crate) const USER: u32 = 12_345;

/// Does `work` as somebody else, on a thread of its own.
pub(crate) fn as_somebody<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let become_somebody = move || {
        let (user, group) = (Uid::from_raw(USER), Gid::from_raw(USER));
        set_thread_groups(&[]).unwrap();
        set_thread_res_gid(group, group, group).unwrap();
        set_thread_res_uid(user, user, user).unwrap();
        // As a program that was started by this user is.
        set_dumpable_behavior(DumpableBehavior::Dumpable).unwrap();
        work()
    };
    std::thread::spawn(become_somebody).join().unwrap()
}
