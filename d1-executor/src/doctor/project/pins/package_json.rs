//! `package.json`: `engines`, `packageManager`, and what Volta wants.

use super::super::{pin::Pin, requirement::Requirement};
use serde_json::{Map, Value};

/// What of `engines` is a tool of one's own; `vscode` and the like are not.
const ENGINES: [&str; 6] = ["node", "npm", "yarn", "pnpm", "bun", "deno"];

pub(super) fn pins(text: &str) -> Result<Vec<Pin>, String> {
    // Some editors put a mark in front that is no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document: Value = serde_json::from_str(text)
        .map_err(|error| format!("line {}: it is no JSON", error.line().max(1)))?;
    let table = |name: &str| document.get(name).and_then(Value::as_object);
    let engines = table("engines").into_iter().flat_map(engines);
    let volta = table("volta").into_iter().flat_map(volta);
    let manager = document.get("packageManager").and_then(Value::as_str).and_then(manager);
    Ok(engines.chain(volta).chain(manager).collect())
}

/// Node must be there. Of the others it says which would do, if any is used; a text that is no
/// range, as `please-use-pnpm`, tells people and not tools.
fn engines(table: &Map<String, Value>) -> Vec<Pin> {
    let pin = |(tool, said): (&String, &Value)| {
        let said = said.as_str().filter(|_| ENGINES.contains(&tool.as_str()))?;
        let pin = Pin::new(tool, said, Requirement::range(said)?)?;
        Some(Pin { only_if_there: tool != "node", ..pin })
    };
    table.iter().filter_map(pin).collect()
}

fn volta(table: &Map<String, Value>) -> Vec<Pin> {
    let pin = |(tool, said): (&String, &Value)| {
        let said = said.as_str().filter(|_| ENGINES.contains(&tool.as_str()))?;
        let pin = Pin::new(tool, said, Requirement::beginning(said)?)?;
        Some(Pin { only_if_there: tool != "node", ..pin })
    };
    table.iter().filter_map(pin).collect()
}

/// `pnpm@9.1.0+sha512.…`: another release of the same generation does the same.
fn manager(said: &str) -> Option<Pin> {
    let (tool, version) = said.split_once('@')?;
    let version = version.split('+').next()?;
    let generation = version.split('.').next()?;
    let pin = Pin::new(tool, version, Requirement::beginning(generation)?)?;
    Some(Pin { only_if_there: tool == "npm", ..pin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_managers_and_volta_are_read() {
        let text = r#"{ "engines": { "node": ">=18", "npm": "please-use-pnpm", "vscode": "^1.80" },
                        "packageManager": "pnpm@9.1.0+sha512.abc", "volta": { "node": "18.19.1" } }"#;
        let read = pins(text).unwrap();
        let told: Vec<(&str, &str, bool)> = read
            .iter()
            .map(|pin| (pin.tool.as_str(), pin.wanted.as_str(), pin.only_if_there))
            .collect();
        let expected =
            [("node", ">=18", false), ("node", "18.19.1", false), ("pnpm", "9.1.0", false)];
        assert_eq!(told, expected);
        assert_eq!(read[2].requirement, Requirement::range("9").unwrap());
        assert_eq!(pins("\u{feff}{}").unwrap(), []);
        assert_eq!(pins("[1]").unwrap(), []);
        assert_eq!(pins("{\n\"engines\": \n").unwrap_err(), "line 3: it is no JSON");
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert!(pins(&"[".repeat(100_000)).is_err());
    }
}
