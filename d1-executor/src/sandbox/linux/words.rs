//! What the first process tells while the command runs, and at its end.

use super::order::{Finish, Word};
use crate::sandbox::{port::Waiting, watch};
use std::{
    fs::File,
    io::{self, BufReader},
    os::fd::OwnedFd,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::io::unix::AsyncFd;

/// How much is read at once; a word is shorter.
const PIECE: usize = 4096;

/// The line from the first process to us.
#[derive(Debug)]
pub(super) struct Words {
    line: AsyncFd<OwnedFd>,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    /// The beginning of a word whose end has not come.
    begun: Vec<u8>,
    waiting: Option<Waiting>,
    finish: Option<Finish>,
    silent: bool,
}

impl Words {
    /// What comes after the words that were heard from `line`.
    pub(super) fn after(line: BufReader<File>) -> io::Result<Self> {
        let heard = Heard { begun: line.buffer().to_vec(), ..Heard::default() };
        let line = OwnedFd::from(line.into_inner());
        rustix::io::ioctl_fionbio(&line, true)?;
        Ok(Self { line: watch(line)?, heard: Mutex::new(heard) })
    }

    /// Waits until it tells that the command waits for something.
    pub(super) async fn waiting(&self) -> Waiting {
        loop {
            let told = {
                let mut heard = self.hear();
                heard.waiting.take().ok_or(heard.silent)
            };
            match told {
                Ok(waiting) => return waiting,
                Err(true) => return std::future::pending().await,
                Err(false) => match self.line.readable().await {
                    Ok(mut ready) => ready.clear_ready(),
                    Err(_the_runtime_ends) => return std::future::pending().await,
                },
            }
        }
    }

    /// How the command ended; none when the first process was ended before it could tell. To be
    /// asked when that process has ended.
    pub(super) fn finish(&self) -> Option<Finish> {
        self.hear().finish.take()
    }

    /// Takes in everything that was told so far.
    fn hear(&self) -> MutexGuard<'_, Heard> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let mut piece = [0; PIECE];
        while !heard.silent {
            match rustix::io::read(&self.line, &mut piece) {
                Ok(0) => heard.silent = true,
                Ok(count) => heard.begun.extend(&piece[..count]),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => break,
                Err(_broken) => heard.silent = true,
            }
        }
        heard.understand();
        heard
    }
}

impl Heard {
    fn understand(&mut self) {
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Word::Waiting(waiting)) => self.waiting = Some(waiting),
                Ok(Word::Ended(finish)) => self.finish = Some(finish),
                Ok(Word::Started(_) | Word::Tried(_) | Word::Failed(_)) | Err(_) => {}
            }
        }
    }
}
