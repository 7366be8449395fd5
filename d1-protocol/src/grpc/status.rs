//! Problems over gRPC: a code by their kind, their title, and all of them in the metadata.

use crate::api::ProblemBody;
use d1_core::Problem;
use http::{HeaderMap, Response, header::CONTENT_TYPE};
use tonic::{
    Code, Status,
    metadata::{MetadataMap, MetadataValue},
};

/// Where the whole problem is, as JSON.
const PROBLEM: &str = "d1-problem-bin";
/// The most bytes of it: all fields of an answer together have 16 KiB in most programs.
const MAX_PROBLEM_BYTES: usize = 4 * 1024;
/// The most bytes of a title, and of a state, of a problem that is longer.
const MAX_CUT_BYTES: usize = 512;

/// Whether a request is asked over gRPC, and understands nothing but its answers.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.strip_prefix("application/grpc") {
        Some(rest) => rest.is_empty() || rest.starts_with(['+', ';']),
        None => false,
    }
}

/// A refusal as gRPC understands it.
#[must_use]
pub fn grpc_refusal<B: Default>(problem: &Problem) -> Response<B> {
    status(problem).into_http()
}

/// A problem as a status.
pub(crate) fn status(problem: &Problem) -> Status {
    let cut;
    let mut json = json(problem);
    let told = if json.len() > MAX_PROBLEM_BYTES {
        cut = shortened(problem);
        json = self::json(&cut);
        &cut
    } else {
        problem
    };
    let mut fields = MetadataMap::new();
    fields.insert_bin(PROBLEM, MetadataValue::from_bytes(&json));
    Status::with_metadata(code(problem), &told.title, fields)
}

/// The problem that a status carries, when it comes from us.
#[cfg(feature = "client")]
pub(crate) fn problem(status: &Status) -> Option<Problem> {
    let json = status.metadata().get_bin(PROBLEM)?.to_bytes().ok()?;
    serde_json::from_slice(&json).ok()
}

/// The code that means what the status of HTTP means.
fn code(problem: &Problem) -> Code {
    match ProblemBody::from(problem.clone()).status {
        401 => Code::Unauthenticated,
        402 | 409 => Code::FailedPrecondition,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        405 => Code::Unimplemented,
        422 => Code::InvalidArgument,
        429 => Code::ResourceExhausted,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        _ => Code::Internal,
    }
}

fn json(problem: &Problem) -> Vec<u8> {
    // It is made of texts only, which are always written.
    serde_json::to_vec(problem).unwrap_or_default()
}

/// The beginning of a problem that is too long: what failed, and how things are.
fn shortened(problem: &Problem) -> Problem {
    let cut = |text: &str| text[..text.floor_char_boundary(MAX_CUT_BYTES)].to_owned();
    Problem::new(&problem.code, problem.category, cut(&problem.title)).leaving(cut(&problem.state))
}
