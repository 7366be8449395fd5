//! Everything that is written, by name.

/// One kind of write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    /// What an error says could not be done.
    pub(super) doing: &'static str,
    /// Whether it is on the disk before it is answered; otherwise only in its order.
    pub(super) lasts: bool,
    /// The fault point before anything of it is written.
    pub(super) before: &'static str,
    /// The fault point between its writing and its answer.
    pub(super) after: &'static str,
}

macro_rules! deeds {
    ($($name:ident: $point:literal, $lasts:literal, $doing:literal;)*) => {
        $(pub(super) const $name: Deed = Deed {
            doing: $doing,
            lasts: $lasts,
            before: concat!("journal.", $point, ".before"),
            after: concat!("journal.", $point, ".after"),
        };)*

        /// Every fault point of the journal, in the order of a task's life.
        #[cfg(feature = "testing")]
        pub const POINTS: &[&str] = &[
            $(concat!("journal.", $point, ".before"), concat!("journal.", $point, ".after"),)*
        ];
    };
}

deeds! {
    FENCE: "fence", true, "note an epoch";
    RECEIVE: "receive", true, "write an order down";
    START: "start", true, "note that a task begins";
    APPEND: "append", false, "keep output";
    FINISH: "finish", true, "write a result down";
    FORGET: "forget", true, "forget a task";
    HEED: "heed", true, "note that an order is heeded";
    PURGE: "purge", true, "drop old tombstones";
}
