//! From a request to what the policy says: a plain function.
//!
//! 1. What would run is read: wrappers off, guesses kept ([`Reading`]).
//! 2. Each file of the policy is asked by itself: confinement, rules, paths, what is opaque.
//! 3. The strictest answer counts. What is granted is capped, and kept from protected paths.

use super::{
    asked::Asked,
    command::{Reading, base_name, shown},
    core::Policy,
    decision::{Decision, Denial, Reason},
    denied,
    device::Device,
    programs::{Kind, kind},
    request::Request,
    sheet::May,
};
use crate::sandbox::{Access, Kept, Limits};
use std::path::Path;

/// What the files of the policy have to say.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) denials: Vec<Denial>,
    pub(super) reasons: Vec<Reason>,
    /// How many of the reasons are the administrator's.
    of_machine: usize,
}

impl Policy {
    /// What the owner says to `request` on `device`.
    #[must_use]
    pub fn decide(&self, request: &Request, device: &Device) -> Decision {
        let texts = request.is_script || self.allows_shell();
        let reading = Reading::of(request.argv.words(), &request.given, texts);
        let mut findings = Findings::default();
        if request.is_script && !self.allows_shell() {
            findings.denials.push(no_shell());
        }
        let ask = |layer, findings: &mut Findings| {
            Asked { layer, request, device, reading: &reading }.answer(findings);
        };
        ask(&self.machine, &mut findings);
        findings.of_machine = findings.reasons.len();
        ask(&self.user, &mut findings);
        if request.is_script && self.machine.is_silent() && self.user.is_silent() {
            // Nothing else says so, and a script is never run on trust.
            let carriers = reading.commands.iter().filter_map(|words| carried(words));
            let texts = reading.opaque.iter().cloned().chain(carriers);
            findings.reasons.extend(texts.map(|text| Reason { text, source: None }));
            findings.of_machine = findings.reasons.len();
        }
        let unconfined = request.walls.as_ref().is_some_and(|walls| walls.profile.is_unconfined());
        if unconfined && ![&self.machine, &self.user].iter().any(|it| it.lists_unconfined()) {
            findings.denials.push(denied::unconfined());
        }
        if let Some(denial) = findings.denials.into_iter().next() {
            return Decision::Deny(denial);
        }
        let grant = request.granted(
            |limits| self.user.cap(self.machine.cap(limits)),
            self.kept(device),
            // A yes to a script is no yes to what becomes of it.
            device.script.clone().filter(|_| !findings.reasons.is_empty()),
        );
        let (digest, reasons) = (grant.digest(), findings.reasons);
        // A user says yes to what the user's own policy asks, and to nothing else.
        let yes = self.machine.approved.contains(&digest)
            || self.user.approved.contains(&digest) && findings.of_machine == 0;
        if reasons.is_empty() || yes {
            Decision::Allow { grant, digest }
        } else {
            Decision::NeedsApproval { grant, digest, reasons }
        }
    }

    /// Why a step may not write the file at `path`, when it may not.
    #[must_use]
    pub fn keeps(&self, path: &Path, device: &Device) -> Option<Denial> {
        let real = device.leads_to(path);
        [&self.machine, &self.user].into_iter().find_map(|layer| {
            let own = layer.own();
            let mut all = own.iter().chain(&layer.protect);
            let protected = all.find(|protected| {
                let place = protected.at(device);
                real.starts_with(device.leads_to(&place)) || real.starts_with(place)
            })?;
            Some(layer.protected(protected))
        })
    }

    /// What both files protect on this machine, by the names that count.
    pub(crate) fn kept_at(&self, home: &Path) -> Vec<Kept> {
        self.kept(&Device::of_path(home, home))
    }

    /// `limits`, and no more than either file lets anything use.
    pub(crate) fn capped(&self, limits: Limits) -> Limits {
        self.user.cap(self.machine.cap(limits))
    }

    /// What both files protect, by the names that count.
    fn kept(&self, device: &Device) -> Vec<Kept> {
        let protected = self.machine.protect.iter().chain(&self.user.protect);
        let mut kept: Vec<Kept> = protected
            .map(|protected| Kept {
                path: device.leads_to(&protected.at(device)),
                access: match protected.may {
                    May::Nothing => None,
                    May::Read => Some(Access::Read),
                },
            })
            .collect();
        kept.sort();
        // The strictest word about a path comes first.
        kept.dedup_by(|later, first| later.path == first.path);
        kept
    }
}

/// What is said of a program that runs what it is given.
pub(super) fn carried(words: &[String]) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    let carries = kind(base_name(program), arguments) == Kind::Carries;
    carries.then(|| format!("`{}` runs what it is given", shown(program)))
}

fn no_shell() -> Denial {
    Denial {
        code: "D1-POL-001",
        reason: "shell scripts are not allowed on this machine".into(),
        cause: "a script can do anything, and its effects cannot be undone".into(),
        alternative: "use a typed action, or `exec` with a program and its arguments; \
                      or let the owner set `allow_shell = true` in /etc/d1-doctor/policy.toml"
            .into(),
        source: None,
    }
}
