//! Handles of the kernel, each closed once, and errors of the calls that make them.

use std::{
    io,
    os::windows::io::{AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle},
    ptr,
};
use windows_sys::Win32::{
    Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle, HANDLE},
    System::Threading::GetCurrentProcess,
};

/// What a call says that answers with true or false.
pub(super) fn done(answer: i32) -> io::Result<()> {
    if answer == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The handle that a call has just made for us; null is its error.
pub(super) fn made(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was made for us by the call before, and nobody else has it.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// A copy of it that a child can inherit; the one that was given stays as it is.
pub(super) fn to_inherit(handle: BorrowedHandle<'_>) -> io::Result<OwnedHandle> {
    let mut copy = ptr::null_mut();
    let from = handle.as_raw_handle();
    // SAFETY: a pseudo handle that needs no closing.
    let this = unsafe { GetCurrentProcess() };
    // SAFETY: the handle is open for as long as it is borrowed, and the copy is written to ours.
    done(unsafe { DuplicateHandle(this, from, this, &raw mut copy, 0, 1, DUPLICATE_SAME_ACCESS) })?;
    made(copy)
}
