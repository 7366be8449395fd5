//! The body of a request: read whole, within a size and a time, before anything is done.

use super::service::BoxError;
use crate::convert::ToWire;
use bytes::Bytes;
use d1_core::{Category, Problem};
use http::Request;
use http_body::Body;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use prost::Message;
use std::time::Duration;

/// The most bytes of a request.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// How long a request may take to arrive.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// The request with all of its body, which has a bound in size and in time.
pub(super) async fn whole<B>(request: Request<B>) -> Result<Request<Full<Bytes>>, Problem>
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let (head, body) = request.into_parts();
    let read = Limited::new(body, MAX_REQUEST_BYTES).collect();
    match tokio::time::timeout(REQUEST_WITHIN, read).await {
        Ok(Ok(body)) => Ok(Request::from_parts(head, Full::new(body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(not_understood(format!("it is larger than {MAX_REQUEST_BYTES} bytes")))
        }
        Ok(Err(error)) => Err(not_understood(error.to_string())),
        Err(_) => {
            let seconds = REQUEST_WITHIN.as_secs();
            let title = format!("the request did not arrive within {seconds} s");
            Err(Problem::new("D1-API-001", Category::Timeout, title)
                .leaving("nothing was changed")
                .next("ask again"))
        }
    }
}

/// A message of some kind.
pub(super) fn decoded<W: Message + Default>(message: Bytes) -> Result<W, Problem> {
    W::decode(message).map_err(|error| not_understood(error.to_string()))
}

/// An answer.
#[expect(clippy::needless_pass_by_value, reason = "made for map")]
pub(super) fn told<T: ToWire<Wire: Message>>(answer: T) -> Bytes {
    answer.to_wire().encode_to_vec().into()
}

/// What was asked makes no sense.
pub(super) fn not_understood(cause: impl Into<String>) -> Problem {
    Problem::new("D1-API-001", Category::Usage, "the request's body is not understood")
        .because(cause)
        .leaving("nothing was changed")
}

/// Nobody is known to ask.
pub(super) fn nobody() -> Problem {
    Problem::new("D1-AUTH-001", Category::Auth, "nobody is known to ask")
        .leaving("nothing was changed")
        .next("present a token: authorization: Bearer …")
}

/// There is no such call.
pub(super) fn unknown_call() -> Problem {
    Problem::new("D1-API-004", Category::Usage, "this call is not known")
        .leaving("nothing was changed")
        .next("see that both are of versions that fit")
}
