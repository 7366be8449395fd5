//! Rules about which words may stand in which room.

use super::{names::names, source::SourceFile};

/// How a program asks for a shell.
const SHELLS: [&str; 5] =
    ["\"sh\"", "\"/bin/sh\"", "\"/bin/bash\"", "\"/usr/bin/bash\"", "\"bash\", \"-c\""];

/// Names that belong to one room, or are kept out of one.
struct Place {
    names: &'static [&'static str],
    allowed: fn(&str) -> bool,
    remedy: &'static str,
}

const PLACES: [Place; 4] = [
    Place {
        names: &["unsafe", "unsafe_code"],
        allowed: |path| path.starts_with("d1-executor/src/sandbox"),
        remedy: "`unsafe` lives in d1-executor/src/sandbox",
    },
    Place {
        names: &["prost", "prost_types", "protox", "tonic", "d1_protocol::wire"],
        allowed: |path| path.starts_with("d1-protocol/"),
        remedy: "speak `d1_core`; wire types are named in d1-protocol",
    },
    Place {
        names: &["anyhow"],
        allowed: |path| path.starts_with("bins/"),
        remedy: "give the error a type; `anyhow` is for bins/",
    },
    Place {
        names: &[
            "std::fs",
            "std::net",
            "std::os",
            "std::process",
            "tokio::fs",
            "tokio::net",
            "tokio::process",
            "tokio::signal",
        ],
        // A fault point ends the process it is in; it is compiled for tests only.
        allowed: |path| !path.starts_with("d1-core/") || path == "d1-core/src/fault.rs",
        remedy: "d1-core opens nothing; do it in the room that needs it, behind a port",
    },
];

/// Names that stand in a room where they do not belong.
pub(crate) fn names_out_of_place(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for name in names(&file.text) {
            let forbids = |place: &&Place| {
                !(place.allowed)(&file.path)
                    && place.names.iter().any(|one| within(&name.path, one))
            };
            for place in PLACES.iter().filter(forbids) {
                let at = format!("{}:{}", file.path, name.line);
                wrong.push(format!("{at}: `{}`; {}", name.path, place.remedy));
            }
        }
    }
    wrong
}

/// Whether `path` is `root` or something inside it.
fn within(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Modules with generated code that the protocol shows to others.
pub(crate) fn public_wire_modules(files: &[SourceFile]) -> Vec<String> {
    let Some(index) = files.iter().find(|file| file.path == "d1-protocol/src/lib.rs") else {
        return vec!["there is no `d1-protocol/src/lib.rs`".to_owned()];
    };
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("d1-protocol/src/")) {
        let Some(module) = generated_module(file) else { continue };
        for (number, line) in index.text.lines().enumerate() {
            let shown = line.starts_with("pub mod ") || line.starts_with("pub use ");
            if shown
                && names(line).iter().any(|name| name.path.split("::").any(|word| word == module))
            {
                let at = format!("{}:{}", index.path, number + 1);
                wrong.push(format!("{at}: `{module}` holds generated types; keep it private"));
            }
        }
    }
    wrong
}

/// The top module of a file that includes generated code.
fn generated_module(file: &SourceFile) -> Option<&str> {
    if !file.text.contains("env!(\"OUT_DIR\")") {
        return None;
    }
    let inside = file.path.strip_prefix("d1-protocol/src/")?;
    inside.split(['/', '.']).next()
}

/// Product code that asks for a shell elsewhere than in the room that guards it.
pub(crate) fn shells_out_of_place(files: &[SourceFile]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| may_not_name_a_shell(&file.path)) {
        for (number, line) in before_tests(&file.text).lines().enumerate() {
            if let Some(shell) = SHELLS.iter().find(|shell| line.contains(**shell)) {
                let at = format!("{}:{}", file.path, number + 1);
                wrong.push(format!("{at}: {shell}; a command is an argv, never a shell line"));
            }
        }
    }
    wrong
}

fn may_not_name_a_shell(path: &str) -> bool {
    let product = path.contains("/src/") || path.contains("/recipes/");
    let guarded = path.starts_with("d1-executor/src/")
        && (path.contains("shell") || path.contains("policy") || path.contains("tests"));
    product && !guarded
}

/// A file up to its unit tests, which stand last.
fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, names_out_of_place, public_wire_modules, shells_out_of_place};

    const NOTHING: [&str; 0] = [];

    fn file(path: &str, text: &str) -> [SourceFile; 1] {
        [SourceFile::new(path, text)]
    }

    #[test]
    fn unsafe_outside_the_sandbox_is_caught() {
        let text = "// unsafe is a word here\nfn f() { unsafe { g() } }";
        assert_eq!(
            names_out_of_place(&file("d1-executor/src/runner.rs", text)),
            ["d1-executor/src/runner.rs:2: `unsafe`; `unsafe` lives in d1-executor/src/sandbox"]
        );
        assert_eq!(names_out_of_place(&file("d1-executor/src/sandbox/clone.rs", text)), NOTHING);
        let allowed = file("d1-core/src/lib.rs", "#![expect(unsafe_code, reason = \"fast\")]");
        assert_eq!(names_out_of_place(&allowed).len(), 1);
    }

    #[test]
    fn a_wire_type_outside_the_protocol_is_caught() {
        let text = "use d1_protocol::{client, wire::TaskCommand};";
        assert_eq!(
            names_out_of_place(&file("bins/d1-cloud/src/compose.rs", text)),
            ["bins/d1-cloud/src/compose.rs:1: `d1_protocol::wire::TaskCommand`; \
              speak `d1_core`; wire types are named in d1-protocol"]
        );
        let derived = file("d1-core/src/task.rs", "#[derive(::prost::Message)]");
        assert_eq!(names_out_of_place(&derived).len(), 1);
        assert_eq!(names_out_of_place(&file("d1-protocol/src/convert.rs", "prost::x")), NOTHING);
    }

    #[test]
    fn anyhow_in_a_library_is_caught() {
        let text = "fn f() -> anyhow::Result<()> {}";
        assert_eq!(names_out_of_place(&file("d1-billing/src/lib.rs", text)).len(), 1);
        assert_eq!(names_out_of_place(&file("bins/d1-cloud/src/lib.rs", text)), NOTHING);
    }

    #[test]
    fn a_core_that_opens_something_is_caught() {
        for text in [
            "use std::{fmt, fs::File};",
            "tokio::net::TcpStream::connect(a)",
            "std::process::exit(1)",
        ] {
            assert_eq!(names_out_of_place(&file("d1-core/src/x.rs", text)).len(), 1, "{text}");
            assert_eq!(names_out_of_place(&file("d1-executor/src/x.rs", text)), NOTHING);
        }
        assert_eq!(
            names_out_of_place(&file("d1-core/src/x.rs", "std::fsx std::process_")),
            NOTHING
        );
    }

    #[test]
    fn a_public_module_of_generated_types_is_caught() {
        let generated = "include!(concat!(env!(\"OUT_DIR\"), \"/d1.rs\"));";
        let with_index = |text: &str| {
            let wire = SourceFile::new("d1-protocol/src/wire/v1.rs", generated);
            public_wire_modules(&[SourceFile::new("d1-protocol/src/lib.rs", text), wire])
        };
        assert_eq!(
            with_index("mod x;\npub mod wire;\n"),
            ["d1-protocol/src/lib.rs:2: `wire` holds generated types; keep it private"]
        );
        assert_eq!(with_index("mod wire;\npub use crate::wire::v1::Hello;\n").len(), 1);
        assert_eq!(with_index("mod wire;\npub mod client;\n"), NOTHING);
        assert_eq!(public_wire_modules(&[]), ["there is no `d1-protocol/src/lib.rs`"]);
    }

    #[test]
    fn a_shell_in_product_code_is_caught() {
        let text = "let argv = [\"sh\", \"-c\", line];";
        assert_eq!(
            shells_out_of_place(&file("d1-orchestrator/src/plan.rs", text)),
            ["d1-orchestrator/src/plan.rs:1: \"sh\"; a command is an argv, never a shell line"]
        );
        let recipe = file("d1-orchestrator/recipes/x.toml", "argv = [\"bash\", \"-c\", \"x\"]");
        assert_eq!(shells_out_of_place(&recipe).len(), 1);
        let package = file("d1-orchestrator/recipes/bash.toml", "names = [\"bash\"]");
        assert_eq!(shells_out_of_place(&package), NOTHING);
        assert_eq!(shells_out_of_place(&file("d1-executor/src/action/shell.rs", text)), NOTHING);
        let tested = format!("//! x\n#[cfg(test)]\nmod tests {{ {text} }}");
        assert_eq!(shells_out_of_place(&file("d1-executor/src/runner.rs", &tested)), NOTHING);
    }
}
