//! What a word of a link weighs, whatever it says.

use d1_core::{FromDevice, ToDevice};

/// Every link sets room aside for many words in each direction, also when nobody speaks.
const MOST: usize = 160;

#[test]
fn a_word_takes_little_room_while_it_waits() {
    assert!(size_of::<ToDevice>() <= MOST, "{}", size_of::<ToDevice>());
    assert!(size_of::<FromDevice>() <= MOST, "{}", size_of::<FromDevice>());
}
