//! cargo, which prints no settings: it is asked for a crate that cannot be, with no network there,
//! and says whom it would have called.
//!
//! Its own reading of all its files counts that way: sources that are replaced, a registry that is
//! the default. Where crates themselves are fetched from its index says; of an index that was used
//! before, what it said lies in the home.

use super::{Asked, Question, Told, has_a_proxy, hosts_of};
use d1_core::HostName;
use std::path::Path;

/// Longer than any crate is called.
const NO_CRATE: &str =
    "d1-doctor-asks-whom-cargo-would-call-for-a-crate-that-is-called-as-none-can-be";
/// Where what indexes said of themselves is kept, below the home.
const INDEXES: &str = ".cargo/registry/index";
/// Its own settings, below the home; the older name of the file counts first.
const SETTINGS: [&str; 2] = [".cargo/config", ".cargo/config.toml"];
/// The most indexes that are looked at.
const MOST: usize = 64;

pub(super) fn questions(home: &Path) -> Vec<Asked> {
    // What it keeps goes nowhere; its settings are found in the folder it is started in. It goes
    // by a proxy where nobody is, so it fails at once.
    let tools = home.join(".rustup");
    let env = [
        ("CARGO_HOME", "/tmp/cargo"),
        ("RUSTUP_HOME", tools.to_str().unwrap_or_default()),
        ("CARGO_NET_RETRY", "0"),
        ("CARGO_HTTP_PROXY", "http://127.0.0.1:1"),
        ("CARGO_TERM_COLOR", "never"),
    ];
    let env: Vec<(&str, &str)> =
        env.into_iter().filter(|(name, _)| *name != "RUSTUP_HOME" || tools.is_dir()).collect();
    vec![Asked::of([Question::new(&["cargo", "install", NO_CRATE], &env, home, read)])]
}

fn read(_said: &str, errors: &str, home: &Path) -> Result<Told, String> {
    // The question goes by another proxy, so the answer does not tell of this one.
    if let Some(setting) = own_proxy(home) {
        return Err(has_a_proxy(setting));
    }
    let quoted = errors.split('`').skip(1).step_by(2);
    let addresses = quoted.map(|quoted| quoted.strip_prefix("sparse+").unwrap_or(quoted));
    let mut hosts = hosts_of(addresses)?;
    if hosts.is_empty() && !errors.contains("could not find `") {
        return Err("does not say whom it would call".into());
    }
    hosts.extend(fetched_from(home, &hosts));
    Ok(Told { hosts, is_all: true, ..Told::default() })
}

/// The setting that names a proxy, when there is one.
fn own_proxy(home: &Path) -> Option<&'static str> {
    let text = SETTINGS.iter().find_map(|name| std::fs::read_to_string(home.join(name)).ok())?;
    let settings: toml::Table = text.parse().ok()?;
    settings.get("http")?.get("proxy").map(|_address| "http.proxy")
}

/// Where the crates of these indexes are, as the indexes said when they were used.
fn fetched_from(home: &Path, indexes: &std::collections::BTreeSet<HostName>) -> Vec<HostName> {
    let folders = std::fs::read_dir(home.join(INDEXES)).into_iter().flatten().flatten();
    let is_of = |name: &str| {
        let host = name.rsplit_once('-').map_or(name, |(host, _number)| host);
        indexes.iter().any(|index| index.as_str().split(':').next() == Some(host))
    };
    let known = folders.take(MOST).filter(|it| it.file_name().to_str().is_some_and(is_of));
    let said = known.filter_map(|it| std::fs::read(it.path().join("config.json")).ok());
    let place = |said: Vec<u8>| {
        let said: serde_json::Value = serde_json::from_slice(&said).ok()?;
        hosts_of([said.get("dl")?.as_str()?]).ok()
    };
    said.filter_map(place).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(errors: &str, home: &Path) -> Result<Vec<String>, String> {
        Ok(read("", errors, home)?.hosts.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn whom_it_would_have_called_is_read_from_what_it_could_not_do() {
        let home = tempfile::tempdir().unwrap();
        let failed = "    Updating `local` index\nerror: download of config.json failed\n\nCaused by:\n\
                      \x20 failed to download from `https://index.test/config.json`\n\n\
                      see https://help.test for more\n";
        assert_eq!(hosts(failed, home.path()).unwrap(), ["index.test"]);
        let local = "error: could not find `d1` in registry `local` with version `*`\n";
        assert_eq!(hosts(local, home.path()).unwrap(), [] as [&str; 0]);
        assert!(hosts("error: no toolchain\n", home.path()).is_err());
    }

    #[test]
    fn where_crates_are_is_known_once_their_index_said_so() {
        let home = tempfile::tempdir().unwrap();
        for (name, dl) in [("index.test-1949cf8c", "files.test"), ("other.test-2", "no.test")] {
            let folder = home.path().join(INDEXES).join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let said =
                format!("{{\"dl\": \"https://{dl}/crates\", \"api\": \"https://api.test\"}}");
            std::fs::write(folder.join("config.json"), said).unwrap();
        }
        let failed = "failed to download from `https://index.test/config.json`";
        assert_eq!(hosts(failed, home.path()).unwrap(), ["files.test", "index.test"]);
    }

    #[test]
    fn a_proxy_of_its_own_is_told_and_not_left_for_the_step_to_fail_at() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".cargo")).unwrap();
        let set =
            |text: &str| std::fs::write(home.path().join(".cargo/config.toml"), text).unwrap();
        let failed = "failed to download from `https://index.test/config.json`";
        set("[http]\ntimeout = 5\n");
        assert_eq!(hosts(failed, home.path()).unwrap(), ["index.test"]);
        set("[http]\nproxy = \"proxy.test:3128\"\n");
        let told = hosts(failed, home.path()).unwrap_err();
        assert!(told.contains("`http.proxy`"), "{told}");
    }
}
