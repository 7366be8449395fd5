//! Passwords: hashed with Argon2id (RFC 9106), the work bounded, and the same for everybody.
//!
//! 1. Each takes 19 MiB and two passes, as OWASP's cheat sheet on storing passwords has it.
//! 2. Few are worked on at once, few more may wait, and the rest is told to come again: a
//!    crowd that guesses cannot take the memory of the machine.
//! 3. For a name that nobody has the same work is done, so that the time tells nothing.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString},
};
use aws_lc_rs::rand;
use std::{error::Error, fmt, sync::Arc};
use tokio::sync::Semaphore;

/// The memory of one hash, in KiB.
const MEMORY: u32 = 19_456;
/// How often it goes through that memory.
const PASSES: u32 = 2;
/// How many are worked on at once.
const AT_ONCE: usize = 2;
/// How many may wait for that.
const WAITING: usize = 32;

/// Why a password is not taken or cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too easy to guess.
    #[error("a password has at least {min} characters; take a longer one, some words for example", min = Passwords::MIN_CHARACTERS)]
    TooShort,
    /// More than is worked on.
    #[error("a password has at most {max} bytes; take a shorter one", max = Passwords::MAX_BYTES)]
    TooLong,
    /// Too many sign in at once.
    #[error("too many sign in at this moment; try again in a few seconds")]
    Busy,
    /// It cannot be worked on at all.
    #[error("a password cannot be hashed")]
    Unusable(#[source] Box<dyn Error + Send + Sync>),
}

/// Hashes and verifies passwords. Cheap to clone; clones share the bounds.
#[derive(Clone)]
pub struct Passwords {
    at_work: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    nobodys: Arc<str>,
}

impl Passwords {
    /// The fewest characters of a new password (NIST SP 800-63B-4 asks for 15 where it is the
    /// only factor).
    pub const MIN_CHARACTERS: usize = 15;
    /// The most bytes.
    pub const MAX_BYTES: usize = 1_024;

    /// Ready to work.
    pub fn new() -> Result<Self, PasswordError> {
        let mut random = [0; 16];
        rand::fill(&mut random).map_err(|error| PasswordError::Unusable(error.into()))?;
        Ok(Self {
            at_work: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            nobodys: hash(&random)?.into(),
        })
    }

    /// The hash of a new password, as a PHC string.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if password.chars().count() < Self::MIN_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        fits(password)?;
        let password = password.as_bytes().to_vec();
        self.work(move || hash(&password)).await?
    }

    /// Whether it is the password that `kept` is the hash of; `None` when nobody has the name,
    /// which takes as long.
    pub async fn verify(&self, password: &str, kept: Option<&str>) -> Result<bool, PasswordError> {
        fits(password)?;
        let is_somebodys = kept.is_some();
        let kept: Arc<str> = kept.map_or_else(|| Arc::clone(&self.nobodys), Arc::from);
        let password = password.as_bytes().to_vec();
        let same = self.work(move || is_hash_of(&password, &kept)).await??;
        Ok(same && is_somebodys)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _waits = self.waiting.try_acquire().map_err(|_full| PasswordError::Busy)?;
        let permit = Arc::clone(&self.at_work).acquire_owned().await;
        let permit = permit.map_err(|_closed| PasswordError::Busy)?;
        let worked = tokio::task::spawn_blocking(move || {
            // Whoever asked may be gone; the work, and its place, ends when it is done.
            let _works = permit;
            work()
        });
        worked.await.map_err(|error| PasswordError::Unusable(error.into()))
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

fn fits(password: &str) -> Result<(), PasswordError> {
    (password.len() <= Passwords::MAX_BYTES).then_some(()).ok_or(PasswordError::TooLong)
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY, PASSES, 1, None);
    let params = params.map_err(|error| PasswordError::Unusable(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8]) -> Result<String, PasswordError> {
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|error| PasswordError::Unusable(error.into()))?;
    let unusable = |error: argon2::password_hash::Error| PasswordError::Unusable(error.into());
    let salt = SaltString::encode_b64(&salt).map_err(unusable)?;
    Ok(argon2()?.hash_password(password, &salt).map_err(unusable)?.to_string())
}

/// By the parameters that the hash names, which may be those of an earlier time.
fn is_hash_of(password: &[u8], kept: &str) -> Result<bool, PasswordError> {
    use argon2::password_hash::Error as E;
    let kept = PasswordHash::new(kept).map_err(|error| PasswordError::Unusable(error.into()))?;
    match argon2()?.verify_password(password, &kept) {
        Ok(()) => Ok(true),
        Err(E::Password) => Ok(false),
        Err(error) => Err(PasswordError::Unusable(error.into())),
    }
}
