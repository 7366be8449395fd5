//! Rules about who may depend on whom, read from `cargo metadata`.

use serde_json::Value;
use std::process::Command;

/// The libraries that know `d1-core` and nobody else of ours.
const ROOMS: [&str; 4] = ["d1-protocol", "d1-executor", "d1-orchestrator", "d1-billing"];

/// The programs.
const DOORS: [&str; 3] = ["d1-doctor", "d1-daemon", "d1-cloud"];

/// What would let the core open something, speak a wire format, or lose its error types.
const NOT_FOR_THE_CORE: [&str; 14] = [
    "anyhow",
    "axum",
    "clap",
    "hyper",
    "libc",
    "nix",
    "prost",
    "redis",
    "reqwest",
    "rusqlite",
    "rustix",
    "sqlx",
    "tonic",
    "tokio-tungstenite",
];

/// The parts of tokio that open something.
const TOKIO_NOT_FOR_THE_CORE: [&str; 7] =
    ["fs", "full", "io-std", "io-uring", "net", "process", "signal"];

/// What reads or writes the wire format.
const WIRE: [&str; 6] = ["prost", "prost-build", "prost-types", "protox", "tonic", "tonic-prost"];

/// A crate of this workspace and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crate {
    name: String,
    needs: Vec<Need>,
}

/// One line of `[dependencies]`, `[dev-dependencies]` or `[build-dependencies]`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Need {
    name: String,
    features: Vec<String>,
}

impl Crate {
    /// The crates of this workspace.
    pub(crate) fn all() -> Vec<Self> {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--no-deps", "--format-version=1", "--manifest-path"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::from_metadata(&serde_json::from_slice(&output.stdout).unwrap())
    }

    fn from_metadata(metadata: &Value) -> Vec<Self> {
        let packages = metadata["packages"].as_array().unwrap().iter();
        packages
            .map(|package| Self {
                name: text(&package["name"]),
                needs: package["dependencies"].as_array().unwrap().iter().map(Need::read).collect(),
            })
            .collect()
    }
}

impl Need {
    fn read(dependency: &Value) -> Self {
        let features = dependency["features"].as_array().unwrap().iter().map(text).collect();
        Self { name: text(&dependency["name"]), features }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Rooms that know each other or a door, whether for building, running or testing; and
/// rooms that are missing, since a rule about nobody is kept by everybody.
pub(crate) fn not_a_star(crates: &[Crate]) -> Vec<String> {
    let mut wrong = missing(crates, &["d1-core"]);
    wrong.extend(missing(crates, &ROOMS));
    let rooms = crates.iter().filter(|one| ROOMS.contains(&one.name.as_str()));
    wrong.extend(needless(rooms, |need| need.name.starts_with("d1-") && need.name != "d1-core"));
    let core = crates.iter().filter(|one| one.name == "d1-core");
    wrong.extend(needless(core, |need| need.name.starts_with("d1-")));
    wrong
}

/// Dependencies that would let the core touch the world.
pub(crate) fn core_is_not_pure(crates: &[Crate]) -> Vec<String> {
    let core = || crates.iter().filter(|one| one.name == "d1-core");
    let mut wrong = missing(crates, &["d1-core"]);
    wrong.extend(needless(core(), |need| NOT_FOR_THE_CORE.contains(&need.name.as_str())));
    for need in core().flat_map(|one| &one.needs).filter(|need| need.name == "tokio") {
        let opens = |feature: &&String| TOKIO_NOT_FOR_THE_CORE.contains(&feature.as_str());
        for feature in need.features.iter().filter(opens) {
            wrong.push(format!("`d1-core` must not take the feature `{feature}` of `tokio`"));
        }
    }
    wrong
}

/// Crates but the protocol that could name a generated type.
pub(crate) fn wire_outside_protocol(crates: &[Crate]) -> Vec<String> {
    let mut wrong = missing(crates, &["d1-protocol"]);
    let others = crates.iter().filter(|one| one.name != "d1-protocol");
    wrong.extend(needless(others, |need| WIRE.contains(&need.name.as_str())));
    wrong
}

/// Crates but the doors that could pass an error on without saying which.
pub(crate) fn anyhow_outside_doors(crates: &[Crate]) -> Vec<String> {
    let mut wrong = missing(crates, &DOORS);
    let others = crates.iter().filter(|one| !DOORS.contains(&one.name.as_str()));
    wrong.extend(needless(others, |need| need.name == "anyhow"));
    wrong
}

fn missing(crates: &[Crate], names: &[&str]) -> Vec<String> {
    let gone = |name: &&&str| !crates.iter().any(|one| one.name == **name);
    names.iter().filter(gone).map(|name| format!("there is no crate `{name}`")).collect()
}

fn needless<'a>(
    crates: impl Iterator<Item = &'a Crate>,
    forbidden: impl Fn(&Need) -> bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for one in crates {
        for need in one.needs.iter().filter(|need| forbidden(need)) {
            wrong.push(format!("`{}` must not depend on `{}`", one.name, need.name));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::{
        Crate, DOORS, Need, ROOMS, anyhow_outside_doors, core_is_not_pure, not_a_star,
        wire_outside_protocol,
    };
    use serde_json::json;

    /// A workspace as it should be, where `name` also needs `extra`.
    fn workspace(name: &str, extra: &str, features: &[&str]) -> Vec<Crate> {
        let mut crates = vec![Crate { name: "d1-core".to_owned(), needs: Vec::new() }];
        for room in ROOMS.iter().chain(&DOORS) {
            crates.push(Crate { name: (*room).to_owned(), needs: vec![need("d1-core", &[])] });
        }
        let found = crates.iter_mut().find(|one| one.name == name).unwrap();
        found.needs.push(need(extra, features));
        crates
    }

    fn need(name: &str, features: &[&str]) -> Need {
        let features = features.iter().map(|feature| (*feature).to_owned()).collect();
        Need { name: name.to_owned(), features }
    }

    #[test]
    fn a_room_that_knows_another_is_caught() {
        let found = not_a_star(&workspace("d1-executor", "d1-billing", &[]));
        assert_eq!(found, ["`d1-executor` must not depend on `d1-billing`"]);
    }

    #[test]
    fn a_core_that_knows_a_room_is_caught() {
        let found = not_a_star(&workspace("d1-core", "d1-protocol", &[]));
        assert_eq!(found, ["`d1-core` must not depend on `d1-protocol`"]);
    }

    #[test]
    fn a_door_may_know_every_room() {
        assert_eq!(not_a_star(&workspace("d1-cloud", "d1-billing", &[])), [""; 0]);
    }

    #[test]
    fn a_room_that_is_gone_is_caught() {
        let mut crates = workspace("d1-cloud", "serde", &[]);
        crates.retain(|one| one.name != "d1-billing");
        assert_eq!(not_a_star(&crates), ["there is no crate `d1-billing`"]);
    }

    #[test]
    fn a_core_that_could_open_something_is_caught() {
        let database = core_is_not_pure(&workspace("d1-core", "rusqlite", &[]));
        assert_eq!(database, ["`d1-core` must not depend on `rusqlite`"]);
        let sockets = core_is_not_pure(&workspace("d1-core", "tokio", &["sync", "net"]));
        assert_eq!(sockets, ["`d1-core` must not take the feature `net` of `tokio`"]);
        assert_eq!(core_is_not_pure(&workspace("d1-core", "tokio", &["sync"])), [""; 0]);
    }

    #[test]
    fn a_wire_format_elsewhere_is_caught() {
        let found = wire_outside_protocol(&workspace("d1-daemon", "prost", &[]));
        assert_eq!(found, ["`d1-daemon` must not depend on `prost`"]);
        assert_eq!(wire_outside_protocol(&workspace("d1-protocol", "prost", &[])), [""; 0]);
    }

    #[test]
    fn anyhow_in_a_library_is_caught() {
        let found = anyhow_outside_doors(&workspace("d1-billing", "anyhow", &[]));
        assert_eq!(found, ["`d1-billing` must not depend on `anyhow`"]);
        assert_eq!(anyhow_outside_doors(&workspace("d1-doctor", "anyhow", &[])), [""; 0]);
    }

    #[test]
    fn dependencies_of_every_kind_are_read() {
        let metadata = json!({"packages": [{"name": "a", "dependencies": [
            {"name": "b", "kind": null, "features": ["x"]},
            {"name": "c", "kind": "dev", "features": []},
            {"name": "d", "kind": "build", "features": []},
        ]}]});
        let needs = vec![need("b", &["x"]), need("c", &[]), need("d", &[])];
        assert_eq!(Crate::from_metadata(&metadata), [Crate { name: "a".to_owned(), needs }]);
    }
}
