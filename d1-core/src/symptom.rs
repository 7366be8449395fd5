//! What a machine says of itself that is wrong with it.

use crate::{CheckId, Finding, Verdict};
use serde::{Deserialize, Serialize};

/// Something wrong, as a device tells it beside how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Symptom {
    /// Which check found it.
    pub check: CheckId,
    /// How bad it is.
    pub verdict: Verdict,
    /// What it is, in one line.
    pub summary: String,
}

impl Symptom {
    /// The most symptoms that are told at once; the worst come first.
    pub const MAX: usize = 64;

    /// Those of an examination: what is wrong and accepted by nobody.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Vec<Self> {
        let mut bad: Vec<&Finding> = findings.iter().filter(|f| f.is_trouble()).collect();
        bad.sort_by(|a, b| b.verdict.cmp(&a.verdict).then_with(|| a.check.cmp(&b.check)));
        bad.into_iter()
            .take(Self::MAX)
            .map(|finding| Self {
                check: finding.check.clone(),
                verdict: finding.verdict,
                summary: finding.summary.clone(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Acceptance;
    use std::time::Duration;

    fn finding(check: &str, verdict: Verdict) -> Finding {
        Finding {
            check: check.parse().unwrap(),
            verdict,
            summary: "so it is".into(),
            details: vec![],
            remedy: vec![],
            fix: vec![],
            accepted: None,
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn the_worst_comes_first_and_what_is_fine_or_accepted_is_none() {
        let mut known = finding("c.x", Verdict::Fail);
        known.accepted = Some(Acceptance { reason: "a lab".into(), until: "2027-01-31".into() });
        let findings = [
            finding("d.x", Verdict::Warn),
            finding("a.x", Verdict::Ok),
            known,
            finding("e.x", Verdict::Fail),
            finding("b.x", Verdict::Unknown),
        ];
        let told: Vec<String> =
            Symptom::of(&findings).iter().map(|symptom| symptom.check.to_string()).collect();
        assert_eq!(told, ["e.x", "d.x"]);
    }

    #[test]
    fn there_is_a_bound_to_complaints() {
        let many: Vec<Finding> =
            (0..100).map(|n| finding(&format!("a.x{n:03}"), Verdict::Fail)).collect();
        let told = Symptom::of(&many);
        assert_eq!(told.len(), Symptom::MAX);
        assert_eq!(told[0].check.as_str(), "a.x000");
    }
}
