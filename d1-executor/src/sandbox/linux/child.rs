//! The few steps between the clone and the execution, in memory that is not its own.
//!
//! Descriptors to their places, everything else closed; in a user namespace, who we are and
//! the right to go on. Only system calls: nothing is allocated, locked or formatted.

use std::ffi::{CStr, c_char, c_void};
use std::os::fd::RawFd;
use std::ptr;

/// By this name our program knows that it is the first process of a sandbox.
pub(super) const NAME: &CStr = c"d1-init";
/// Where its order comes.
pub(super) const ORDER: RawFd = 3;
/// Where it tells how it goes.
pub(super) const WORDS: RawFd = 4;
/// What we hold the other end of: a byte asks for the end, its closing commands it.
pub(super) const LIFE: RawFd = 5;
/// The capabilities it needs in a user namespace until the walls are up: CHOWN,
/// DAC_OVERRIDE, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_ADMIN, SYS_CHROOT, SYS_ADMIN.
const NEEDED: [u32; 9] = [0, 1, 6, 7, 8, 10, 12, 18, 21];

/// What the child works with; made before, looked at after.
pub(super) struct Child {
    /// Descriptors above all places, in the order of the places.
    pub(super) descriptors: [RawFd; Self::PLACES],
    /// The lines for `uid_map` and `gid_map`, in a user namespace.
    pub(super) maps: Option<([u8; 64], usize, [u8; 64], usize)>,
    /// Which step failed, and with which error.
    pub(super) failed: (&'static str, i32),
}

impl Child {
    /// How many descriptors it has: the usual three, and ours.
    pub(super) const PLACES: usize = 6;
}

/// Executes our own program again, as the first process. Never returns.
pub(super) extern "C" fn main(child: *mut Child) -> ! {
    // SAFETY: the parent waits, and gave us the only reference.
    let child = unsafe { &mut *child };
    let step = steps(child);
    // SAFETY: reads the error of the last call of this thread.
    child.failed = (step, unsafe { *libc::__errno_location() });
    // SAFETY: ends this process, and nothing of the parent.
    unsafe { libc::_exit(127) }
}

/// The step that failed.
fn steps(child: &Child) -> &'static str {
    for (place, from) in (0..).zip(&child.descriptors) {
        // SAFETY: a call on two numbers.
        if unsafe { libc::dup2(*from, place) } < 0 {
            return "place its descriptors";
        }
    }
    // SAFETY: closes descriptors of this process; its table is its own.
    if unsafe { libc::syscall(libc::SYS_close_range, Child::PLACES, u32::MAX, 0) } != 0 {
        return "close our descriptors";
    }
    if let Some((users, users_len, groups, groups_len)) = &child.maps {
        if !write(c"/proc/self/setgroups", b"deny")
            || !write(c"/proc/self/uid_map", &users[..*users_len])
            || !write(c"/proc/self/gid_map", &groups[..*groups_len])
        {
            return "be itself in a user namespace";
        }
        if !keep_capabilities() {
            return "keep its capabilities over the execution";
        }
    }
    let argv: [*const c_char; 2] = [NAME.as_ptr(), ptr::null()];
    let env: [*const c_char; 1] = [ptr::null()];
    let program = c"/proc/self/exe".as_ptr();
    // SAFETY: the path is a C string, both lists end with NULL.
    unsafe { libc::execve(program, argv.as_ptr(), env.as_ptr()) };
    "execute itself"
}

fn write(path: &CStr, bytes: &[u8]) -> bool {
    // SAFETY: the path is a C string.
    let file = unsafe { libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    if file < 0 {
        return false;
    }
    // SAFETY: the pointer and the length are those of one slice.
    let written = unsafe { libc::write(file, bytes.as_ptr().cast::<c_void>(), bytes.len()) };
    usize::try_from(written).is_ok_and(|written| written == bytes.len())
}

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Makes the needed capabilities ambient: a program that is not root's keeps no others.
fn keep_capabilities() -> bool {
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header { version: VERSION_3, pid: 0 };
    let mask = NEEDED.iter().fold(0, |mask, capability| mask | (1 << capability));
    let low = Sets { effective: mask, permitted: mask, inheritable: mask };
    let high = Sets { effective: 0, permitted: 0, inheritable: 0 };
    let sets = [low, high];
    // SAFETY: both pointers are to structures of the layout this version has.
    if unsafe { libc::syscall(libc::SYS_capset, &raw const header, &raw const sets) } != 0 {
        return false;
    }
    NEEDED.iter().all(|capability| {
        let raise = libc::PR_CAP_AMBIENT_RAISE;
        // SAFETY: a call on numbers.
        unsafe { libc::prctl(libc::PR_CAP_AMBIENT, raise, *capability, 0, 0) == 0 }
    })
}
