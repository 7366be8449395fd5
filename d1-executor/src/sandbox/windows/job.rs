//! The job of a command: it holds everything the command starts, bounds it, and ends it at once,
//! at the latest when we end.

use super::handle::{done, made};
use crate::sandbox::grant::Limits;
use d1_core::Usage;
use std::{
    ffi::c_void,
    io,
    mem::size_of,
    os::windows::io::{AsRawHandle as _, OwnedHandle, RawHandle},
    ptr,
};
use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    System::{
        IO::{CreateIoCompletionPort, GetQueuedCompletionStatus},
        JobObjects::{
            CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
            JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, JOB_OBJECT_LIMIT_JOB_MEMORY,
            JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOB_OBJECT_LIMIT_PROCESS_TIME,
            JOB_OBJECT_UILIMIT_DESKTOP, JOB_OBJECT_UILIMIT_DISPLAYSETTINGS,
            JOB_OBJECT_UILIMIT_EXITWINDOWS, JOB_OBJECT_UILIMIT_GLOBALATOMS,
            JOB_OBJECT_UILIMIT_HANDLES, JOB_OBJECT_UILIMIT_READCLIPBOARD,
            JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS, JOB_OBJECT_UILIMIT_WRITECLIPBOARD,
            JOBOBJECT_ASSOCIATE_COMPLETION_PORT, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION,
            JOBOBJECT_BASIC_UI_RESTRICTIONS, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
            JOBOBJECTINFOCLASS, JobObjectAssociateCompletionPortInformation,
            JobObjectBasicAccountingInformation, JobObjectBasicUIRestrictions,
            JobObjectExtendedLimitInformation, QueryInformationJobObject, SetInformationJobObject,
            TerminateJobObject,
        },
        SystemServices::{
            JOB_OBJECT_MSG_ACTIVE_PROCESS_LIMIT, JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO,
            JOB_OBJECT_MSG_END_OF_PROCESS_TIME, JOB_OBJECT_MSG_JOB_MEMORY_LIMIT,
        },
    },
};

/// What this system counts time in: 100 ns.
const TICKS_A_SECOND: u64 = 10_000_000;
const TICKS_A_MICROSECOND: u64 = 10;
/// What nobody in a job does to the screen, the keyboard's owner, or to windows of others.
const NOT_ON_SCREEN: u32 = JOB_OBJECT_UILIMIT_DESKTOP
    | JOB_OBJECT_UILIMIT_DISPLAYSETTINGS
    | JOB_OBJECT_UILIMIT_EXITWINDOWS
    | JOB_OBJECT_UILIMIT_GLOBALATOMS
    | JOB_OBJECT_UILIMIT_HANDLES
    | JOB_OBJECT_UILIMIT_READCLIPBOARD
    | JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS
    | JOB_OBJECT_UILIMIT_WRITECLIPBOARD;
/// The exit code of what is ended from outside.
pub(super) const ENDED: u32 = 1;
/// So long a word of the kernel is waited for before it is counted instead, in milliseconds.
const PATIENCE_MS: u32 = 200;

/// The job of a command. When it is dropped, nothing in it lives any more.
#[derive(Debug)]
pub(super) struct Job {
    job: OwnedHandle,
    news: OwnedHandle,
}

/// A bound that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Memory,
    Processes,
    CpuTime,
}

impl Job {
    /// A job without anything in it.
    pub(super) fn make(limits: &Limits) -> io::Result<Self> {
        // SAFETY: no attributes and no name.
        let job = made(unsafe { CreateJobObjectW(ptr::null(), ptr::null()) })?;
        // SAFETY: makes a port of its own, for no file.
        let news =
            made(unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1) })?;
        let this = Self { job, news };
        this.set(JobObjectExtendedLimitInformation, &bounds(limits))?;
        let screen = JOBOBJECT_BASIC_UI_RESTRICTIONS { UIRestrictionsClass: NOT_ON_SCREEN };
        this.set(JobObjectBasicUIRestrictions, &screen)?;
        let port = JOBOBJECT_ASSOCIATE_COMPLETION_PORT {
            CompletionKey: ptr::null_mut(),
            CompletionPort: this.news.as_raw_handle(),
        };
        this.set(JobObjectAssociateCompletionPortInformation, &port)?;
        Ok(this)
    }

    pub(super) fn handle(&self) -> RawHandle {
        self.job.as_raw_handle()
    }

    /// Ends everything in it.
    pub(super) fn kill(&self) {
        // SAFETY: the job is open.
        let _nothing_left = unsafe { TerminateJobObject(self.handle(), ENDED) };
    }

    /// Waits until nothing in it lives any more, and tells which bound was reached before.
    pub(super) fn emptied(&self) -> io::Result<Option<Bound>> {
        let mut reached = None;
        loop {
            match self.hear() {
                Some(JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO) => return Ok(reached),
                Some(JOB_OBJECT_MSG_JOB_MEMORY_LIMIT) => reached = Some(Bound::Memory),
                Some(JOB_OBJECT_MSG_ACTIVE_PROCESS_LIMIT) => reached = Some(Bound::Processes),
                Some(JOB_OBJECT_MSG_END_OF_PROCESS_TIME) => reached = Some(Bound::CpuTime),
                Some(_other) => {}
                // Words can be lost where there are many; the count cannot.
                None if self.count()?.ActiveProcesses == 0 => return Ok(reached),
                None => {}
            }
        }
    }

    /// What everything in it has used so far.
    pub(super) fn usage(&self) -> io::Result<Usage> {
        let count = self.count()?;
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        self.get(JobObjectExtendedLimitInformation, &mut limits)?;
        let micros = |ticks: i64| u64::try_from(ticks).unwrap_or(0) / TICKS_A_MICROSECOND;
        Ok(Usage {
            user_micros: micros(count.TotalUserTime),
            system_micros: micros(count.TotalKernelTime),
            max_rss_bytes: u64::try_from(limits.PeakJobMemoryUsed).unwrap_or(u64::MAX),
            ..Usage::default()
        })
    }

    fn count(&self) -> io::Result<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION> {
        let mut count = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        self.get(JobObjectBasicAccountingInformation, &mut count)?;
        Ok(count)
    }

    /// The next word of the kernel about it; none when there is none for a while.
    fn hear(&self) -> Option<u32> {
        let (mut word, mut key, mut about) = (0, 0, ptr::null_mut());
        let port = self.news.as_raw_handle();
        // SAFETY: the port is open, and all three are memory of ours.
        let heard = unsafe {
            GetQueuedCompletionStatus(
                port,
                &raw mut word,
                &raw mut key,
                &raw mut about,
                PATIENCE_MS,
            )
        };
        (heard != 0).then_some(word)
    }

    fn set<T>(&self, class: JOBOBJECTINFOCLASS, to: &T) -> io::Result<()> {
        let (at, size) = (ptr::from_ref(to).cast::<c_void>(), length::<T>());
        // SAFETY: the caller names the class whose form `T` is, and it outlives the call.
        done(unsafe { SetInformationJobObject(self.handle(), class, at, size) })
    }

    fn get<T>(&self, class: JOBOBJECTINFOCLASS, into: &mut T) -> io::Result<()> {
        let (at, size) = (ptr::from_mut(into).cast::<c_void>(), length::<T>());
        let read = ptr::null_mut();
        // SAFETY: the caller names the class whose form `T` is; numbers alone, any of them valid.
        done(unsafe { QueryInformationJobObject(self.handle(), class, at, size, read) })
    }
}

fn length<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap_or(0)
}

fn bounds(limits: &Limits) -> JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
    let mut all = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    let basic = &mut all.BasicLimitInformation;
    basic.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
        | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
        | JOB_OBJECT_LIMIT_ACTIVE_PROCESS
        | JOB_OBJECT_LIMIT_JOB_MEMORY
        | JOB_OBJECT_LIMIT_PROCESS_TIME;
    basic.ActiveProcessLimit = u32::try_from(limits.processes).unwrap_or(u32::MAX);
    let ticks = limits.cpu_seconds.saturating_mul(TICKS_A_SECOND);
    basic.PerProcessUserTimeLimit = i64::try_from(ticks).unwrap_or(i64::MAX);
    all.JobMemoryLimit = usize::try_from(limits.memory).unwrap_or(usize::MAX);
    all
}
