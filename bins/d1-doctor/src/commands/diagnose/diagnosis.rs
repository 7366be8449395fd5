//! What an examination found, as one JSON document: `schemas/diagnosis.v1.json`.

use d1_core::{Finding, Timestamp, Verdict};
use d1_executor::Difference;
use serde::Serialize;

/// One finding on a line of its own.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    pub(super) schema: &'static str,
    #[serde(flatten)]
    pub(super) finding: &'a Finding,
}

/// A whole examination.
#[derive(Clone, Serialize)]
pub(super) struct Diagnosis<'a> {
    schema: &'static str,
    version: &'static str,
    /// When the machine was looked at, in milliseconds since 1970.
    pub(super) at: Timestamp,
    count: Count,
    /// What is different; `null` when that was not asked for.
    pub(super) since: Option<&'a Since>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<&'a [Finding]>,
}

/// What is different from an earlier look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Since {
    /// When that was; `null` when there was none.
    pub(super) at: Option<Timestamp>,
    pub(super) differences: Vec<Difference>,
}

impl<'a> Diagnosis<'a> {
    pub(super) fn of(at: Timestamp, findings: &'a [Finding], since: Option<&'a Since>) -> Self {
        Self {
            schema: "d1.diagnosis.v1",
            version: env!("CARGO_PKG_VERSION"),
            at,
            count: Count::of(findings),
            since,
            findings: Some(findings),
        }
    }

    pub(super) fn findings(&self) -> &'a [Finding] {
        self.findings.unwrap_or_default()
    }

    /// The same for a reader that was told every finding already.
    pub(super) fn without_findings(&self) -> Self {
        Self { findings: None, ..self.clone() }
    }
}

/// How many checks ended how.
#[derive(Clone, Serialize)]
struct Count {
    ok: usize,
    warn: usize,
    fail: usize,
    unknown: usize,
    skipped: usize,
}

impl Count {
    fn of(findings: &[Finding]) -> Self {
        let of = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
        Self {
            ok: of(Verdict::Ok),
            warn: of(Verdict::Warn),
            fail: of(Verdict::Fail),
            unknown: of(Verdict::Unknown),
            skipped: of(Verdict::Skipped),
        }
    }
}
