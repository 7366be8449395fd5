//! Starts a program with `posix_spawn(3)`: no fork, so the cost does not grow with our memory.
//!
//! The child leads a session of its own, so it has no controlling terminal and our Ctrl-C
//! does not reach it. Standard input is `/dev/null`. Signals are as a fresh process
//! expects them. Every other descriptor of ours is close-on-exec.

use std::{
    ffi::{CStr, CString},
    io,
    mem::MaybeUninit,
    os::fd::{AsRawFd as _, BorrowedFd},
    ptr,
};

/// The flag for a session of its own (`posix_spawnattr_setflags(3)`).
#[cfg(not(target_os = "macos"))]
const NEW_SESSION: libc::c_short = libc::POSIX_SPAWN_SETSID;
/// The same in the headers of macOS since 10.15; the bindings have no name for it.
#[cfg(target_os = "macos")]
const NEW_SESSION: libc::c_short = 0x0400;

/// What to start, and where its words go.
pub(crate) struct Spawn<'a> {
    /// The file to execute.
    pub(crate) program: &'a CStr,
    /// All words, the program's name first.
    pub(crate) argv: &'a [CString],
    /// The whole environment.
    pub(crate) env: &'a [CString],
    /// Where it starts.
    pub(crate) cwd: Option<&'a CStr>,
    /// Its standard output.
    pub(crate) stdout: BorrowedFd<'a>,
    /// Its standard error.
    pub(crate) stderr: BorrowedFd<'a>,
}

/// Starts it and tells its process id. The error is that of the call that failed, also of
/// `execve` itself.
pub(crate) fn spawn(what: &Spawn<'_>) -> io::Result<i32> {
    let attributes = Attributes::new()?;
    let actions = Actions::new(what)?;
    let argv = pointers(what.argv);
    let env = pointers(what.env);
    let mut pid = 0;
    // SAFETY: every pointer refers to a NUL-terminated string or a NULL-terminated list of
    // them that outlives the call; the attribute and action objects are initialised.
    check(unsafe {
        libc::posix_spawn(
            &raw mut pid,
            what.program.as_ptr(),
            &raw const actions.0,
            &raw const attributes.0,
            argv.as_ptr(),
            env.as_ptr(),
        )
    })?;
    Ok(pid)
}

/// The functions of this family return the error number instead of setting it.
fn check(code: i32) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
}

fn pointers(words: &[CString]) -> Vec<*mut libc::c_char> {
    words.iter().map(|word| word.as_ptr().cast_mut()).chain([ptr::null_mut()]).collect()
}

struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new() -> io::Result<Self> {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: `init` initialises what it is given.
        check(unsafe { libc::posix_spawnattr_init(raw.as_mut_ptr()) })?;
        // SAFETY: it has just been initialised.
        let mut this = Self(unsafe { raw.assume_init() });
        let signals = libc::POSIX_SPAWN_SETSIGDEF | libc::POSIX_SPAWN_SETSIGMASK;
        let signals = i16::try_from(signals).map_err(|_| io::ErrorKind::Unsupported)?;
        let flags = signals | NEW_SESSION;
        // SAFETY: the object is initialised.
        check(unsafe { libc::posix_spawnattr_setflags(&raw mut this.0, flags) })?;
        let all = signal_set(libc::sigfillset);
        // SAFETY: both objects are initialised.
        check(unsafe { libc::posix_spawnattr_setsigdefault(&raw mut this.0, &raw const all) })?;
        let none = signal_set(libc::sigemptyset);
        // SAFETY: both objects are initialised.
        check(unsafe { libc::posix_spawnattr_setsigmask(&raw mut this.0, &raw const none) })?;
        Ok(this)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the object is initialised, and not used any more.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

fn signal_set(fill: unsafe extern "C" fn(*mut libc::sigset_t) -> i32) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: both functions we pass initialise the set, and cannot fail on a valid pointer.
    unsafe { fill(set.as_mut_ptr()) };
    // SAFETY: it has just been initialised.
    unsafe { set.assume_init() }
}

struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new(what: &Spawn<'_>) -> io::Result<Self> {
        let mut raw = MaybeUninit::uninit();
        // SAFETY: `init` initialises what it is given.
        check(unsafe { libc::posix_spawn_file_actions_init(raw.as_mut_ptr()) })?;
        // SAFETY: it has just been initialised.
        let mut this = Self(unsafe { raw.assume_init() });
        let null = c"/dev/null".as_ptr();
        // SAFETY: the object is initialised, and the path is a C string.
        check(unsafe {
            libc::posix_spawn_file_actions_addopen(&raw mut this.0, 0, null, libc::O_RDONLY, 0)
        })?;
        for (from, to) in [(what.stdout, 1), (what.stderr, 2)] {
            let from = from.as_raw_fd();
            // SAFETY: the object is initialised, and the descriptor is open until we return.
            check(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut this.0, from, to) })?;
        }
        if let Some(cwd) = what.cwd {
            // SAFETY: the object is initialised, and the path is a C string.
            check(unsafe {
                libc::posix_spawn_file_actions_addchdir_np(&raw mut this.0, cwd.as_ptr())
            })?;
        }
        Ok(this)
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: the object is initialised, and not used any more.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    fn words(words: &[&str]) -> Vec<CString> {
        words.iter().map(|word| CString::new(*word).unwrap()).collect()
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_of_the_spawn() {
        let null = std::fs::File::open("/dev/null").unwrap();
        let argv = words(&["nothing"]);
        let error = spawn(&Spawn {
            program: c"/does/not/exist",
            argv: &argv,
            env: &[],
            cwd: None,
            stdout: null.as_fd(),
            stderr: null.as_fd(),
        });
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_child_leads_a_session_and_has_the_environment_it_was_given() {
        let (mut read, write) = std::io::pipe().unwrap();
        let argv = words(&["sh", "-c", "env; pwd; ps -o sid= -p $$ | tr -d ' '; echo $$"]);
        let env = words(&["A=b", "PATH=/usr/bin:/bin"]);
        let pid = spawn(&Spawn {
            program: c"/bin/sh",
            argv: &argv,
            env: &env,
            cwd: Some(c"/usr"),
            stdout: write.as_fd(),
            stderr: write.as_fd(),
        })
        .unwrap();
        drop(write);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut read, &mut text).unwrap();
        super::super::reap(pid).unwrap();
        let mut env: Vec<&str> = text.lines().filter(|line| line.contains('=')).collect();
        env.sort_unstable();
        assert_eq!(env, ["A=b", "PATH=/usr/bin:/bin", "PWD=/usr"]);
        assert!(text.ends_with(&format!("/usr\n{pid}\n{pid}\n")), "{text}");
    }
}
