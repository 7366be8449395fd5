//! Protected paths: which commands name them, come near them, or hide where they go.

use super::{
    asked::Asked,
    command::{base_name, shown},
    decide::Findings,
    decision::Reason,
    device::Device,
    layer::Protected,
    paths,
    programs::{Kind, kind},
    sheet::May,
};
use crate::sandbox::Access;
use std::path::{Path, PathBuf};

impl Asked<'_> {
    /// What the protected paths say.
    pub(super) fn places(&self, findings: &mut Findings) {
        for protected in &self.layer.protect {
            self.place_of(protected, findings);
        }
    }

    /// Paths of which nobody can tell beforehand where they lead.
    pub(super) fn unknown_places(&self, findings: &mut Findings) {
        if self.device.overlooked {
            self.opaque("it names more paths than are looked up".to_owned(), findings);
        }
        let (cwd, home) = (&self.request.cwd, &self.device.home);
        let files = self.reading.files.iter().map(|(file, _access)| file);
        for word in self.reading.commands.iter().flatten().chain(files) {
            let shown = shown(word);
            match paths::named(word, cwd, home) {
                None => {
                    self.opaque(format!("`{shown}` names more paths than one looks at"), findings)
                }
                Some(named) if named.iter().any(|path| self.device.shifting.contains(path)) => {
                    self.opaque(format!("`{shown}` leads elsewhere for whoever runs"), findings);
                }
                Some(_) => {}
            }
        }
        self.places_to_come(findings);
    }

    /// What is copied or moved may be a link that leads elsewhere from its new place. Behind
    /// walls that is for the walls.
    fn places_to_come(&self, findings: &mut Findings) {
        let moves = |words: &Vec<String>| {
            words.first().is_some_and(|program| ["cp", "mv"].contains(&base_name(program)))
        };
        let mut commands = self.reading.commands.iter();
        if self.request.walls.is_some() || !commands.any(moves) {
            return;
        }
        let is_word = |word: &&String| !word.starts_with('-');
        for word in commands.flat_map(|words| words.iter().skip(1)).filter(is_word) {
            let path = paths::absolute(word, &self.request.cwd, &self.device.home);
            if self.device.missing.contains(&path) {
                let text = format!("`{}` is not there yet, and may be a link then", shown(word));
                self.opaque(text, findings);
            }
        }
    }

    /// What one protected path says.
    pub(super) fn place_of(&self, protected: &Protected, findings: &mut Findings) {
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
            .filter_map(|word| paths::named(word, cwd, home))
            .flatten()
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
        let named = named.unwrap_or_default();
        (protected.may == May::Nothing || protected.line == 0)
            && (written.iter().any(|place| text.contains(&**place))
                || named.iter().any(|path| inside(&self.device.leads_to(path), places)))
    }
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
