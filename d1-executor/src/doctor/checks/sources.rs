//! Where packages come from: `sources.list(5)`, in both of its forms.

use super::super::{check::Found, sight::Sight};

/// One component of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Its file, and the line in it where it begins.
    pub(super) place: String,
    /// `deb` or `deb-src`.
    kind: String,
    /// Where it is.
    pub(super) uri: String,
    /// Which release of it.
    pub(super) suite: String,
    component: String,
    /// The files its keys are in.
    pub(super) keys: Vec<String>,
}

impl Source {
    /// What makes two of them the same.
    pub(super) fn identity(&self) -> String {
        let Self { kind, uri, suite, component, .. } = self;
        format!("{kind} {uri} {suite} {component}").trim_end().to_owned()
    }
}

/// A file of sources.
#[derive(Debug)]
pub(super) struct Sheet {
    /// Its path on the machine.
    pub(super) file: String,
    /// What is in it.
    pub(super) text: String,
}

impl Sheet {
    /// Whether each line is a source by itself.
    pub(super) fn is_of_lines(&self) -> bool {
        !self.file.ends_with(".sources")
    }

    pub(super) fn sources(&self) -> Vec<Source> {
        if self.is_of_lines() {
            let lines = self.text.lines().enumerate();
            lines.flat_map(|(number, line)| self.of_line(number, line)).collect()
        } else {
            self.of_stanzas()
        }
    }

    /// `deb [arch=amd64 signed-by=…] place suite components…`
    pub(super) fn of_line(&self, number: usize, line: &str) -> Vec<Source> {
        let line = line.split('#').next().unwrap_or_default();
        let (plain, options) = match (line.find('['), line.find(']')) {
            (Some(from), Some(to)) if from < to => {
                (format!("{} {}", &line[..from], &line[to + 1..]), &line[from + 1..to])
            }
            _ => (line.to_owned(), ""),
        };
        let words: Vec<&str> = plain.split_whitespace().collect();
        let [kind @ ("deb" | "deb-src"), uri, suite, components @ ..] = words.as_slice() else {
            return Vec::new();
        };
        let keys = options.split_whitespace().find_map(|word| word.strip_prefix("signed-by="));
        let components = if components.is_empty() { &[""] } else { components };
        let one = |component: &&str| Source {
            place: format!("{}:{}", self.file, number + 1),
            kind: (*kind).to_owned(),
            uri: uri.trim_end_matches('/').to_owned(),
            suite: (*suite).to_owned(),
            component: (*component).to_owned(),
            keys: files(keys.unwrap_or_default()),
        };
        components.iter().map(one).collect()
    }

    /// Paragraphs of fields, as in `deb822(5)`.
    fn of_stanzas(&self) -> Vec<Source> {
        let mut found = Vec::new();
        let mut stanza = Stanza::default();
        for (number, line) in self.text.lines().enumerate() {
            if line.trim().is_empty() {
                found.extend(std::mem::take(&mut stanza).sources(&self.file));
            } else if !line.starts_with('#') {
                stanza.take(number, line);
            }
        }
        found.extend(stanza.sources(&self.file));
        found
    }
}

#[derive(Default)]
struct Stanza {
    line: usize,
    fields: Vec<(String, String)>,
}

impl Stanza {
    fn take(&mut self, number: usize, line: &str) {
        if self.fields.is_empty() {
            self.line = number + 1;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = self.fields.last_mut() {
                *value += &format!(" {}", line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            self.fields.push((name.trim().to_lowercase(), value.trim().to_owned()));
        }
    }

    fn words(&self, name: &str) -> Vec<&str> {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field.map(|(_, value)| value.split_whitespace().collect()).unwrap_or_default()
    }

    fn sources(self, file: &str) -> Vec<Source> {
        if self.words("enabled").first().is_some_and(|word| ["no", "false", "0"].contains(word)) {
            return Vec::new();
        }
        let keys = files(&self.words("signed-by").join(" "));
        let mut components = self.words("components");
        if components.is_empty() {
            components.push("");
        }
        let mut found = Vec::new();
        for kind in self.words("types") {
            for uri in self.words("uris") {
                for suite in self.words("suites") {
                    found.extend(components.iter().map(|component| Source {
                        place: format!("{file}:{}", self.line),
                        kind: kind.to_owned(),
                        uri: uri.trim_end_matches('/').to_owned(),
                        suite: suite.to_owned(),
                        component: (*component).to_owned(),
                        keys: keys.clone(),
                    }));
                }
            }
        }
        found
    }
}

/// The files among what a source is signed by: the rest are fingerprints, or the key itself.
fn files(signed_by: &str) -> Vec<String> {
    let words = signed_by.split([',', ' ']);
    words.filter(|word| word.starts_with('/')).map(str::to_owned).collect()
}

/// Every file of sources, in the order in which apt reads them.
pub(super) fn sheets(sight: &Sight) -> Result<Vec<Sheet>, Found> {
    let mut files = vec!["/etc/apt/sources.list".to_owned()];
    if let Ok(entries) = std::fs::read_dir(sight.host.file("/etc/apt/sources.list.d")) {
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let lists = names.filter(|name| name.ends_with(".list") || name.ends_with(".sources"));
        files.extend(lists.map(|name| format!("/etc/apt/sources.list.d/{name}")));
    }
    files[1..].sort();
    let read = |file: String| match sight.text(&file) {
        Ok(text) => Ok(Sheet { file, text: text.unwrap_or_default() }),
        Err(error) => Err(Found::unreadable(&file, &error)),
    };
    files.into_iter().map(read).collect()
}
