//! What each command does; one file each.

pub mod audit;
pub mod cancel;
mod cloud_link;
pub mod confined;
mod confined_book;
mod confined_end;
pub mod consent;
pub mod credits;
pub mod diagnose;
pub mod drive;
pub mod enroll;
pub mod fix;
mod fix_plan;
pub mod history;
pub mod install;
pub mod login;
pub mod logout;
pub mod logs;
pub mod manual;
pub mod policy;
mod protection;
pub mod refused;
pub mod resume;
pub mod status;
pub mod undo;
pub mod whoami;
pub mod why;
