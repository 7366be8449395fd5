//! Rules about how files look, and which there are.

use super::source::SourceFile;

/// The folders of the top level; the house has no others.
const TOP_LEVEL: [&str; 12] = [
    ".cargo",
    ".ci",
    ".config",
    "benches",
    "bins",
    "d1-billing",
    "d1-core",
    "d1-executor",
    "d1-orchestrator",
    "d1-protocol",
    "examples",
    "tests",
];

/// How long the `main.rs` of a door may be.
const MAIN_LINES: usize = 20;

/// What has to stand in which file for the lints of the house to be in force.
const LINTS: [(&str, &str); 12] = [
    (".clippy.toml", "std::time::SystemTime::now"),
    (".clippy.toml", "std::thread::sleep"),
    (".clippy.toml", "tokio::spawn"),
    (".clippy.toml", "too-many-lines-threshold = 60"),
    ("Cargo.toml", "unsafe_code = \"deny\""),
    ("Cargo.toml", "missing_docs = \"warn\""),
    ("Cargo.toml", "unwrap_used = \"warn\""),
    ("Cargo.toml", "expect_used = \"warn\""),
    ("Cargo.toml", "panic = \"warn\""),
    ("Cargo.toml", "print_stdout = \"warn\""),
    ("Cargo.toml", "too_many_lines = \"warn\""),
    ("Cargo.toml", "wildcard_enum_match_arm = \"warn\""),
];

/// Rust files that do not say first what they are.
pub(crate) fn without_header(files: &[SourceFile]) -> Vec<String> {
    let opens = |file: &&SourceFile| file.text.trim_start().starts_with("//! ");
    let silent = files.iter().filter(|file| file.is_rust() && !opens(file));
    silent.map(|file| format!("{}: does not open with `//!`", file.path)).collect()
}

/// Programs whose `main.rs` does more than read arguments and exit.
pub(crate) fn thick_mains(files: &[SourceFile]) -> Vec<String> {
    let mains = files
        .iter()
        .filter(|file| file.path.starts_with("bins/") && file.path.ends_with("/src/main.rs"));
    mains
        .filter(|file| file.text.lines().count() > MAIN_LINES)
        .map(|file| format!("{}: more than {MAIN_LINES} lines; move them to lib.rs", file.path))
        .collect()
}

/// Crates that opt out of the lints of the workspace.
pub(crate) fn manifests_without_lints(files: &[SourceFile]) -> Vec<String> {
    let manifest = |file: &&SourceFile| file.path.split('/').next_back() == Some("Cargo.toml");
    let silent = files
        .iter()
        .filter(manifest)
        .filter(|file| !file.text.contains("\n[lints]\nworkspace = true\n"));
    silent.map(|file| format!("{}: lacks `[lints] workspace = true`", file.path)).collect()
}

/// Lints that a rule of the house counts on, and that are not set.
pub(crate) fn lints_switched_off(files: &[SourceFile]) -> Vec<String> {
    let set = |path: &str, lint: &str| {
        files.iter().any(|file| file.path == path && file.text.contains(lint))
    };
    let off = LINTS.iter().filter(|(path, lint)| !set(path, lint));
    off.map(|(path, lint)| format!("{path}: lacks `{lint}`")).collect()
}

/// Folders at the top level that the house does not have.
pub(crate) fn unknown_rooms(files: &[SourceFile]) -> Vec<String> {
    let folders = files.iter().filter_map(|file| Some(file.path.split_once('/')?.0));
    let mut unknown: Vec<_> = folders.filter(|folder| !TOP_LEVEL.contains(folder)).collect();
    unknown.dedup();
    unknown.iter().map(|folder| format!("`{folder}/` has no place at the top level")).collect()
}

/// Tests of the architecture that the guide names and that do not exist.
pub(crate) fn promised_tests(files: &[SourceFile]) -> Vec<String> {
    let text = |path: &str| {
        let found = files.iter().find(|file| file.path == path);
        found.map(|file| file.text.as_str()).unwrap_or_default()
    };
    let named = text("CONTRIBUTING.md").split("`architecture::").skip(1);
    let named: Vec<_> = named.filter_map(|rest| Some(rest.split_once('`')?.0)).collect();
    if named.is_empty() {
        return vec!["CONTRIBUTING.md: names no test of the architecture".to_owned()];
    }
    let tests = text("tests/e2e/architecture.rs");
    let gone = named.iter().filter(|name| !tests.contains(&format!("#[test]\nfn {name}() {{")));
    gone.map(|name| format!("CONTRIBUTING.md: there is no test `architecture::{name}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        LINTS, MAIN_LINES, SourceFile, lints_switched_off, manifests_without_lints, promised_tests,
        thick_mains, unknown_rooms, without_header,
    };

    const NOTHING: [&str; 0] = [];

    fn file(path: &str, text: &str) -> [SourceFile; 1] {
        [SourceFile::new(path, text)]
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_is_caught() {
        let found = without_header(&file("examples/x.rs", "use a::b;\n//! Late.\n"));
        assert_eq!(found, ["examples/x.rs: does not open with `//!`"]);
        assert_eq!(without_header(&file("examples/x.rs", "//! An example.\n")), NOTHING);
        assert_eq!(without_header(&file("README.md", "# Title\n")), NOTHING);
    }

    #[test]
    fn a_main_that_does_the_work_is_caught() {
        let long = "//\n".repeat(MAIN_LINES + 1);
        assert_eq!(
            thick_mains(&file("bins/d1-doctor/src/main.rs", &long)),
            ["bins/d1-doctor/src/main.rs: more than 20 lines; move them to lib.rs"]
        );
        let enough = "//\n".repeat(MAIN_LINES);
        assert_eq!(thick_mains(&file("bins/d1-doctor/src/main.rs", &enough)), NOTHING);
    }

    #[test]
    fn a_crate_without_the_lints_is_caught() {
        let found =
            manifests_without_lints(&file("d1-core/Cargo.toml", "[package]\n[lints.rust]\n"));
        assert_eq!(found, ["d1-core/Cargo.toml: lacks `[lints] workspace = true`"]);
        let kept = file("Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n");
        assert_eq!(manifests_without_lints(&kept), NOTHING);
    }

    #[test]
    fn a_lint_that_is_switched_off_is_caught() {
        let all = |path: &str| {
            let lints = LINTS.iter().filter(|(file, _)| *file == path);
            lints.map(|(_, lint)| format!("{lint}\n")).collect::<String>()
        };
        let clippy = SourceFile::new(".clippy.toml", &all(".clippy.toml"));
        let manifest = all("Cargo.toml");
        let kept = [clippy.clone(), SourceFile::new("Cargo.toml", &manifest)];
        assert_eq!(lints_switched_off(&kept), NOTHING);
        let softened = manifest.replace("unsafe_code = \"deny\"", "unsafe_code = \"warn\"");
        let found = lints_switched_off(&[clippy, SourceFile::new("Cargo.toml", &softened)]);
        assert_eq!(found, ["Cargo.toml: lacks `unsafe_code = \"deny\"`"]);
    }

    #[test]
    fn a_folder_without_a_place_is_caught() {
        let files = [
            SourceFile::new("README.md", ""),
            SourceFile::new("d1-core/src/lib.rs", ""),
            SourceFile::new("scripts/a.sh", ""),
            SourceFile::new("scripts/b.sh", ""),
        ];
        assert_eq!(unknown_rooms(&files), ["`scripts/` has no place at the top level"]);
    }

    #[test]
    fn a_test_that_is_promised_and_missing_is_caught() {
        let tests = SourceFile::new("tests/e2e/architecture.rs", "#[test]\nfn kept() {}\n");
        let guide = |text| [SourceFile::new("CONTRIBUTING.md", text), tests.clone()];
        assert_eq!(promised_tests(&guide("`architecture::kept`")), NOTHING);
        assert_eq!(
            promised_tests(&guide("`architecture::kept`, `architecture::gone`")),
            ["CONTRIBUTING.md: there is no test `architecture::gone`"]
        );
        assert_eq!(promised_tests(&guide("")).len(), 1);
    }
}
