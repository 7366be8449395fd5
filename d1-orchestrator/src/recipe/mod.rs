//! Recipes: what there is to install, and the planner that reads them.

mod bundle;
mod catalogue;
mod file;
mod planner;
mod registry;
mod resolve;
mod step;

pub use catalogue::{Catalogue, CatalogueError, Listing};
pub use planner::RecipePlanner;
