//! Plan, hold credits, hand out tasks, follow them, take them back.

mod engine;
#[cfg(all(feature = "sqlite", feature = "testing"))]
pub mod fault;
mod hub;
mod recipe;
#[cfg(feature = "sqlite")]
mod store;

pub use engine::{Draft, Engine, EngineError, EngineParts, Last, plan_undo};
pub use hub::{DeviceNews, DeviceStatus, Hub, HubError, Watching};
pub use recipe::{Catalogue, CatalogueError, Listing, RecipePlanner};
#[cfg(feature = "sqlite")]
pub use store::SqliteSetupStore;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
