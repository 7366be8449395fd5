//! Devices that enrol at the real cloud, link by their certificates, and are shut out.

mod door;
mod judges;
mod life;
mod many;
pub(crate) mod scene;
mod shown;
mod tokens;
