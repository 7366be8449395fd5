//! pip, which pipx runs: `pip config list` has its settings, and `pip install --help` the index
//! that is built in.

use super::{Asked, Question, Told, has_a_proxy, hosts_of};
use std::path::Path;

/// The settings that name where packages come from.
const PLACES: [&str; 3] = ["index-url", "extra-index-url", "find-links"];

pub(super) fn questions(home: &Path) -> Vec<Asked> {
    let tools: [&[&str]; 3] = [&["pip3"], &["pip"], &["python3", "-m", "pip"]];
    // It has nothing to keep, and asks nobody whether it is the newest.
    let env = [("PIP_NO_CACHE_DIR", "1"), ("PIP_DISABLE_PIP_VERSION_CHECK", "1")];
    let ask = |tool: &[&str]| {
        let list = Question::new(&[tool, &["config", "list"]].concat(), &env, home, settings);
        let help = Question::new(&[tool, &["install", "--help"]].concat(), &env, home, built_in);
        Asked::of([list, help])
    };
    tools.iter().map(|tool| ask(tool)).collect()
}

/// Lines as `global.index-url='https://…'`.
fn settings(said: &str, errors: &str, _home: &Path) -> Result<Told, String> {
    if said.is_empty() && !errors.trim().is_empty() {
        return Err("does not say how it is set up".into());
    }
    let lines = said.lines().filter_map(|line| line.split_once('='));
    let values = |names: &'static [&str]| {
        let is_meant = move |name: &str| names.iter().any(|it| name.ends_with(&format!(".{it}")));
        let meant = lines.clone().filter(move |(name, _)| is_meant(name));
        meant.map(|(_, value)| value.trim_matches(['\'', '"']))
    };
    if values(&["proxy"]).next().is_some() {
        return Err(has_a_proxy("proxy"));
    }
    let no_index = values(&["no-index"]).any(|value| ["true", "1", "yes", "on"].contains(&value));
    // Several are told apart by ends of lines, which are written as such.
    let separate = |value: &str| value.replace("\\n", " ");
    let places: Vec<String> = values(&PLACES).map(separate).collect();
    let hosts = hosts_of(places.iter().flat_map(|value| value.split_whitespace()))?;
    let is_all = no_index || values(&["index-url"]).next().is_some();
    Ok(Told { hosts, is_all, ..Told::default() })
}

/// `-i, --index-url <url>  Base URL of the Python Package Index (default https://…). This …`
fn built_in(said: &str, _errors: &str, _home: &Path) -> Result<Told, String> {
    let words: Vec<&str> = said.split_whitespace().collect();
    let option = words.iter().position(|word| *word == "--index-url");
    let default = option.and_then(|at| {
        let rest = &words[at..];
        let here = rest.iter().position(|word| word.trim_start_matches('(') == "default")?;
        rest.get(here + 1).map(|address| address.trim_end_matches([')', '.', ',']))
    });
    let hosts = hosts_of(default)?;
    if hosts.is_empty() {
        return Err("does not say which index is built in".into());
    }
    Ok(Told { hosts, is_all: true, ..Told::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(told: &Told) -> Vec<&str> {
        told.hosts.iter().map(d1_core::HostName::as_str).collect()
    }

    #[test]
    fn an_index_that_is_set_counts_and_no_other_is_asked_for() {
        let said = ":env:.find-links='/opt/wheels'\nglobal.cert='/x'\n\
                    global.extra-index-url='\\nhttps://one.test/simple\\nhttps://two.test:8443/x'\n\
                    install.index-url='http://ada:x@three.test/simple'\n";
        let told = settings(said, "", Path::new("/")).unwrap();
        assert_eq!(names(&told), ["one.test", "three.test", "two.test:8443"]);
        assert!(told.is_all);
        let told = settings("global.extra-index-url='https://one.test'\n", "", Path::new("/"));
        assert!(!told.unwrap().is_all, "the index that is built in is asked, too");
        let told = settings("global.no-index='true'\n", "", Path::new("/")).unwrap();
        assert_eq!(told, Told { is_all: true, ..Told::default() });
        let proxy = settings("global.proxy='http://proxy.test:3128'\n", "", Path::new("/"));
        assert!(proxy.unwrap_err().contains("`proxy`"));
        assert!(settings("", "No module named pip", Path::new("/")).is_err());
        assert_eq!(settings("", "", Path::new("/")).unwrap(), Told::default());
    }

    #[test]
    fn the_index_that_is_built_in_is_told_by_the_tool() {
        let said = "Package Index Options:\n  -i, --index-url <url>       Base URL of the Python Package Index (default\n\
                    \x20                             https://index.test/simple). This should point to\n";
        assert_eq!(names(&built_in(said, "", Path::new("/")).unwrap()), ["index.test"]);
        for other in ["", "--index-url <url> Base URL", "(default https://x.test)"] {
            assert!(built_in(other, "", Path::new("/")).is_err(), "{other}");
        }
    }
}
