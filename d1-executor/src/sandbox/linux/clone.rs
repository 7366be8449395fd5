//! One `clone3(2)` that costs the same however much memory we have.
//!
//! The child shares our memory and runs on a stack of its own (`CLONE_VM`), until it executes a
//! program or ends. It must not allocate, lock or unwind: it is another process in our memory.
//! With `CLONE_VFORK` the calling thread waits for that.

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::{
    ffi::c_void,
    io,
    os::fd::{FromRawFd as _, OwnedFd, RawFd},
    ptr,
};

/// What the child's few calls need, several times over.
const STACK: usize = 64 * 1024;
const INTO_CGROUP: u64 = 0x2_0000_0000;

/// `struct clone_args` of `clone3(2)`, version 2.
#[repr(C)]
#[derive(Default)]
struct Args {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// A new process.
#[derive(Debug)]
pub(super) struct Cloned {
    pub(super) pid: i32,
    pub(super) handle: OwnedFd,
    /// What it stands on until it has executed a program or ended; to be kept until then.
    _stack: Stack,
}

/// What the child does; it never returns.
pub(super) type Main<T> = extern "C" fn(*mut T) -> !;

/// Makes a child with these `flags`, in the control group `group`, that does `main` with `what`.
pub(super) fn clone<T>(
    flags: i32,
    group: Option<RawFd>,
    main: Main<T>,
    what: &mut T,
) -> io::Result<Cloned> {
    let stack = Stack::new()?;
    let mut handle: RawFd = -1;
    let wanted = flags | libc::CLONE_VM | libc::CLONE_PIDFD;
    let group_flag = if group.is_some() { INTO_CGROUP } else { 0 };
    let args = Args {
        flags: u64::from(wanted.cast_unsigned()) | group_flag,
        pidfd: (&raw mut handle) as u64,
        exit_signal: u64::from(libc::SIGCHLD.cast_unsigned()),
        stack: stack.0 as u64,
        stack_size: STACK as u64,
        cgroup: group.map_or(0, |group| u64::from(group.cast_unsigned())),
        ..Args::default()
    };
    let signals = Blocked::all()?;
    let result = call(&args, main as *const c_void, ptr::from_mut(what).cast());
    drop(signals);
    if result < 0 {
        return Err(io::Error::from_raw_os_error(i32::try_from(-result).unwrap_or(libc::EINVAL)));
    }
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    let handle = unsafe { OwnedFd::from_raw_fd(handle) };
    Ok(Cloned { pid: i32::try_from(result).unwrap_or(-1), handle, _stack: stack })
}

#[cfg(target_arch = "x86_64")]
fn call(args: &Args, main: *const c_void, what: *mut c_void) -> i64 {
    let result: i64;
    // SAFETY: `args` is a valid `clone_args` whose stack is mapped, writable and used by nobody.
    // The child continues on that stack (16-byte aligned, as `call` wants it), calls `main`,
    // which never returns, and touches nothing of this frame. What both may use of `what` at a
    // time is the agreement of the caller with its `main`.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r13",
            "call r12",
            "ud2",
            "2:",
            inlateout("rax") libc::SYS_clone3 => result,
            in("rdi") ptr::from_ref(args),
            in("rsi") size_of::<Args>(),
            in("r12") main,
            in("r13") what,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

#[derive(Debug)]
struct Stack(*mut c_void);

// SAFETY: it is only an address, unmapped once by whoever holds it.
unsafe impl Send for Stack {}
// SAFETY: a shared reference to it does nothing.
unsafe impl Sync for Stack {}

impl Stack {
    fn new() -> io::Result<Self> {
        // SAFETY: a new private mapping overlaps nothing.
        let base = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                STACK,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::STACK,
            )
        }?;
        Ok(Self(base))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size, and the child that used it runs elsewhere now.
        let _unmapped = unsafe { munmap(self.0, STACK) };
    }
}

/// No signal is handled while this lives: a handler must not run in the child, in our memory.
struct Blocked(libc::sigset_t);

impl Blocked {
    fn all() -> io::Result<Self> {
        let mut every = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: the pointer is to a signal set of ours.
        unsafe { libc::sigfillset(every.as_mut_ptr()) };
        let mut before = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: both pointers are to signal sets of ours, the first one filled.
        let code = unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, every.as_ptr(), before.as_mut_ptr())
        };
        if code != 0 {
            return Err(io::Error::from_raw_os_error(code));
        }
        // SAFETY: the call has succeeded, so it is filled.
        Ok(Self(unsafe { before.assume_init() }))
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the set is the one this thread had before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn leave(what: *mut i32) -> ! {
        // SAFETY: the parent waits, and gave us the only reference.
        unsafe { *what += 1 };
        // SAFETY: ends this process, and nothing of the parent.
        unsafe { libc::_exit(7) }
    }

    #[test]
    fn the_child_works_in_our_memory_and_ends_alone() {
        let mut word = 41;
        let cloned = clone(libc::CLONE_VFORK, None, leave, &mut word).unwrap();
        let reaped = crate::sandbox::reap(cloned.pid).unwrap();
        assert_eq!((word, reaped.status), (42, crate::sandbox::Status::Exited(7)));
    }

    #[test]
    fn what_the_kernel_refuses_is_an_error() {
        let mut word = 0;
        // A new user namespace cannot share its file system information.
        let error =
            clone(libc::CLONE_NEWUSER | libc::CLONE_FS, None, leave, &mut word).unwrap_err();
        assert_eq!((error.raw_os_error(), word), (Some(libc::EINVAL), 0));
    }
}
