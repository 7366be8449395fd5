//! A token with less in it than ours.

use super::handle::{done, made};
use std::{
    io,
    mem::{offset_of, size_of},
    os::windows::io::{AsRawHandle as _, OwnedHandle},
    ptr,
};
use windows_sys::Win32::{
    Security::{
        CreateRestrictedToken, CreateWellKnownSid, DISABLE_MAX_PRIVILEGE, LUA_TOKEN,
        SECURITY_MAX_SID_SIZE, SID_AND_ATTRIBUTES, SetTokenInformation, TOKEN_ADJUST_DEFAULT,
        TOKEN_ASSIGN_PRIMARY, TOKEN_DUPLICATE, TOKEN_MANDATORY_LABEL, TOKEN_QUERY,
        TokenIntegrityLevel, WinLowLabelSid,
    },
    System::{
        SystemServices::SE_GROUP_INTEGRITY,
        Threading::{GetCurrentProcess, OpenProcessToken},
    },
};

/// A security identifier, in memory that is aligned as its numbers are.
type Sid = [u32; (SECURITY_MAX_SID_SIZE as usize).div_ceil(size_of::<u32>())];

/// Our own token without privileges and without what administrators have. One that `only_looks`
/// has the low integrity level: it writes to nothing that has an ordinary one, which everything has
/// that does not say otherwise.
pub(super) fn restricted(only_looks: bool) -> io::Result<OwnedHandle> {
    let mut ours = ptr::null_mut();
    let access = TOKEN_DUPLICATE | TOKEN_ASSIGN_PRIMARY | TOKEN_QUERY | TOKEN_ADJUST_DEFAULT;
    // SAFETY: a pseudo handle that needs no closing.
    let this = unsafe { GetCurrentProcess() };
    // SAFETY: the token is written to memory of ours.
    done(unsafe { OpenProcessToken(this, access, &raw mut ours) })?;
    let ours = made(ours)?;
    let mut less = ptr::null_mut();
    let none = ptr::null();
    // SAFETY: the token is open, every list is empty, and the new one is written to ours.
    done(unsafe {
        CreateRestrictedToken(
            ours.as_raw_handle(),
            DISABLE_MAX_PRIVILEGE | LUA_TOKEN,
            0,
            none,
            0,
            ptr::null(),
            0,
            none,
            &raw mut less,
        )
    })?;
    let less = made(less)?;
    if only_looks {
        lower(&less)?;
    }
    Ok(less)
}

/// Gives it the low integrity level, for good: no token is raised above what it has.
fn lower(token: &OwnedHandle) -> io::Result<()> {
    let mut sid: Sid = Sid::default();
    let mut size = SECURITY_MAX_SID_SIZE;
    let at = sid.as_mut_ptr().cast();
    // SAFETY: the memory is as long as any identifier gets, and aligned.
    done(unsafe { CreateWellKnownSid(WinLowLabelSid, ptr::null_mut(), at, &raw mut size) })?;
    let attributes = SE_GROUP_INTEGRITY.cast_unsigned();
    let label =
        TOKEN_MANDATORY_LABEL { Label: SID_AND_ATTRIBUTES { Sid: at, Attributes: attributes } };
    let length = u32::try_from(size_of::<TOKEN_MANDATORY_LABEL>()).unwrap_or(0) + size;
    let info = (&raw const label).cast();
    // SAFETY: the label and the identifier it points to outlive the call.
    done(unsafe { SetTokenInformation(token.as_raw_handle(), TokenIntegrityLevel, info, length) })
}

// The label is nothing but the pair that the call takes.
const _: () = assert!(offset_of!(TOKEN_MANDATORY_LABEL, Label) == 0);
