//! Catches this program before `main` when it was executed as the first process of a sandbox.
//!
//! So an embedder has nothing to call, and no second program has to be found on the machine.

use super::{child::NAME, init};
use std::ffi::{CStr, c_char, c_int};

/// The C library calls what is listed here before `main`, with the arguments of `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static ENTRY: extern "C" fn(c_int, *const *const c_char, *const *const c_char) = entry;

extern "C" fn entry(count: c_int, argv: *const *const c_char, _env: *const *const c_char) {
    if count != 1 || argv.is_null() {
        return;
    }
    // SAFETY: the list has `count` entries.
    let name = unsafe { *argv };
    // SAFETY: each entry is a C string that lives as long as the process.
    if unsafe { CStr::from_ptr(name) } == NAME {
        init::main();
    }
}
