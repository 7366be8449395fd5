//! Starts a program with a token, in a job, with three handles of ours and no others.

use super::{
    handle::{done, made, to_inherit},
    job::Job,
    words,
};
use std::{
    collections::BTreeMap,
    ffi::c_void,
    fs::OpenOptions,
    io,
    mem::{size_of, size_of_val},
    os::windows::io::{AsHandle as _, AsRawHandle as _, BorrowedHandle, OwnedHandle, RawHandle},
    path::Path,
    ptr,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NO_WINDOW, CREATE_UNICODE_ENVIRONMENT, CreateProcessAsUserW,
    DeleteProcThreadAttributeList, EXTENDED_STARTUPINFO_PRESENT, InitializeProcThreadAttributeList,
    PROC_THREAD_ATTRIBUTE_HANDLE_LIST, PROC_THREAD_ATTRIBUTE_JOB_LIST, PROCESS_INFORMATION,
    STARTF_USESTDHANDLES, STARTUPINFOEXW, UpdateProcThreadAttribute,
};

/// What to start, and where its words go.
pub(super) struct Start<'a> {
    /// The file to execute.
    pub(super) program: &'a Path,
    /// All words, the program's name first.
    pub(super) argv: &'a [String],
    /// The whole environment.
    pub(super) env: &'a BTreeMap<String, String>,
    /// Where it starts.
    pub(super) cwd: &'a Path,
    /// Its standard output.
    pub(super) stdout: BorrowedHandle<'a>,
    /// Its standard error.
    pub(super) stderr: BorrowedHandle<'a>,
}

/// Starts it, and gives a handle on its process. From its first instruction on it is in the job.
pub(super) fn start(what: &Start<'_>, token: &OwnedHandle, job: &Job) -> io::Result<OwnedHandle> {
    let null = OpenOptions::new().read(true).open("NUL")?;
    let ends = [null.as_handle(), what.stdout, what.stderr];
    let [stdin, stdout, stderr] = ends.map(to_inherit);
    let (stdin, stdout, stderr) = (stdin?, stdout?, stderr?);
    let handles = [stdin.as_raw_handle(), stdout.as_raw_handle(), stderr.as_raw_handle()];
    let jobs = [job.handle()];
    let mut attributes = Attributes::make()?;
    attributes.add(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &handles)?;
    attributes.add(PROC_THREAD_ATTRIBUTE_JOB_LIST, &jobs)?;
    let mut how = STARTUPINFOEXW::default();
    how.StartupInfo.cb = u32::try_from(size_of::<STARTUPINFOEXW>()).unwrap_or(0);
    how.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    [how.StartupInfo.hStdInput, how.StartupInfo.hStdOutput, how.StartupInfo.hStdError] = handles;
    how.lpAttributeList = attributes.at();
    create(what, token, &how)
}

fn create(what: &Start<'_>, token: &OwnedHandle, how: &STARTUPINFOEXW) -> io::Result<OwnedHandle> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    let mut line = words::line(what.argv).ok_or_else(invalid)?;
    let env = words::block(what.env);
    let (program, cwd) = (words::wide(what.program.as_os_str()), words::wide(what.cwd.as_os_str()));
    let flags = CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;
    let mut born = PROCESS_INFORMATION::default();
    // SAFETY: every text ends with a zero, the line is memory that may be written to, and all of
    // it, the attributes and the handles in them outlive the call.
    done(unsafe {
        CreateProcessAsUserW(
            token.as_raw_handle(),
            program.as_ptr(),
            line.as_mut_ptr(),
            ptr::null(),
            ptr::null(),
            1,
            flags,
            env.as_ptr().cast(),
            cwd.as_ptr(),
            &raw const how.StartupInfo,
            &raw mut born,
        )
    })?;
    let _first_thread = made(born.hThread)?;
    made(born.hProcess)
}

/// How many attributes there are: the handles and the job.
const ATTRIBUTES: u32 = 2;

/// What a process is born with. What its attributes point to has to outlive it.
struct Attributes<'a> {
    memory: Vec<usize>,
    points_to: std::marker::PhantomData<&'a [RawHandle]>,
}

impl<'a> Attributes<'a> {
    fn make() -> io::Result<Self> {
        let mut size = 0;
        // SAFETY: without memory it tells how much it needs, and fails.
        let _told = unsafe {
            InitializeProcThreadAttributeList(ptr::null_mut(), ATTRIBUTES, 0, &raw mut size)
        };
        let mut memory = vec![0_usize; size.div_ceil(size_of::<usize>())];
        let at = memory.as_mut_ptr().cast();
        // SAFETY: the memory is as long as it has just told.
        done(unsafe { InitializeProcThreadAttributeList(at, ATTRIBUTES, 0, &raw mut size) })?;
        Ok(Self { memory, points_to: std::marker::PhantomData })
    }

    fn at(&mut self) -> *mut c_void {
        self.memory.as_mut_ptr().cast()
    }

    fn add(&mut self, name: u32, handles: &'a [RawHandle]) -> io::Result<()> {
        let (value, size) = (handles.as_ptr().cast(), size_of_val(handles));
        let name = usize::try_from(name).unwrap_or(0);
        let (at, none) = (self.at(), ptr::null_mut());
        // SAFETY: the list is initialised, and the handles outlive it.
        done(unsafe { UpdateProcThreadAttribute(at, 0, name, value, size, none, ptr::null()) })
    }
}

impl Drop for Attributes<'_> {
    fn drop(&mut self) {
        // SAFETY: the list is initialised, and not used any more.
        unsafe { DeleteProcThreadAttributeList(self.at()) };
    }
}
