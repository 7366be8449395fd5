//! One file of the policy, asked about one request.

use super::{
    command::{Reading, base_name, shown},
    decide::{Findings, carried},
    decision::{Denial, Reason},
    denied,
    device::Device,
    layer::Layer,
    paths,
    programs::{Kind, kind},
    request::Request,
    rule::{Called, Rule, Verdict},
    sheet::RawProfile,
};
use crate::sandbox::{Demand, Egress, HostRule, Inside, Touch};
use std::path::{Path, PathBuf};

/// The most commands of one request; more can be read by nobody.
const MOST_COMMANDS: usize = 50;

/// One file of the policy, and what it is asked about.
pub(super) struct Asked<'a> {
    pub(super) layer: &'a Layer,
    pub(super) request: &'a Request,
    pub(super) device: &'a Device,
    pub(super) reading: &'a Reading,
}

impl Asked<'_> {
    /// Adds what the file says.
    pub(super) fn answer(&self, findings: &mut Findings) {
        self.walls(findings);
        // Whoever could write here could loosen everything.
        if let Some(own) = self.layer.own() {
            self.place_of(&own, findings);
        }
        if self.layer.is_silent() {
            return;
        }
        if self.reading.commands.len() > MOST_COMMANDS {
            let reason = format!("it is more than {MOST_COMMANDS} commands");
            findings.denials.push(self.layer.denial(denied::OPAQUE, reason, 0));
            return;
        }
        for words in &self.reading.guesses {
            self.forbidden(words, findings);
        }
        for words in &self.reading.commands {
            self.forbidden(words, findings);
            self.named(words, findings);
        }
        if !self.layer.protect.is_empty() {
            self.places(findings);
            self.unknown_places(findings);
        }
        for text in &self.reading.opaque {
            self.opaque(text.clone(), findings);
        }
    }

    /// The confinement it asks for.
    fn walls(&self, findings: &mut Findings) {
        let walls = self.request.walls.as_ref();
        let profile = RawProfile::of(walls.map(|walls| walls.profile));
        let beyond = |reason| self.layer.denial(denied::WALLS, reason, 0);
        if self.layer.profiles.as_ref().is_some_and(|allowed| !allowed.contains(&profile)) {
            let reason = format!("the profile `{}` is not allowed on this machine", profile.name());
            findings.denials.push(beyond(reason));
        }
        let Some(walls) = walls else { return };
        if walls.profile.is_unconfined() && self.layer.lists_unconfined() {
            let text = "it would have no walls at all".to_owned();
            findings.reasons.push(Reason { text, source: self.layer.source(0) });
        }
        if walls.demand == Demand::BestEffort && self.layer.best_effort == Some(false) {
            let reason = "a command with a wall missing is not allowed on this machine";
            findings.denials.push(beyond(reason.to_owned()));
        }
        self.network(&walls.network, findings);
        let Some(allowed) = &self.layer.touch else { return };
        let home = &self.device.home;
        let allowed: Vec<PathBuf> = allowed
            .iter()
            .map(|path| paths::absolute(&path.to_string_lossy(), Path::new("/"), home))
            .collect();
        let is_given = |touch: &&Touch| {
            let path = self.device.leads_to(&touch.path);
            !allowed.iter().any(|allowed| path.starts_with(allowed))
        };
        findings.denials.extend(walls.touches.iter().filter(is_given).map(|touch| {
            beyond(format!("`{}` may not be given to a command", touch.path.display()))
        }));
    }

    /// The hosts it asks for, and where they may lead.
    fn network(&self, asked: &Egress, findings: &mut Findings) {
        let beyond = |reason| self.layer.denial(denied::WALLS, reason, 0);
        if let Some(allowed) = &self.layer.hosts {
            let other = |host: &&HostRule| !allowed.iter().any(|rule| rule.covers(host));
            findings.denials.extend(asked.hosts.iter().filter(other).map(|host| {
                beyond(format!("`{host}` is not among the hosts that a command may call"))
            }));
        }
        if let Some(allowed) = &self.layer.inside {
            let other = |inside: &&Inside| !allowed.iter().any(|net| net.covers(inside));
            findings.denials.extend(asked.inside.iter().filter(other).map(|inside| {
                beyond(format!("the names that a command calls may not lead into `{inside}`"))
            }));
        }
    }

    /// What the rules that forbid say of something that runs, or may run.
    fn forbidden(&self, words: &[String], findings: &mut Findings) {
        let Some((program, arguments)) = words.split_first() else { return };
        let names = self.names(program);
        let called = Called { names: &names, arguments };
        let denied = self.layer.forbid.iter().filter(|rule| rule.means(called, Verdict::Deny));
        findings.denials.extend(denied.map(|rule| {
            let reason = format!("`{}` is forbidden by the rule `{}`", shown(program), rule.name);
            Denial {
                cause: rule.why.clone(),
                alternative: or_ask(&rule.instead),
                ..self.layer.denial(denied::RULE, reason, rule.line)
            }
        }));
    }

    /// What the other rules say of something that runs, and whether it is understood at all.
    fn named(&self, words: &[String], findings: &mut Findings) {
        let Some((program, arguments)) = words.split_first() else { return };
        let names = self.names(program);
        let called = Called { names: &names, arguments };
        for rule in self.layer.ask.iter().filter(|rule| rule.means(called, Verdict::Ask)) {
            let text = format!("`{}`: {}", shown(program), rule.why);
            findings.reasons.push(Reason { text, source: self.layer.source(rule.line) });
        }
        let kind = kind(base_name(program), arguments);
        let of_system = self.of_system(program);
        let exactly = [base_name(program).to_owned()];
        let called = Called { names: &exactly, arguments };
        // What carries others is allowed word for word, or not at all.
        let lets = |rule: &&Rule| {
            rule.means(called, Verdict::Allow)
                && (kind != Kind::Carries || rule.is_word_for_word(arguments))
        };
        if of_system && self.layer.allow.iter().any(|rule| lets(&rule)) {
            return;
        }
        let text = format!("`{}` is not among what the policy allows", shown(program));
        match self.layer.default {
            Some(Verdict::Deny) => {
                findings.denials.push(self.layer.denial(denied::DEFAULT, text, 0))
            }
            Some(Verdict::Ask) => {
                findings.reasons.push(Reason { text, source: self.layer.source(0) });
            }
            Some(Verdict::Allow) | None => {}
        }
        let program = shown(program);
        if !of_system {
            return self.opaque(format!("`{program}` is no program of the system"), findings);
        }
        match kind {
            Kind::Carries => self.opaque(carried(words).unwrap_or_default(), findings),
            Kind::Unknown => {
                self.opaque(format!("`{program}` may do more than its words say"), findings)
            }
            Kind::Words | Kind::Looks | Kind::Descends | Kind::Changes => {}
        }
    }

    /// Something that nobody can tell.
    pub(super) fn opaque(&self, text: String, findings: &mut Findings) {
        match self.layer.opaque {
            Some(Verdict::Deny) => {
                findings.denials.push(self.layer.denial(denied::OPAQUE, text, 0))
            }
            Some(Verdict::Allow | Verdict::Ask) | None => {
                let reason = Reason { text, source: self.layer.source(0) };
                if !findings.reasons.contains(&reason) {
                    findings.reasons.push(reason);
                }
            }
        }
    }

    /// Every name of a program: as it was called, and what that leads to.
    fn names(&self, program: &str) -> Vec<String> {
        let mut names = vec![base_name(program).to_owned()];
        let found = self.device.programs.get(program);
        let real = found.and_then(|found| found.path.file_name()?.to_str());
        names.extend(real.filter(|real| *real != names[0]).map(str::to_owned));
        names
    }

    /// One that is not found at all cannot run.
    fn of_system(&self, program: &str) -> bool {
        let found = self.device.programs.get(program);
        found.map_or(!program.contains('/'), |found| found.of_system)
    }
}

fn or_ask(instead: &str) -> String {
    let instead = instead.trim();
    if instead.is_empty() { "ask the owner of this machine" } else { instead }.to_owned()
}
