//! How grave a command is, as far as its words tell.

use super::{
    super::{
        command::{Reading, base_name, shown},
        paths,
        programs::{Kind, kind},
    },
    places::place,
    programs::{DESTROY, INSTALL, RULE, WHO, WHO_ELSE},
    reckon::Reckoning,
};
use crate::sandbox::Access;
use d1_core::Risk;
use std::path::{Path, PathBuf};

/// The most commands that are looked at; of more nobody can tell what they do.
const MOST: usize = 50;
/// Where the system keeps its programs.
const SYSTEM: [&str; 4] = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"];
/// Stands for the home of whoever does the work, which decides nothing here.
pub(super) const HOME: &str = "/home/owner";

/// What a command is seen by.
pub(super) struct Sight<'a> {
    /// Where it starts.
    pub(super) cwd: &'a Path,
    /// Where paths really lead.
    pub(super) real: &'a dyn Fn(&Path) -> PathBuf,
    /// Whether it runs behind walls, or not at all.
    pub(super) walled: bool,
    /// Whether those walls let it change nothing.
    pub(super) looks: bool,
}

impl Sight<'_> {
    /// How grave it is to run `words` with variables that came along.
    pub(super) fn of(&self, words: &[String], given: &[String]) -> Reckoning {
        let reading = Reading::of(words, given, true);
        if let Some(text) = reading.opaque.first() {
            return Reckoning::grave(text.clone());
        }
        if reading.commands.len() > MOST {
            return Reckoning::grave(format!("it is more than {MOST} commands"));
        }
        let commands = reading.commands.iter().map(|words| self.command(words));
        let files = reading.files.iter().map(|(file, access)| self.file(file, *access));
        commands.chain(files).fold(Reckoning::looks(), Reckoning::graver)
    }

    fn command(&self, words: &[String]) -> Reckoning {
        let Some((program, arguments)) = words.split_first() else { return Reckoning::looks() };
        let (name, told) = (base_name(program), shown(program));
        if program.contains('/') && !SYSTEM.iter().any(|folder| program.starts_with(folder)) {
            return Reckoning::grave(format!("`{told}` is no program of the system"));
        }
        let kind = kind(name, arguments);
        if asks_who(kind, arguments) {
            return Reckoning::looks();
        }
        let is = |list: &[&str]| list.contains(&name);
        if is(&DESTROY) || name.starts_with("mkfs") {
            return Reckoning::grave(format!("`{told}` destroys what it is given"));
        }
        if is(&RULE) {
            return Reckoning::grave(format!("`{told}` decides who rules this machine"));
        }
        let places = self.places(program, arguments);
        let own = match kind {
            Kind::Carries => Reckoning::grave(format!("`{told}` runs what it is given")),
            // Only secrets are grave to look at.
            Kind::Words | Kind::Looks | Kind::Descends => {
                return if places.risk == Risk::Grave && self.names_a_secret(arguments) {
                    places
                } else {
                    Reckoning::looks()
                };
            }
            Kind::Changes if opens_rights(name, arguments) => {
                Reckoning::grave(format!("`{told}` gives a program the rights of another user"))
            }
            Kind::Changes => {
                return places.graver(Reckoning::own(format!("`{told}` changes files")));
            }
            Kind::Unknown if !self.walled => {
                Reckoning::grave(format!("`{told}` would run without walls"))
            }
            Kind::Unknown if self.looks => {
                Reckoning::own(format!("`{told}` runs behind walls, and changes nothing"))
            }
            Kind::Unknown if is(&INSTALL) => {
                Reckoning::system(format!("`{told}` fetches programs and runs them"))
            }
            Kind::Unknown => Reckoning::system(format!("`{told}` may do more than its words say")),
        };
        if places.risk == Risk::Grave { own.graver(places) } else { own }
    }

    /// A file that the shell itself opens.
    fn file(&self, file: &str, access: Access) -> Reckoning {
        let path = paths::absolute(file, self.cwd, Path::new(HOME));
        let risk = place(&path, self.real);
        let told = shown(file);
        match access {
            Access::Read if risk < Risk::Grave => Reckoning::looks(),
            Access::Read => Reckoning::grave(format!("`{told}` is read")),
            Access::Write => Reckoning { risk, why: format!("`{told}` is written") },
        }
    }

    /// The gravest place that the words name.
    fn places(&self, program: &str, arguments: &[String]) -> Reckoning {
        let told = shown(program);
        let mut gravest = Reckoning::looks();
        // An address is no path; what `file:` names is.
        let is_address = |word: &&String| word.contains("://") && !word.contains("file:");
        for word in arguments.iter().filter(|word| !is_address(word)) {
            let Some(named) = paths::named(word, self.cwd, Path::new(HOME)) else {
                return Reckoning::grave(format!("`{told}` names more paths than one looks at"));
            };
            for path in &named {
                let risk = place(path, self.real);
                gravest = gravest.graver(Reckoning {
                    risk,
                    why: format!("`{told}` reaches `{}`", shown(&path.to_string_lossy())),
                });
            }
        }
        gravest
    }

    /// Whether a word names a secret: a key, a password, what runs by itself. The folders right
    /// below the root are grave to change, and fine to look at.
    fn names_a_secret(&self, arguments: &[String]) -> bool {
        let named =
            arguments.iter().filter_map(|word| paths::named(word, self.cwd, Path::new(HOME)));
        named.flatten().any(|path| {
            let path = paths::plain(&path);
            path.components().count() > 2 && place(&path, self.real) == Risk::Grave
        })
    }
}

/// Whether a program is asked who it is. What runs what it is given could be given a program of
/// that name.
fn asks_who(kind: Kind, arguments: &[String]) -> bool {
    let [word] = arguments else { return false };
    WHO.contains(&word.as_str()) || kind != Kind::Carries && WHO_ELSE.contains(&word.as_str())
}

/// Whether the bits by which a program runs as another user are set.
fn opens_rights(name: &str, arguments: &[String]) -> bool {
    let bits = |word: &String| {
        let is_octal = word.len() >= 4 && word.bytes().all(|b| (b'0'..=b'7').contains(&b));
        let sets = word.contains(['+', '=']) && word.contains('s') && !word.contains('/');
        sets || is_octal && !word.trim_start_matches('0').is_empty() && {
            let high = &word[..word.len() - 3];
            high.bytes().any(|b| b != b'0')
        }
    };
    name == "chmod" && arguments.iter().any(bits)
}
