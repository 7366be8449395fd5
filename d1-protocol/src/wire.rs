//! The generated types. Nothing outside this crate, and little inside it, sees them.

#![expect(
    unreachable_pub,
    clippy::large_enum_variant,
    reason = "the generator writes public types with the field order of the `.proto` files"
)]

include!(concat!(env!("OUT_DIR"), "/d1.link.v1.rs"));

/// What is asked over gRPC.
#[cfg(feature = "grpc")]
pub(crate) mod api {
    include!(concat!(env!("OUT_DIR"), "/d1.api.v1.rs"));
}

/// The files of what is asked over gRPC, as `build.rs` compiled them.
#[cfg(feature = "grpc")]
pub(crate) const API_DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/api.bin"));
