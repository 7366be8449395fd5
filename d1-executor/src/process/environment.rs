//! The environment a command gets: a few words of ours, nothing else.

use std::collections::BTreeMap;

/// What is passed on; everything else of ours stays here.
const PASSED_ON: [&str; 14] = [
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "TMPDIR",
];

/// Without these no program of Windows finds the system, or its own settings.
#[cfg(windows)]
const OF_SYSTEM: &[&str] = &[
    "SystemRoot",
    "windir",
    "ComSpec",
    "PATHEXT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "TEMP",
    "TMP",
];
#[cfg(not(windows))]
const OF_SYSTEM: &[&str] = &[];

/// Where programs are looked for when nobody says.
#[cfg(windows)]
const PATH: &str = r"C:\Windows\System32;C:\Windows";
/// Where programs are looked for when nobody says.
#[cfg(not(windows))]
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A clean environment made from `ours`: the search path, the home, the language, the proxies,
/// a terminal that can do nothing.
#[must_use]
pub fn clean_environment(ours: &dyn Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    let names = PASSED_ON.iter().chain(OF_SYSTEM);
    let mut env: BTreeMap<String, String> =
        names.filter_map(|name| Some(((*name).to_owned(), ours(name)?))).collect();
    env.insert("PATH".into(), ours("PATH").filter(|p| !p.is_empty()).unwrap_or(PATH.into()));
    env.insert("TERM".into(), "dumb".into());
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_loader_tricks_are_not_passed_on() {
        let ours = |name: &str| Some(format!("my {name}"));
        let env = clean_environment(&ours);
        for name in ["LD_PRELOAD", "AWS_SECRET_ACCESS_KEY", "BASH_ENV", "IFS"] {
            assert!(!env.contains_key(name), "{name}");
        }
        assert_eq!(env["HOME"], "my HOME");
        assert_eq!(env["TERM"], "dumb");
        assert_eq!(clean_environment(&|_| None)["PATH"], PATH);
    }
}
