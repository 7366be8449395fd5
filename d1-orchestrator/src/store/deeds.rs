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
            before: concat!("setups.", $point, ".before"),
            after: concat!("setups.", $point, ".after"),
        };)*

        /// Every fault point of the store of setups.
        #[cfg(feature = "testing")]
        pub const POINTS: &[&str] = &[
            $(concat!("setups.", $point, ".before"), concat!("setups.", $point, ".after"),)*
        ];
    };
}

deeds! {
    CREATE: "create", true, "keep a new setup";
    SAVE: "save", true, "save a setup";
    TELL: "tell", false, "keep news";
}
