//! The table of known ways out: every row is shown by tests that exist, or says why not, and is
//! published as `d1-executor/SANDBOX.md`.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A difference is to be looked at: run this test with `D1_PUBLISH=1`, and read what changed.
const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/d1-executor/SANDBOX.md");

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Is {
    Held,
    Part,
    Allowed,
    Open,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    way: String,
    is: Is,
    #[serde(default)]
    why: String,
    #[serde(default)]
    tests: Vec<String>,
}

fn cases() -> Vec<Case> {
    #[derive(Deserialize)]
    struct Table {
        case: Vec<Case>,
    }
    toml::from_str::<Table>(include_str!("corpus/ways.toml")).unwrap().case
}

/// Every source file of ours below `folder`.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, into);
        } else if name.ends_with(".rs") {
            into.push(path);
        }
    }
}

/// Every function that a test attribute stands above, with the file it is in.
fn tests() -> BTreeMap<String, PathBuf> {
    let (root, mut files) = (Path::new(env!("CARGO_MANIFEST_DIR")), Vec::new());
    sources(root, &mut files);
    let mut all = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        for pair in lines.windows(2) {
            let is_test = pair[0].starts_with("#[test") || pair[0].starts_with("#[tokio::test");
            let named = pair[1].strip_prefix("async ").unwrap_or(pair[1]).strip_prefix("fn ");
            if let (true, Some((name, _))) = (is_test, named.and_then(|it| it.split_once('('))) {
                all.insert(name.to_owned(), file.strip_prefix(root).unwrap().to_path_buf());
            }
        }
    }
    all
}

#[test]
fn every_way_out_is_shown_by_tests_that_exist_or_says_why_not() {
    let (cases, tests) = (cases(), tests());
    let wrong: Vec<&str> = cases
        .iter()
        .filter(|case| match case.is {
            Is::Held => case.tests.is_empty() || !case.why.is_empty(),
            Is::Part | Is::Allowed => case.tests.is_empty() || case.why.is_empty(),
            Is::Open => !case.tests.is_empty() || case.why.is_empty(),
        })
        .map(|case| case.id.as_str())
        .collect();
    assert_eq!(wrong, [""; 0], "tests show what holds; a reason tells what does not");
    let named = cases.iter().flat_map(|case| &case.tests);
    let missing: BTreeSet<&String> = named.filter(|name| !tests.contains_key(*name)).collect();
    assert_eq!(missing, BTreeSet::new(), "no test has that name");
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len(), "each way once");
    assert!(cases.is_sorted_by_key(|case| &case.id), "in the order of their numbers");
}

#[test]
fn every_probe_is_a_way_of_the_table() {
    let probes = include_str!("../../d1-executor/tests/sandbox/probe.c");
    let probed: BTreeSet<&str> =
        probes.split("tell(\"").skip(1).filter_map(|rest| rest.split(' ').next()).collect();
    assert!(probed.len() > 30, "{probed:?}");
    let cases = cases();
    let probe = "what_works_outside_is_refused_inside_and_for_the_reason_it_should_be".to_owned();
    let shown = cases.iter().filter(|case| case.tests.contains(&probe));
    let shown: BTreeSet<&str> = shown.map(|case| case.id.as_str()).collect();
    let missing: BTreeSet<&&str> = probed.difference(&shown).collect();
    assert_eq!(missing, BTreeSet::new(), "these are probed, and the table does not say so");
}

#[test]
fn the_published_table_is_the_one_that_was_tested() {
    let text = table();
    if std::env::var_os("D1_PUBLISH").is_some() {
        fs::write(PUBLISHED, &text).unwrap();
    }
    let published = fs::read_to_string(PUBLISHED).unwrap_or_default();
    let differ = text.lines().zip(published.lines()).find(|(made, told)| made != told);
    assert_eq!(differ, None, "SANDBOX.md is not up to date; see the top of corpus.rs");
    assert_eq!(text.len(), published.len(), "SANDBOX.md has more or less than was tested");
}

fn table() -> String {
    let (cases, tests) = (cases(), tests());
    let count = |is| cases.iter().filter(|case| case.is == is).count();
    let mut text = format!(
        "# What the sandbox holds\n\n\
        Made of `tests/e2e/corpus/ways.toml` by the tests `corpus`, which see to it that every test \
        named here exists. Each way is tried outside first, where it works, and inside it has to be \
        refused for the reason it should be.\n\n\
        {} ways out: {} held, {} in part, {} allowed on purpose, {} open.\n\n\
        | | way | | shown by, or why not |\n|---|---|---|---|\n",
        cases.len(),
        count(Is::Held),
        count(Is::Part),
        count(Is::Allowed),
        count(Is::Open),
    );
    for case in &cases {
        let is = match case.is {
            Is::Held => "held",
            Is::Part => "in part",
            Is::Allowed => "allowed",
            Is::Open => "**open**",
        };
        let shown = case.tests.iter().map(|name| {
            let file = tests.get(name).map(|file| file.display().to_string());
            format!("`{name}` ({})", file.unwrap_or_default())
        });
        let why = Some(&case.why).filter(|why| !why.is_empty()).cloned();
        let both: Vec<String> = why.into_iter().chain(shown).collect();
        text += &format!("| {} | {} | {is} | {} |\n", case.id, case.way, both.join("; "));
    }
    text
}
