//! Draws the progress block in place, so that it survives terminal resizes.
//!
//! The cursor is parked on the top row of the block between two drawings, lines are
//! short and never padded, and only the rest of a line is ever erased (`ESC [ K`).
//! Clearing to the end of the screen would push copies into the scrollback of some
//! terminals; a full-width line would re-wrap. Nothing is ever asked of the terminal.

use std::io::{self, Write};

/// A block of lines on a terminal.
#[derive(Debug)]
pub struct Live<W: Write> {
    out: W,
    height: usize,
}

/// Begin and end of a synchronized update: terminals that know it draw without flicker,
/// the others ignore it.
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";
const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";

impl<W: Write> Live<W> {
    /// A block that is not drawn yet. Hides the cursor.
    pub fn begin(mut out: W) -> io::Result<Self> {
        write!(out, "{HIDE_CURSOR}")?;
        out.flush()?;
        Ok(Self { out, height: 0 })
    }

    /// Draws `lines` in place of the block.
    pub fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let rows = lines.len().max(self.height);
        let mut text = String::from(BEGIN);
        text.push('\r');
        for row in 0..rows {
            text.push_str(lines.get(row).map_or("", String::as_str));
            text.push_str("\x1b[K");
            if row + 1 < rows {
                text.push_str("\r\n");
            }
        }
        if rows > 1 {
            text.push_str(&format!("\x1b[{}A", rows - 1));
        }
        text.push('\r');
        text.push_str(END);
        self.height = lines.len();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Takes the block away, leaves the cursor where it began, and shows it again.
    pub fn end(mut self) -> io::Result<()> {
        self.draw(&[])?;
        write!(self.out, "{SHOW_CURSOR}")?;
        self.out.flush()
    }
}

/// Shows the cursor again, whatever happened; for panics and signals.
pub fn restore(mut out: impl Write) {
    // There is nobody left to tell when this fails.
    let _unseen = write!(out, "\r{SHOW_CURSOR}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_redrawn_in_place_and_never_clears_below() {
        let mut bytes = Vec::new();
        let mut live = Live::begin(&mut bytes).unwrap();
        live.draw(&["one".into(), "two".into()]).unwrap();
        live.draw(&["three".into()]).unwrap();
        live.end().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let expected = "\x1b[?25l\
            \x1b[?2026h\rone\x1b[K\r\ntwo\x1b[K\x1b[1A\r\x1b[?2026l\
            \x1b[?2026h\rthree\x1b[K\r\n\x1b[K\x1b[1A\r\x1b[?2026l\
            \x1b[?2026h\r\x1b[K\r\x1b[?2026l\
            \x1b[?25h";
        assert_eq!(text, expected);
        assert!(!text.contains("\x1b[J"));
    }
}
