//! Every recipe and bundle we know; the whole catalogue is good, or none of it is.

use super::{
    bundle::Bundle,
    file::{Recipe, Tested},
};
use d1_core::{Manager, ThingName};
use include_dir::{Dir, include_dir};
use std::collections::{BTreeMap, BTreeSet};

static RECIPES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/recipes");
static BUNDLES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/bundles");

/// Every recipe and bundle we know.
#[derive(Clone, Debug)]
pub struct Catalogue {
    recipes: BTreeMap<ThingName, Recipe>,
    bundles: BTreeMap<ThingName, Bundle>,
    aliases: BTreeMap<ThingName, ThingName>,
}

/// One line of a list of what there is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Listing {
    /// Its name.
    pub id: ThingName,
    /// One line about it.
    pub summary: String,
    /// For a bundle what it brings; empty for a recipe.
    pub brings: Vec<ThingName>,
    /// The managers it has candidates for.
    pub managers: Vec<Manager>,
    /// Whether it was installed, verified and undone on a real machine.
    pub tested_for_real: bool,
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// Not a recipe or bundle.
    #[error("`{file}` is not a recipe: {}", source.message())]
    Syntax {
        /// Which file.
        file: String,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A file whose content has another name.
    #[error("`{file}` describes `{id}`; a recipe's file is called like its id")]
    FileName {
        /// Which file.
        file: String,
        /// What it describes.
        id: ThingName,
    },
    /// Two things of one name.
    #[error("`{name}` is the name of two things; names and aliases are unique")]
    Duplicate {
        /// Which name.
        name: ThingName,
    },
    /// A bundle of things that are not there.
    #[error("bundle `{bundle}` brings `{thing}`, for which there is no recipe")]
    Missing {
        /// Which bundle.
        bundle: ThingName,
        /// What is missing.
        thing: ThingName,
    },
    /// A recipe that could never do anything.
    #[error("recipe `{id}`: {why}")]
    Senseless {
        /// Which recipe.
        id: ThingName,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Catalogue {
    /// The catalogue that is built in.
    pub fn embedded() -> Result<Self, CatalogueError> {
        Self::parse(texts(&RECIPES), texts(&BUNDLES))
    }

    /// Reads `(file name, text)` pairs.
    pub fn parse<'a>(
        recipes: impl IntoIterator<Item = (&'a str, &'a str)>,
        bundles: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, CatalogueError> {
        let mut catalogue =
            Self { recipes: BTreeMap::new(), bundles: BTreeMap::new(), aliases: BTreeMap::new() };
        for (file, text) in recipes {
            let recipe: Recipe = read(file, text)?;
            catalogue.add_recipe(file, recipe)?;
        }
        for (file, text) in bundles {
            let bundle: Bundle = read(file, text)?;
            catalogue.add_bundle(file, bundle)?;
        }
        Ok(catalogue)
    }

    /// What there is, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Listing> {
        let recipes = self.recipes.values().map(|recipe| {
            let managers: BTreeSet<_> = recipe.candidates.iter().map(|c| c.manager).collect();
            Listing {
                id: recipe.id.clone(),
                summary: recipe.summary.clone(),
                brings: Vec::new(),
                managers: managers.into_iter().collect(),
                tested_for_real: recipe.tested == Tested::Real,
            }
        });
        let bundles = self.bundles.values().map(|bundle| Listing {
            id: bundle.id.clone(),
            summary: bundle.summary.clone(),
            brings: bundle.things.clone(),
            managers: Vec::new(),
            tested_for_real: false,
        });
        recipes.chain(bundles).collect()
    }

    /// The recipe of this name or alias.
    pub(super) fn recipe(&self, name: &ThingName) -> Option<&Recipe> {
        let name = self.aliases.get(name).unwrap_or(name);
        self.recipes.get(name)
    }

    /// What a bundle of this name brings.
    pub(super) fn bundle(&self, name: &ThingName) -> Option<&[ThingName]> {
        self.bundles.get(name).map(|bundle| bundle.things.as_slice())
    }

    /// Every name and alias.
    pub(super) fn names(&self) -> impl Iterator<Item = &ThingName> {
        self.recipes.keys().chain(self.bundles.keys()).chain(self.aliases.keys())
    }

    fn add_recipe(&mut self, file: &str, recipe: Recipe) -> Result<(), CatalogueError> {
        check_file_name(file, &recipe.id)?;
        if let Some(why) = senseless(&recipe) {
            return Err(CatalogueError::Senseless { id: recipe.id, why });
        }
        for alias in &recipe.aliases {
            self.check_unused(alias)?;
            self.aliases.insert(alias.clone(), recipe.id.clone());
        }
        self.check_unused(&recipe.id)?;
        self.recipes.insert(recipe.id.clone(), recipe);
        Ok(())
    }

    fn add_bundle(&mut self, file: &str, bundle: Bundle) -> Result<(), CatalogueError> {
        check_file_name(file, &bundle.id)?;
        self.check_unused(&bundle.id)?;
        if let Some(thing) = bundle.things.iter().find(|thing| self.recipe(thing).is_none()) {
            let (bundle, thing) = (bundle.id.clone(), thing.clone());
            return Err(CatalogueError::Missing { bundle, thing });
        }
        self.bundles.insert(bundle.id.clone(), bundle);
        Ok(())
    }

    fn check_unused(&self, name: &ThingName) -> Result<(), CatalogueError> {
        let used = self.recipes.contains_key(name)
            || self.bundles.contains_key(name)
            || self.aliases.contains_key(name);
        if used { Err(CatalogueError::Duplicate { name: name.clone() }) } else { Ok(()) }
    }
}

fn texts<'a>(dir: &'a Dir<'static>) -> impl Iterator<Item = (&'a str, &'a str)> {
    dir.files().filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
}

fn read<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, CatalogueError> {
    toml::from_str(text).map_err(|source| CatalogueError::Syntax {
        file: file.to_owned(),
        source: Box::new(source),
    })
}

fn check_file_name(file: &str, id: &ThingName) -> Result<(), CatalogueError> {
    if file == format!("{id}.toml") {
        Ok(())
    } else {
        Err(CatalogueError::FileName { file: file.to_owned(), id: id.clone() })
    }
}

fn senseless(recipe: &Recipe) -> Option<&'static str> {
    let empty = |list: &Vec<d1_core::PackageName>| list.is_empty();
    if recipe.check.commands.is_empty() {
        Some("its check names no command")
    } else if recipe.candidates.is_empty() {
        Some("it has no candidate")
    } else if recipe
        .candidates
        .iter()
        .any(|c| c.packages.is_empty() || c.packages.iter().any(empty))
    {
        Some("a candidate names no package")
    } else if !(1..=3600).contains(&recipe.limits.timeout_seconds) {
        Some("its time is not between 1 and 3600 seconds")
    } else {
        None
    }
}
