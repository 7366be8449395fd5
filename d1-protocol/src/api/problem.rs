//! Errors over HTTP: problem details (RFC 9457), with our own parts beside the standard ones.

use d1_core::{Category, Problem};
use serde::{Deserialize, Serialize};

/// The media type of [`ProblemBody`] (RFC 9457, section 3).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem as a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemBody {
    /// A name for the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// Title, cause, state, next steps, code and category.
    #[serde(flatten)]
    pub problem: Problem,
}

impl From<Problem> for ProblemBody {
    fn from(problem: Problem) -> Self {
        Self {
            kind: format!("urn:d1-doctor:problem:{}", problem.code),
            status: status(&problem),
            problem,
        }
    }
}

/// The status of a problem: unknown things are 404, a store that is in trouble is 503 whatever
/// it was asked for, and the rest goes by its category.
fn status(problem: &Problem) -> u16 {
    match (problem.code.as_str(), problem.category) {
        ("D1-SETUP-001" | "D1-API-003", _) => 404,
        // On a machine of its own it is the work that failed; whoever asks a server may come back.
        ("D1-SETUP-014", _) | ("D1-CREDIT-500", Category::Credit) => 503,
        // The server can do its work; this one machine is away.
        ("D1-DEVICE-001", _) => 409,
        ("D1-API-004", _) => 405,
        ("D1-API-408", _) => 408,
        ("D1-LIMIT-429", _) => 429,
        (_, Category::Usage) => 422,
        (_, Category::Task) => 409,
        (_, Category::Daemon | Category::Network) => 503,
        (_, Category::Auth) => 401,
        (_, Category::Credit) => 402,
        (_, Category::Denied) => 403,
        (_, Category::Timeout) => 504,
        (_, Category::Bug) => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_in_trouble_is_not_the_fault_of_whoever_asks() {
        for (code, category) in
            [("D1-SETUP-014", Category::Task), ("D1-CREDIT-500", Category::Credit)]
        {
            assert_eq!(ProblemBody::from(Problem::new(code, category, "no")).status, 503, "{code}");
        }
        // What cannot be put right by waiting is no passing trouble.
        for (code, category, status) in [
            ("D1-SETUP-018", Category::Task, 409),
            ("D1-DEVICE-001", Category::Daemon, 409),
            ("D1-DEVICE-002", Category::Daemon, 503),
            ("D1-CREDIT-402", Category::Credit, 402),
            ("D1-CREDIT-500", Category::Bug, 500),
        ] {
            assert_eq!(ProblemBody::from(Problem::new(code, category, "no")).status, status);
        }
    }

    #[test]
    fn a_problem_reads_back_as_it_was_told() {
        let problem = Problem::new("D1-CREDIT-402", Category::Credit, "too dear").next("wait");
        let body = ProblemBody::from(problem);
        assert_eq!(body.status, 402);
        let text = serde_json::to_string(&body).unwrap();
        assert!(text.contains(r#""type":"urn:d1-doctor:problem:D1-CREDIT-402""#), "{text}");
        assert_eq!(serde_json::from_str::<ProblemBody>(&text).unwrap(), body);
    }
}
