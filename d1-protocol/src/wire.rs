//! The generated types. Nothing outside this crate, and little inside it, sees them.

#![expect(
    unreachable_pub,
    clippy::large_enum_variant,
    reason = "the generator writes public types with the field order of the `.proto` files"
)]

include!(concat!(env!("OUT_DIR"), "/d1.link.v1.rs"));
#[cfg(test)]
mod sizes_probe {
    #[test]
    fn sizes() {
        use super::*;
        macro_rules! p { ($($t:ty),*) => { $(eprintln!("{} {}", stringify!($t), std::mem::size_of::<$t>());)* } }
        p!(Change, State, Resource, Preview, Action, Problem, Query, Answered, IndexEntry, Layer, hello::Epoch, ManagerFacts, FromDevice, ToDevice, TaskCommand, TaskResult, String);
    }
}
