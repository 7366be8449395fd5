//! What a confined command prints, on its way to a terminal that would obey it.
//!
//! A terminal's own language can set its title, fill the clipboard, hide lines and, in some,
//! answer into its input. What is inside walls must not reach out that way. Only a terminal is
//! protected: a pipe or a file gets every byte as it is.

/// Passes bytes on in pieces, with control characters made visible: `^[`, as `cat -v` does.
#[derive(Debug, Default)]
pub struct Harmless {
    /// The first byte of a character whose second has not come.
    begun: bool,
}

/// The first of the two bytes by which UTF-8 writes the characters U+0080 to U+00BF; those
/// below U+00A0 are control characters, too.
const LEAD: u8 = 0xc2;

impl Harmless {
    /// What is shown for `bytes`, which follow those of before.
    pub fn pass(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(bytes.len());
        for byte in bytes {
            if std::mem::take(&mut self.begun) {
                match byte {
                    0x80..=0x9f => {
                        shown.extend([b'M', b'-', b'^', byte - 0x40]);
                        continue;
                    }
                    _ => shown.push(LEAD),
                }
            }
            match byte {
                &LEAD => self.begun = true,
                b'\n' | b'\t' | b'\r' | 0x20..=0x7e | 0x80..=0xff => shown.push(*byte),
                0..=0x1f | 0x7f => shown.extend([b'^', byte ^ 0x40]),
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing_by_what_it_shows() {
        let shown =
            |bytes: &[u8]| String::from_utf8_lossy(&Harmless::default().pass(bytes)).into_owned();
        assert_eq!(shown(b"\x1b]52;c;cm0=\x07\x1b[2J"), "^[]52;c;cm0=^G^[[2J");
        assert_eq!(shown("\u{9b}31m".as_bytes()), "M-^[31m", "the same in one character");
        assert_eq!(shown(b"\x08\x7f\x00"), "^H^?^@");
        let plain = "a\tb\r\nprix: 5 £, 漢字, ½\n";
        assert_eq!(shown(plain.as_bytes()), plain);
    }

    #[test]
    fn it_makes_no_difference_where_the_pieces_are_cut() {
        let text = "£\u{9b}\u{85}é½\u{1b}[0m".as_bytes();
        let whole = Harmless::default().pass(text);
        for at in 0..text.len() {
            let mut pieces = Harmless::default();
            let both = [pieces.pass(&text[..at]), pieces.pass(&text[at..])].concat();
            assert_eq!(both, whole, "cut at {at}");
        }
    }
}
