//! npm: `npm config list --json` has what counts after all its files and variables are read.

use super::{Asked, Question, Told, has_a_proxy, hosts_of};
use std::path::Path;

/// Of one scope of packages: `@team:registry`.
const OF_SCOPE: &str = ":registry";

/// Through whom it goes to them.
const PROXIES: [&str; 2] = ["proxy", "https-proxy"];

/// Where packages of everybody are, and their programs (`npm-folders(5)`).
const BELOW_PREFIX: [&str; 2] = ["lib/node_modules", "bin"];

pub(super) fn questions(home: &Path) -> Vec<Asked> {
    let words = ["npm", "config", "list", "--json"];
    // It keeps a log of every call, else.
    let env = [("npm_config_logs_max", "0"), ("npm_config_update_notifier", "false")];
    vec![Asked::of([Question::new(&words, &env, home, read)])]
}

fn read(said: &str, _errors: &str, _home: &Path) -> Result<Told, String> {
    let unread = || "does not say which registry it uses".to_owned();
    let settings: serde_json::Value = serde_json::from_str(said).map_err(|_| unread())?;
    let settings = settings.as_object().ok_or_else(unread)?;
    let is_set = |name: &&&str| settings.get(**name).is_some_and(serde_json::Value::is_string);
    if let Some(proxy) = PROXIES.iter().find(is_set) {
        return Err(has_a_proxy(proxy));
    }
    let is_registry = |name: &str| name == "registry" || name.ends_with(OF_SCOPE);
    let found = settings.iter().filter(|(name, _)| is_registry(name));
    let hosts = hosts_of(found.filter_map(|(_, value)| value.as_str()))?;
    if hosts.is_empty() {
        return Err(unread());
    }
    let prefix = settings.get("prefix").and_then(serde_json::Value::as_str).unwrap_or_default();
    let folder = |name: &str| format!("{}/{name}", prefix.trim_end_matches('/')).parse().ok();
    let folders = BELOW_PREFIX.iter().filter_map(|name| folder(name)).collect();
    Ok(Told { hosts, folders, is_all: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_and_those_of_scopes_are_read_and_nothing_else() {
        let said = r#"{"registry": "https://one.test/npm/", "@team:registry": "http://two.test:4873",
                       "proxy": null, "https-proxy": null, "prefix": "/opt/node/", "init-module": "/home/ada/.npm-init.js"}"#;
        let told = read(said, "", Path::new("/")).unwrap();
        let folders = ["/opt/node/lib/node_modules", "/opt/node/bin"].map(|it| it.parse().unwrap());
        let wanted = ["one.test", "two.test:4873"].map(|host| host.parse().unwrap());
        assert_eq!(told, Told { hosts: wanted.into(), folders: folders.into(), is_all: true });
        for bad in ["", "[]", "{}", "{\"registry\": \"file:///x\"}"] {
            assert!(read(bad, "", Path::new("/")).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_proxy_of_its_own_is_told_and_not_left_for_the_step_to_fail_at() {
        for setting in PROXIES {
            let said = format!(
                r#"{{"registry": "https://one.test", "{setting}": "http://proxy.test:3128"}}"#
            );
            let told = read(&said, "", Path::new("/")).unwrap_err();
            assert!(
                told.contains(&format!("`{setting}`")) && told.contains("http_proxy"),
                "{told}"
            );
        }
    }
}
