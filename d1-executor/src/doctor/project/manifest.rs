//! `d1-doctor.toml`: what a project says it needs. The README of this crate describes it.
//!
//! ```toml
//! [tools]
//! node = ">=18 <21"
//!
//! [services]
//! postgresql = { port = 5432 }
//!
//! [ports]
//! web = 3000
//!
//! [env]
//! required = ["DATABASE_URL"]
//! ```

use super::{env_file::is_key, pin::Pin, pin::is_name, requirement::Requirement};
use d1_core::PackageName;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{collections::BTreeMap, fmt, path::Component, path::Path};

/// The most entries one table may have: more is no list that a person keeps.
const MOST: usize = 200;

/// What a project says it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::doctor) struct Manifest {
    /// The tools, with their versions.
    pub(in crate::doctor) tools: Vec<Pin>,
    /// The services, by name.
    pub(in crate::doctor) services: BTreeMap<String, Door>,
    /// The ports that the project's own programs listen on.
    pub(in crate::doctor) ports: BTreeMap<String, u16>,
    /// The variables that must be set.
    pub(in crate::doctor) required: Vec<String>,
    /// The file that may set them, inside the project.
    pub(in crate::doctor) env_file: String,
}

/// Where a service answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DoorLine")]
pub(in crate::doctor) enum Door {
    /// On this port of this machine.
    Port(u16),
    /// On this socket.
    Socket(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    #[serde(default)]
    tools: BTreeMap<Name, ToolLine>,
    #[serde(default)]
    services: BTreeMap<Name, Door>,
    #[serde(default)]
    ports: BTreeMap<Name, Port>,
    #[serde(default)]
    env: EnvLine,
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct Name(String);

#[derive(Deserialize)]
#[serde(try_from = "u16")]
struct Port(u16);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Wanted(String, Requirement);

struct ToolLine {
    version: Wanted,
    package: Option<PackageName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolTable {
    version: Wanted,
    package: Option<PackageName>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DoorLine {
    port: Option<Port>,
    socket: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvLine {
    #[serde(default)]
    required: Vec<Key>,
    #[serde(default = "usual_env_file")]
    file: Inside,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Key(String);

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Inside(String);

impl Manifest {
    /// The name of the file.
    pub(in crate::doctor) const FILE: &'static str = "d1-doctor.toml";

    /// What the text of the file says; otherwise on which line it is wrong, and why.
    pub(in crate::doctor) fn read(text: &str) -> Result<Self, String> {
        let sheet: Sheet = toml::from_str(text).map_err(|error| located(text, &error))?;
        let Sheet { tools, services, ports, env } = sheet;
        if [tools.len(), services.len(), ports.len(), env.required.len()].iter().any(|n| *n > MOST)
        {
            return Err(format!("there are more than {MOST} entries of one kind"));
        }
        let pin = |(name, line): (Name, ToolLine)| {
            let Wanted(wanted, requirement) = line.version;
            let pin = Pin::new(&name.0, &wanted, requirement)?;
            Some(Pin { package: line.package.map(|name| name.to_string()), ..pin })
        };
        Ok(Self {
            tools: tools.into_iter().filter_map(pin).collect(),
            services: services.into_iter().map(|(name, door)| (name.0, door)).collect(),
            ports: ports.into_iter().map(|(name, port)| (name.0, port.0)).collect(),
            required: env.required.into_iter().map(|key| key.0).collect(),
            env_file: env.file.0,
        })
    }
}

/// What is wrong, in one line that says where.
pub(super) fn located(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let what = error.message().lines().next().unwrap_or("it is not of the known form").to_owned();
    match before {
        Some(before) => format!("line {}: {what}", before.matches('\n').count() + 1),
        None => what,
    }
}

impl Default for EnvLine {
    fn default() -> Self {
        Self { required: Vec::new(), file: usual_env_file() }
    }
}

fn usual_env_file() -> Inside {
    Inside(".env".to_owned())
}

impl TryFrom<String> for Name {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_name(&text) { Ok(Self(text)) } else { Err("this is no name of a program or service") }
    }
}

impl TryFrom<u16> for Port {
    type Error = &'static str;
    fn try_from(port: u16) -> Result<Self, Self::Error> {
        if port == 0 { Err("a port is a number from 1 to 65535") } else { Ok(Self(port)) }
    }
}

impl TryFrom<String> for Wanted {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_any = ["any", "*"].contains(&text.trim());
        let requirement = if is_any { Some(Requirement::any()) } else { Requirement::range(&text) };
        match requirement.filter(|_| !text.trim().is_empty()) {
            Some(requirement) => Ok(Self(text, requirement)),
            None => {
                Err("this is no version and no range, as `3.11`, `^20`, `>=18 <21` or `any`".into())
            }
        }
    }
}

impl TryFrom<DoorLine> for Door {
    type Error = &'static str;
    fn try_from(line: DoorLine) -> Result<Self, Self::Error> {
        match (line.port, line.socket) {
            (Some(Port(port)), None) => Ok(Self::Port(port)),
            (None, Some(path)) if path.starts_with('/') && !path.contains(char::is_control) => {
                Ok(Self::Socket(path))
            }
            (None, Some(_)) => Err("a socket is an absolute path"),
            (None, None) | (Some(_), Some(_)) => Err("give either `port` or `socket`"),
        }
    }
}

impl TryFrom<String> for Key {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_key(&text) { Ok(Self(text)) } else { Err("this is no name of a variable") }
    }
}

impl TryFrom<String> for Inside {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        let inside = !text.is_empty() && Path::new(&text).components().all(plain);
        if inside && !text.contains(char::is_control) {
            Ok(Self(text))
        } else {
            Err("this is no file inside the project")
        }
    }
}

impl<'de> Deserialize<'de> for ToolLine {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ToolLine;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a version, or { version = \"…\", package = \"…\" }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<ToolLine, E> {
                let version = Wanted::try_from(text.to_owned()).map_err(E::custom)?;
                Ok(ToolLine { version, package: None })
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<ToolLine, M::Error> {
                let table = ToolTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ToolLine { version: table.version, package: table.package })
            }
        }
        from.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example in the README of this crate.
    fn example() -> &'static str {
        let readme = include_str!("../../../README.md");
        let start = readme.find("<!-- d1-doctor.toml -->").unwrap();
        let block = readme[start..].split("```").nth(1).unwrap();
        block.strip_prefix("toml\n").unwrap()
    }

    #[test]
    fn the_example_in_the_documentation_says_all_there_is_to_say() {
        let manifest = Manifest::read(example()).unwrap();
        let tools: Vec<(&str, &str)> =
            manifest.tools.iter().map(|pin| (pin.tool.as_str(), pin.wanted.as_str())).collect();
        assert_eq!(
            tools,
            [("java", "17 || 21"), ("node", ">=18 <21"), ("protoc", "any"), ("python", "3.11")]
        );
        assert_eq!(manifest.tools[2].package.as_deref(), Some("protobuf-compiler"));
        let docker = Door::Socket("/var/run/docker.sock".into());
        let services = [("docker".into(), docker), ("postgresql".into(), Door::Port(5432))];
        assert_eq!(manifest.services, services.into());
        assert_eq!(manifest.ports, [("web".to_owned(), 3000)].into());
        assert_eq!(manifest.required, ["DATABASE_URL", "API_KEY"]);
        assert_eq!(manifest.env_file, ".env.local");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, told) in [
            ("[tools]\nnode = \"20\"\nnode = \"18\"\n", "line 3: duplicate key"),
            ("\n[tolls]\n", "line 2: unknown field `tolls`"),
            (
                "[tools]\nnode = { version = \"20\", pakage = \"x\" }",
                "line 2: unknown field `pakage`",
            ),
            ("[tools]\nnode = \"new\"\n", "line 2: this is no version"),
            ("[tools]\n\"../x\" = \"1\"\n", "this is no name of a program"),
            ("[tools]\nnode = 20\n", "line 2: invalid type"),
            ("[services]\ndb = { port = 0 }\n", "a port is a number from 1 to 65535"),
            ("[services]\ndb = { port = 70000 }\n", "line 2: invalid value"),
            ("[services]\ndb = {}\n", "give either `port` or `socket`"),
            (
                "[services]\ndb = { host = \"db.example\", port = 1 }\n",
                "line 2: unknown field `host`",
            ),
            ("[services]\ndb = { socket = \"x.sock\" }\n", "a socket is an absolute path"),
            ("[env]\nrequired = [\"A B\"]\n", "line 2: this is no name of a variable"),
            ("[env]\nfile = \"../../etc/passwd\"\n", "line 2: this is no file inside the project"),
            ("[env]\nfile = \"/etc/passwd\"\n", "line 2: this is no file inside the project"),
        ] {
            let error = Manifest::read(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
        let many: String = (0..201).map(|n| format!("t{n} = \"1\"\n")).collect();
        assert!(Manifest::read(&format!("[tools]\n{many}")).unwrap_err().contains("more than 200"));
    }

    #[test]
    fn an_empty_file_needs_nothing() {
        let nothing = Manifest { env_file: ".env".into(), ..Manifest::default() };
        assert_eq!(Manifest::read("").unwrap(), nothing);
    }

    proptest! {
        #[test]
        fn what_is_written_comes_back(
            tools in prop::collection::btree_map("t[a-z0-9]{0,10}", "[0-9]{1,3}(\\.[0-9]{1,3}){0,2}", 0..20),
            ports in prop::collection::btree_map("s[a-z0-9]{0,10}", 1..=u16::MAX, 0..20),
            keys in prop::collection::vec("[A-Z_][A-Z0-9_]{0,20}", 0..20),
        ) {
            let mut text = String::from("[tools]\n");
            tools.iter().for_each(|(name, version)| text += &format!("{name} = \"{version}\"\n"));
            text += "[services]\n";
            ports.iter().for_each(|(name, port)| text += &format!("{name} = {{ port = {port} }}\n"));
            text += &format!("[env]\nrequired = {keys:?}\n");
            // Cargo's judge takes no number that begins with a zero.
            prop_assume!(tools.values().all(|v| v.split('.').all(|n| n == "0" || !n.starts_with('0'))));
            let manifest = Manifest::read(&text).unwrap();
            let read: BTreeMap<String, String> =
                manifest.tools.into_iter().map(|pin| (pin.tool, pin.wanted)).collect();
            prop_assert_eq!(read, tools);
            let doors = ports.into_iter().map(|(name, port)| (name, Door::Port(port)));
            prop_assert_eq!(manifest.services, doors.collect());
            prop_assert_eq!(manifest.required, keys);
        }

        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,300}", like in "[\\[\\]a-z=\"{},.\n0-9 ]{0,120}") {
            let _whatever = (Manifest::read(&text), Manifest::read(&like));
        }
    }
}
