//! Errors on their way out: problem details with the status that fits, over HTTP and over gRPC.

use axum::{
    Extension,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use d1_core::{Category, Problem};
use d1_orchestrator::EngineError;
use d1_protocol::{
    CallRefusal,
    api::{PROBLEM_JSON, ProblemBody},
    grpc_refusal, is_grpc,
};
use std::time::Duration;

/// A request that is not done.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Problem,
    fields: HeaderMap,
}

/// How long a client leaves servers alone that do not find each other.
const AGAIN_AFTER: u64 = 2;

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        let passes = matches!(&error, EngineError::Device(error) if error.is_between_servers());
        let refusal = Self::from(error.problem());
        if !passes {
            return refusal;
        }
        let again = (RETRY_AFTER, HeaderValue::from(AGAIN_AFTER));
        refusal.with(HeaderMap::from_iter([again]))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, fields: HeaderMap::new() }
    }
}

impl From<CallRefusal> for Refusal {
    fn from(refusal: CallRefusal) -> Self {
        let again = refusal.retry_after.map(|wait| HeaderValue::from(wait.as_secs()));
        let fields = again.map(|again| (RETRY_AFTER, again)).into_iter().collect();
        Self { problem: refusal.problem, fields }
    }
}

/// What is told, and when to ask again, where fields of HTTP cannot be.
impl From<Refusal> for CallRefusal {
    fn from(refusal: Refusal) -> Self {
        let again = refusal.fields.get(RETRY_AFTER).and_then(|again| again.to_str().ok());
        let seconds = again.and_then(|seconds| seconds.parse().ok());
        Self { problem: refusal.problem, retry_after: seconds.map(Duration::from_secs) }
    }
}

impl Refusal {
    /// The same, with these fields in its answer.
    pub(crate) fn with(self, fields: HeaderMap) -> Self {
        Self { fields, ..self }
    }

    /// The fields of its answer.
    pub(crate) const fn fields(&self) -> &HeaderMap {
        &self.fields
    }

    /// What is told, without when to ask again.
    pub(crate) fn into_problem(self) -> Problem {
        self.problem
    }

    /// What is told.
    #[cfg(test)]
    pub(crate) const fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Nothing at this path.
    pub(crate) async fn unknown_path() -> Self {
        let title = "there is nothing at this address";
        Problem::new("D1-API-003", Category::Usage, title).leaving("nothing was changed").into()
    }

    /// Something at this path, and not to be asked like this.
    pub(crate) async fn unknown_method() -> Self {
        let title = "this address is not asked with this method";
        Problem::new("D1-API-004", Category::Usage, title).leaving("nothing was changed").into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let told = Extension(self.problem.clone());
        let body = ProblemBody::from(self.problem);
        let status = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::to_string(&body).unwrap_or_default();
        let json = HeaderValue::from_static(PROBLEM_JSON);
        (status, told, self.fields, [(CONTENT_TYPE, json)], text).into_response()
    }
}

/// Tells whoever asks over gRPC in its own way why they are refused, wherever that was.
pub(crate) async fn over_grpc(request: Request, next: Next) -> Response {
    let understands = is_grpc(request.headers());
    let refused = next.run(request).await;
    let Some(problem) = refused.extensions().get::<Problem>().filter(|_| understands) else {
        return refused;
    };
    let mut response: Response = grpc_refusal(problem);
    for (name, value) in refused.headers() {
        // These are of the body, which is gone.
        if ![CONTENT_TYPE, CONTENT_LENGTH].contains(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
