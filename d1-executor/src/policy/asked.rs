//! One file of the policy, asked about one request.

use super::{
    command::{Reading, base_name, shown},
    decide::{Findings, carried},
    decision::{Denial, Reason},
    denied,
    device::Device,
    layer::{Layer, Protected},
    paths,
    programs::{Kind, kind},
    request::Request,
    rule::{Called, Rule, Verdict},
    sheet::{May, RawProfile},
};
use crate::sandbox::{Access, Demand, Touch};
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
            self.shifting(findings);
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
        if walls.demand == Demand::BestEffort && self.layer.best_effort == Some(false) {
            let reason = "a command with a wall missing is not allowed on this machine";
            findings.denials.push(beyond(reason.to_owned()));
        }
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
            Kind::Unknown => self.opaque(format!("nobody knows what `{program}` does"), findings),
            Kind::Words | Kind::Looks | Kind::Descends | Kind::Changes => {}
        }
    }

    fn opaque(&self, text: String, findings: &mut Findings) {
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

    /// What the protected paths say.
    fn places(&self, findings: &mut Findings) {
        for protected in &self.layer.protect {
            self.place_of(protected, findings);
        }
    }

    /// Paths of which nobody can tell beforehand where they lead.
    fn shifting(&self, findings: &mut Findings) {
        let (cwd, home) = (&self.request.cwd, &self.device.home);
        let files = self.reading.files.iter().map(|(file, _access)| file);
        for word in self.reading.commands.iter().flatten().chain(files) {
            let named = paths::named(word, cwd, home);
            if named.iter().any(|path| self.device.shifting.contains(path)) {
                let text = format!("`{}` leads elsewhere for whoever runs", shown(word));
                self.opaque(text, findings);
            }
        }
    }

    fn place_of(&self, protected: &Protected, findings: &mut Findings) {
        let place = protected.at(self.device);
        let places = [self.device.leads_to(&place), place];
        let touches = self.request.walls.iter().flat_map(|walls| &walls.touches);
        let given = touches.map(|touch| self.device.leads_to(&touch.path));
        let mut given = given.chain([self.device.leads_to(&self.request.cwd)]);
        if given.any(|path| inside(&path, &places)) {
            findings.denials.push(self.layer.protected(protected));
        }
        for (file, access) in &self.reading.files {
            self.file(file, *access, protected, &places, findings);
        }
        for words in &self.reading.commands {
            self.place(words, protected, &places, findings);
        }
        let mut texts = self.reading.guesses.iter().flatten();
        if texts.any(|text| self.mentions(text, protected, &places)) {
            findings.denials.push(self.layer.protected(protected));
        }
    }

    /// A file that the shell itself opens.
    fn file(
        &self,
        file: &str,
        access: Access,
        protected: &Protected,
        places: &[PathBuf; 2],
        findings: &mut Findings,
    ) {
        let path = paths::absolute(file, &self.request.cwd, &self.device.home);
        let hit = inside(&self.device.leads_to(&path), places);
        if hit && !(access == Access::Read && protected.may == May::Read) {
            findings.denials.push(self.layer.protected(protected));
        }
    }

    fn place(
        &self,
        words: &[String],
        protected: &Protected,
        places: &[PathBuf; 2],
        findings: &mut Findings,
    ) {
        let Some((program, arguments)) = words.split_first() else { return };
        let kind = kind(base_name(program), arguments);
        let only_looks = matches!(kind, Kind::Looks | Kind::Descends);
        if kind == Kind::Words || (only_looks && protected.may == May::Read) {
            return;
        }
        let cwd = &self.request.cwd;
        let home = &self.device.home;
        let named: Vec<PathBuf> = arguments
            .iter()
            .chain([program])
            .flat_map(|word| paths::named(word, cwd, home))
            .flat_map(|path| [self.device.leads_to(&path), paths::plain(&path)])
            .collect();
        if named.iter().any(|path| inside(path, places)) {
            findings.denials.push(self.layer.protected(protected));
            return;
        }
        // Behind walls what is below is kept by the kernel, whatever the program does.
        let is_above = |path: &PathBuf| places.iter().any(|place| place.starts_with(path));
        let implied = (kind == Kind::Descends).then(|| self.device.leads_to(cwd));
        if self.request.walls.is_none()
            && protected.line > 0
            && kind != Kind::Looks
            && named.iter().chain(&implied).any(is_above)
        {
            let text = format!(
                "`{}` may reach `{}`: {}",
                shown(program),
                protected.path.display(),
                protected.why
            );
            findings.reasons.push(Reason { text, source: self.layer.source(protected.line) });
        }
    }

    /// Whether a text that nobody understands has the path in it.
    fn mentions(&self, text: &str, protected: &Protected, places: &[PathBuf; 2]) -> bool {
        let written = [
            protected.path.to_string_lossy(),
            places[0].to_string_lossy(),
            places[1].to_string_lossy(),
        ];
        let named = paths::named(text, &self.request.cwd, &self.device.home);
        (protected.may == May::Nothing || protected.line == 0)
            && (written.iter().any(|place| text.contains(&**place))
                || named.iter().any(|path| inside(&self.device.leads_to(path), places)))
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

fn inside(path: &Path, places: &[PathBuf; 2]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}

impl Protected {
    /// Where it is on a machine.
    pub(super) fn at(&self, device: &Device) -> PathBuf {
        paths::absolute(&self.path.to_string_lossy(), Path::new("/"), &device.home)
    }
}
