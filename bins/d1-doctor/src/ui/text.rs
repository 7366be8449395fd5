//! Text for terminals: widths, glyphs with plain fall-backs, sizes and times in words.

use chrono::DateTime;
use d1_core::Timestamp;
use std::time::Duration;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The signs we use, and what stands for them where only ASCII is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// It reached its goal.
    pub done: &'static str,
    /// It did not.
    pub failed: &'static str,
    /// Something to know.
    pub warning: &'static str,
    /// It has not begun.
    pub waiting: &'static str,
    /// It is left out.
    pub skipped: &'static str,
    /// It runs and says nothing.
    pub still: &'static str,
    /// Before quoted output.
    pub bar: &'static str,
    spin: &'static [&'static str],
}

impl Glyphs {
    /// For terminals that show Unicode.
    pub const UNICODE: Self = Self {
        done: "✔",
        failed: "✖",
        warning: "!",
        waiting: "·",
        skipped: "–",
        still: "▪",
        bar: "│",
        spin: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
    };

    /// For everything else.
    pub const ASCII: Self = Self {
        done: "ok",
        failed: "x",
        warning: "!",
        waiting: ".",
        skipped: "-",
        still: "*",
        bar: "|",
        spin: &["|", "/", "~", "\\"],
    };

    /// The spinner's picture at this moment: ten a second.
    #[must_use]
    pub fn spinner(&self, now: Timestamp) -> &'static str {
        let pictures = self.spin.len() as u64;
        let at = usize::try_from(now.0 / 100 % pictures).unwrap_or(0);
        self.spin[at]
    }
}

/// The text cut to `width` columns, with `…` where something is missing.
#[must_use]
pub fn clip(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = head(text, width.saturating_sub(1));
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// The text cut in the middle to `width` columns: both ends of a name tell the most.
#[must_use]
pub fn clip_middle(text: &str, width: usize) -> String {
    if text.width() <= width || width < 5 {
        return clip(text, width);
    }
    let left = (width - 1) / 2;
    let reversed: String = text.chars().rev().collect();
    let right: String = head(&reversed, width - 1 - left).chars().rev().collect();
    format!("{}…{right}", head(text, left))
}

fn head(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

/// `0.4s`, `41s`, `1m 52s`, `2h 3m`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 if time.subsec_millis() >= 100 || seconds == 0 => {
            format!("{}.{}s", seconds, time.subsec_millis() / 100)
        }
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// How long ago: `now`, `4 min ago`, `3 days ago`.
#[must_use]
pub fn when(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => "now".to_owned(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} ago", count(usize::try_from(seconds / 86_400).unwrap_or(0), "day")),
    }
}

/// `2026-11-29`, in UTC.
#[must_use]
pub fn day(millis: u64) -> String {
    moment(millis, "%Y-%m-%d")
}

/// `2026-11-29 07:41`, in UTC.
#[must_use]
pub fn minute(millis: u64) -> String {
    moment(millis, "%Y-%m-%d %H:%M")
}

/// A moment, or the number itself where no calendar has it.
fn moment(millis: u64, format: &str) -> String {
    let moment = i64::try_from(millis).ok().and_then(DateTime::from_timestamp_millis);
    moment.map_or_else(|| millis.to_string(), |moment| moment.format(format).to_string())
}

/// `512 B`, `1.4 MB`: decimal, as package managers count.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let (mut tenths, mut unit) = (count / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    if tenths >= 100 {
        format!("{} {}", tenths / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// `1 package`, `4 packages`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// What a machine wrote, made safe to show: control characters become visible, so that
/// no output can move the cursor, change colours, or hide lines.
#[must_use]
pub fn inert(text: &str) -> String {
    let text = strip_escapes(text);
    text.chars()
        .filter_map(|c| match c {
            '\t' => Some(' '),
            c if c.is_control() => None,
            // Bidirectional controls could make one command look like another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => None,
            c => Some(c),
        })
        .collect()
}

/// Without ECMA-48 control sequences (`ESC [ … final`, `ESC ] … BEL`).
fn strip_escapes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            kept.push(c);
            continue;
        }
        match chars.next() {
            Some('[') => skip_past(&mut chars, |c| ('\u{40}'..='\u{7e}').contains(&c)),
            Some(']' | 'P' | '_' | '^') => skip_past(&mut chars, |c| "\u{7}\u{9c}".contains(c)),
            Some(_) | None => {}
        }
    }
    kept
}

fn skip_past(chars: &mut impl Iterator<Item = char>, last: impl Fn(char) -> bool) {
    let _last = chars.find(|c| last(*c));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(clip_middle("install postgresql-15", 12), "insta…sql-15");
        assert_eq!(clip("漢字漢字", 5), "漢字…");
        assert_eq!(clip("abc", 0), "");
    }

    #[test]
    fn times_and_sizes_are_short() {
        assert_eq!(duration(Duration::from_millis(420)), "0.4s");
        assert_eq!(duration(Duration::from_secs(41)), "41s");
        assert_eq!(duration(Duration::from_secs(112)), "1m 52s");
        assert_eq!(duration(Duration::from_secs(7380)), "2h 3m");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_430_000), "1.4 MB");
        assert_eq!(bytes(412_000_000), "412 MB");
        assert_eq!(bytes(2_500), "2.5 kB");
        assert_eq!(day(1_800_000_000_000), "2027-01-15");
        assert_eq!(minute(1_800_000_000_000), "2027-01-15 08:00");
        assert_eq!(day(u64::MAX), u64::MAX.to_string());
    }

    #[test]
    fn output_of_a_machine_cannot_touch_the_terminal() {
        assert_eq!(inert("a\u{1b}[2Jb\u{1b}]0;title\u{7}c\u{8}d\te"), "abcd e");
        assert_eq!(inert("evil\u{202e}txt.exe"), "eviltxt.exe");
    }
}
