//! Why a token is no good.

use crate::identity::keys::KeyError;

/// Why a token is refused. For logs and tests; whoever presents it is told nothing of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedToken {
    /// More bytes than any token of ours has.
    #[error("it is longer than any token")]
    TooLong,
    /// Not a signed token, or not one whose every claim is there and of its type.
    #[error("it is not an access token")]
    Malformed,
    /// Signed in another way than ours, or not at all.
    #[error("it is signed in another way")]
    Algorithm,
    /// Another kind of token.
    #[error("it is another kind of token")]
    Type,
    /// Its header says more than ours do; following that would be following its maker.
    #[error("its header says what ours never say")]
    Header,
    /// Signed by no key of ours that has signed.
    #[error("its key is not known")]
    UnknownKey,
    /// Signed by somebody else, or changed since.
    #[error("its signature does not fit")]
    Signature,
    /// Issued by somebody else.
    #[error("somebody else issued it")]
    Issuer,
    /// Meant for somebody else.
    #[error("it is meant for somebody else")]
    Audience,
    /// Its time is over.
    #[error("its time is over")]
    Expired,
    /// Its time has not come.
    #[error("its time has not come")]
    NotYet,
    /// Good for longer than any token of ours.
    #[error("it would be good for too long")]
    LivesTooLong,
}

/// Why a token cannot be issued, or is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is no good.
    #[error("the token is refused; sign in again")]
    Refused(#[source] RefusedToken),
    /// There are no keys to work with.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl From<RefusedToken> for TokenError {
    fn from(why: RefusedToken) -> Self {
        Self::Refused(why)
    }
}
