//! Where a request to sign in comes from, for the person who decides about it.

use serde::{Deserialize, Serialize};

/// Where a request to sign in comes from. None of it is proven but the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What the device calls itself.
    pub device: String,
    /// The address it comes from.
    pub address: String,
    /// What the program calls itself.
    pub agent: String,
}

impl Origin {
    /// The most characters of each.
    pub const MAX: usize = 64;

    /// An origin, its words made safe to show.
    #[must_use]
    pub fn new(device: &str, address: &str, agent: &str) -> Self {
        Self { device: plain(device), address: plain(address), agent: plain(agent) }
    }
}

/// Without what would move a cursor, hide, or turn the direction of what comes after.
fn plain(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{feff}' | '\u{61c}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let shown = text.chars().filter(|&c| !hides(c)).take(Origin::MAX).collect::<String>();
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_calls_itself_cannot_disguise_it() {
        assert_eq!(plain("anna\u{202e}potpal\u{1b}[31m\r\n"), "annapotpal[31m");
        assert_eq!(plain(&"x".repeat(10_000)).len(), Origin::MAX);
        assert_eq!(plain(" Anna’s laptop "), "Anna’s laptop");
    }
}
