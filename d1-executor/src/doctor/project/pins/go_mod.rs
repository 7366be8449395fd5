//! `go.mod`: the line `go 1.22`, the oldest Go that will do. The line `toolchain` is a wish that
//! Go fulfils by itself, and no need.

use super::super::{pin::Pin, requirement::Requirement};

pub(super) fn pins(text: &str) -> Vec<Pin> {
    let said = text.lines().find_map(|line| {
        let mut words = line.split("//").next()?.split_whitespace();
        (words.next()? == "go").then(|| words.next()).flatten()
    });
    let pin = said.and_then(|said| Pin::new("go", &format!("{said} or newer"), at_least(said)?));
    pin.into_iter().collect()
}

fn at_least(said: &str) -> Option<Requirement> {
    Requirement::at_least(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_which_go_is_read() {
        let text = "module x.example/y\n\ngo 1.22.3 // why\n\ntoolchain go1.23.1\n";
        let read = pins(text);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].requirement, Requirement::range(">=1.22.3").unwrap());
        assert_eq!(read[0].wanted, "1.22.3 or newer");
        assert_eq!(pins("module x\nrequire (\n gopher.example v1\n)\n"), []);
    }
}
