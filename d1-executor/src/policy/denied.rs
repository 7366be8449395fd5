//! What may not be: the codes, and what to do in place of it.

use super::{
    decision::Denial,
    layer::{Layer, Protected},
};

/// A code, and what to do in its place.
pub(super) type Denied = (&'static str, &'static str);

/// A rule forbids it.
pub(super) const RULE: Denied = ("D1-POL-004", "");
/// A path is kept.
pub(super) const PATH: Denied =
    ("D1-POL-005", "do it without this path, or ask the owner of this machine");
/// It asks for lower walls, or for more behind them.
pub(super) const WALLS: Denied = ("D1-POL-006", "ask for less, or ask the owner of this machine");
/// No rule names it.
pub(super) const DEFAULT: Denied =
    ("D1-POL-007", "use a command that the policy names, or ask the owner to add an [[allow]]");
/// Nobody can tell what it does.
pub(super) const OPAQUE: Denied =
    ("D1-POL-008", "give a program and its arguments, without a shell or a wrapper");

impl Layer {
    /// A path that is kept.
    pub(super) fn protected(&self, protected: &Protected) -> Denial {
        let reason = format!("`{}` is kept from every command", protected.path.display());
        Denial { cause: protected.why.clone(), ..self.denial(PATH, reason, protected.line) }
    }

    /// Something that this file does not allow; line 0 is the whole file.
    pub(super) fn denial(
        &self,
        (code, alternative): Denied,
        reason: String,
        line: usize,
    ) -> Denial {
        let source = self.source(line);
        Denial { code, reason, cause: String::new(), alternative: alternative.to_owned(), source }
    }

    /// Where in this file.
    pub(super) fn source(&self, line: usize) -> Option<String> {
        let path = self.path.display();
        Some(if line == 0 { path.to_string() } else { format!("{path}, line {line}") })
    }
}

/// No file says that commands may run without walls.
pub(super) fn unconfined() -> Denial {
    Denial {
        code: WALLS.0,
        reason: "a command may not run without walls on this machine".into(),
        cause: "nothing would keep it from anything that you may do yourself".into(),
        alternative: "run it behind walls and give it what it needs, or have the owner list \
                      \"unconfined\" in `profiles` of the policy"
            .into(),
        source: None,
    }
}
