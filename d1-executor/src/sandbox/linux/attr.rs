//! `mount_setattr(2)`, which nobody wraps yet.

use std::{
    ffi::CStr,
    io,
    os::fd::{AsRawFd as _, BorrowedFd},
};

pub(super) const READ_ONLY: u64 = 0x1;
pub(super) const NO_SUID: u64 = 0x2;
pub(super) const NO_DEVICES: u64 = 0x4;
const ID_MAP: u64 = 0x10_0000;

#[repr(C)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Sets attributes of the mount `tree`, and of all below it if `deep`; `lend` maps its owners
/// by that user namespace.
pub(super) fn set(
    tree: BorrowedFd<'_>,
    attributes: u64,
    deep: bool,
    lend: Option<BorrowedFd<'_>>,
) -> io::Result<()> {
    let user_namespace = lend.map_or(0, |fd| u64::try_from(fd.as_raw_fd()).unwrap_or(0));
    let set = attributes | if lend.is_some() { ID_MAP } else { 0 };
    let attributes = Attributes { set, clear: 0, propagation: 0, user_namespace };
    const RECURSIVE: i32 = 0x8000;
    let flags = libc::AT_EMPTY_PATH | if deep { RECURSIVE } else { 0 };
    let empty: &CStr = c"";
    // SAFETY: the path is a C string, and the structure is as long as we say.
    let code = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            empty.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<Attributes>(),
        )
    };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
