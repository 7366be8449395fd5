//! All that the files of a project say it needs.

use super::{believed::believed, manifest::Manifest, pin::Pin, pins::FILES, place::place};
use crate::doctor::sight::Sight;
use std::{collections::BTreeMap, path::PathBuf};

/// More pins than this are not looked at.
const MOST_PINS: usize = 200;

/// A project, as its files describe it.
#[derive(Clone, Debug)]
pub(in crate::doctor) struct Project {
    /// Where it is.
    pub(in crate::doctor) folder: PathBuf,
    /// What `d1-doctor.toml` says beside versions; nothing, when it cannot be used.
    pub(in crate::doctor) manifest: Manifest,
    /// The pins of all files.
    pub(in crate::doctor) pins: Vec<Pin>,
    /// How many files were read.
    pub(in crate::doctor) read: usize,
    /// The files that could not be used.
    pub(in crate::doctor) troubles: Vec<Trouble>,
}

/// A file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::doctor) struct Trouble {
    /// Which file.
    pub(in crate::doctor) file: &'static str,
    /// Why not.
    pub(in crate::doctor) why: String,
}

impl Project {
    /// The project that the user stands in; `None` when that is none.
    pub(in crate::doctor) fn of(sight: &Sight) -> Option<Self> {
        let folder = place(sight)?;
        let (manifest, pins) = (Manifest::default(), Vec::new());
        let mut project = Self { folder, manifest, pins, read: 0, troubles: Vec::new() };
        for (file, read) in FILES {
            let said = match believed(sight, &project.folder.join(file)) {
                Ok(None) => continue,
                Ok(Some(text)) => read(&text).map(|pins| (text, pins)),
                Err(unbelieved) => Err(unbelieved.to_string()),
            };
            match said {
                Ok((text, pins)) => {
                    project.read += 1;
                    let named = |pin| Pin { file: file.to_owned(), ..pin };
                    project.pins.extend(pins.into_iter().map(named));
                    if file == Manifest::FILE {
                        project.manifest = Manifest::read(&text).unwrap_or_default();
                    }
                }
                Err(why) => project.troubles.push(Trouble { file, why }),
            }
        }
        if project.pins.len() > MOST_PINS {
            let why = format!("there are {} pins; {MOST_PINS} are looked at", project.pins.len());
            let first_too_many = &project.pins[MOST_PINS].file;
            let file = FILES.iter().map(|(file, _)| *file).find(|file| file == first_too_many);
            project.troubles.push(Trouble { file: file.unwrap_or(Manifest::FILE), why });
            project.pins.truncate(MOST_PINS);
        }
        Some(project)
    }

    /// The pins of every tool.
    pub(in crate::doctor) fn by_tool(&self) -> BTreeMap<&str, Vec<&Pin>> {
        let mut tools: BTreeMap<&str, Vec<&Pin>> = BTreeMap::new();
        for pin in &self.pins {
            tools.entry(&pin.tool).or_default().push(pin);
        }
        tools
    }

    /// Whether there is a file of this name, or anything else that is called so.
    pub(in crate::doctor) fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }
}
