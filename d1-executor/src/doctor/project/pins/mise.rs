//! `mise.toml`: the table `[tools]`. What mise does beside is mise's.

use super::{
    super::{manifest::located, pin::Pin, requirement::Requirement},
    tool_versions::wanted,
};
use toml::{Table, Value};

pub(super) fn pins(text: &str) -> Result<Vec<Pin>, String> {
    let table: Table = toml::from_str(text).map_err(|error| located(text, &error))?;
    let Some(Value::Table(tools)) = table.get("tools") else { return Ok(Vec::new()) };
    Ok(tools.iter().filter_map(|(tool, said)| pin(tool, said)).collect())
}

fn pin(tool: &str, said: &Value) -> Option<Pin> {
    let tool = tool.strip_prefix("core:").unwrap_or(tool);
    let version = version(said)?;
    let requirement = match version {
        // A template is worked out by mise.
        templated if templated.contains("{{") => Requirement::any(),
        plain => wanted(tool, plain),
    };
    // A name as `npm:prettier` says where it comes from, and not how its program is called.
    Pin::new(tool, version, requirement)
}

/// The version that is active; of several that is the first.
fn version(said: &Value) -> Option<&str> {
    match said {
        Value::String(version) => Some(version),
        Value::Array(all) => version(all.first()?),
        Value::Table(table) if is_for_us(table) => version(table.get("version")?),
        Value::Table(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => None,
    }
}

/// Whether an entry is meant for this system.
fn is_for_us(table: &Table) -> bool {
    match table.get("os") {
        Some(Value::Array(systems)) => {
            systems.iter().any(|system| system.as_str() == Some(std::env::consts::OS))
        }
        Some(_) | None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_version_is_read() {
        let text = "[env]\nX = 1\n[tools]\ncmake = { version = \"3.25\", os = [\"none\"] }\n\
                    \"core:go\" = \"prefix:1.22\"\njava = \"temurin-17\"\nnode = [\"20\", \"18\"]\n\
                    \"npm:prettier\" = \"3\"\npython = { version = \"3.11\" }\nruby = \"{{ x }}\"\n";
        let read = pins(text).unwrap();
        let told: Vec<(&str, &str)> =
            read.iter().map(|pin| (pin.tool.as_str(), pin.wanted.as_str())).collect();
        let expected = [
            ("go", "prefix:1.22"),
            ("java", "temurin-17"),
            ("node", "20"),
            ("python", "3.11"),
            ("ruby", "{{ x }}"),
        ];
        assert_eq!(told, expected);
        assert_eq!(read[0].requirement, Requirement::range("1.22").unwrap());
        assert!(read[4].requirement.is_any());
        assert_eq!(pins("").unwrap(), []);
        assert!(pins("[tools]\nnode = \n").unwrap_err().starts_with("line 2: "));
    }
}
