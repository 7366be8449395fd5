//! The engine: plan, hold credits, hand out tasks, follow them, settle, take back.

mod act;
mod bell;
mod caretaker;
mod core;
mod draft;
mod drive;
mod error;
mod follow;
mod hear;
mod moves;
mod news;
mod orders;
mod outdated;
mod output;
mod promise;
mod relay;
mod resolve;
mod settle;
mod sign;
mod tend;
mod told;
mod undo;
mod wait;
mod wishes;
mod write_off;

pub use core::{Engine, EngineParts};
pub use draft::Draft;
pub use error::EngineError;
pub use resolve::Last;
pub use undo::plan_undo;
