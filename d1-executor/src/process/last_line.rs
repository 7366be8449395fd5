//! The last line of what a program writes, as far as it has come.

use super::asked::QUESTION;

/// How many bytes of a line are kept: a character may take four.
const KEPT: usize = 4 * QUESTION;

/// The last line of all output.
#[derive(Debug, Default)]
pub(super) struct LastLine {
    bytes: Vec<u8>,
    is_open: bool,
}

impl LastLine {
    /// Takes in what was written. What is not of the last line is only searched for its ends.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.len().checked_sub(1) else { return };
        let ends = bytes[last] == b'\n';
        let line = if ends { &bytes[..last] } else { bytes };
        match memchr::memrchr(b'\n', line) {
            Some(before) => self.begin(&line[before + 1..]),
            None if self.is_open => self.go_on(line),
            None => self.begin(line),
        }
        self.is_open = !ends;
    }

    fn begin(&mut self, line: &[u8]) {
        self.bytes.clear();
        self.go_on(line);
    }

    fn go_on(&mut self, line: &[u8]) {
        let room = KEPT.saturating_sub(self.bytes.len());
        self.bytes.extend(&line[..line.len().min(room)]);
    }

    /// Whether its end has not come.
    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Its beginning.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn however_it_comes_it_is_the_last_line(pieces in prop::collection::vec("[ab\n]{0,4}", 0..8)) {
            let mut last = LastLine::default();
            pieces.iter().for_each(|piece| last.write(piece.as_bytes()));
            let all = pieces.concat();
            prop_assert_eq!(last.text(), all.lines().last().unwrap_or_default());
            prop_assert_eq!(last.is_open(), !all.is_empty() && !all.ends_with('\n'));
        }
    }

    #[test]
    fn a_line_without_an_end_is_bounded() {
        let mut last = LastLine::default();
        (0..2).for_each(|_| last.write(&[b'x'; 100_000]));
        assert_eq!(last.text().len(), KEPT);
    }
}
