//! go: `go env GOPROXY GOSUMDB`, with what is built in.

use super::{Asked, Question, Told, hosts_of};
use std::path::Path;

pub(super) fn questions(home: &Path) -> Vec<Asked> {
    // It counts how it is used beside its settings; here it counts for nobody.
    let settings = home.join(".config/go/env");
    let env = [
        ("GOFLAGS", ""),
        ("GOCACHE", "/tmp/go"),
        ("XDG_CONFIG_HOME", "/tmp"),
        ("GOENV", settings.to_str().unwrap_or_default()),
    ];
    vec![Asked::of([Question::new(&["go", "env", "GOPROXY", "GOSUMDB"], &env, home, read)])]
}

/// `GOPROXY` is a list of addresses and of the words `direct` and `off`. `GOSUMDB` is the name of
/// a host, with a key behind `+`, and maybe an address in its place.
fn read(said: &str, _errors: &str, _home: &Path) -> Result<Told, String> {
    let mut lines = said.lines().map(str::trim);
    let proxies = lines.next().filter(|line| !line.is_empty());
    let proxies = proxies.ok_or("does not say which proxies of modules it uses")?;
    let mut hosts = hosts_of(proxies.split([',', '|']))?;
    let mut words = lines.next().unwrap_or_default().split_whitespace();
    let name = words.next().and_then(|name| name.split('+').next()).unwrap_or_default();
    match words.next() {
        Some(address) => hosts.extend(hosts_of([address])?),
        None if ["", "off"].contains(&name) => {}
        None => {
            let unread = |_| "names no host that vouches for modules".to_owned();
            hosts.insert(name.split('/').next().unwrap_or_default().parse().map_err(unread)?);
        }
    }
    if hosts.is_empty() {
        return Err("fetches modules from wherever each of them is".into());
    }
    Ok(Told { hosts, is_all: true, ..Told::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(said: &str) -> Result<Vec<String>, String> {
        let told = read(said, "", Path::new("/"))?;
        Ok(told.hosts.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn proxies_and_who_vouches_for_modules_are_read() {
        let wanted = |hosts: &[&str]| Ok(hosts.iter().map(ToString::to_string).collect());
        assert_eq!(hosts("https://a.test,direct\nsum.test\n"), wanted(&["a.test", "sum.test"]));
        assert_eq!(hosts("https://a.test|http://b.test:1\noff\n"), wanted(&["a.test", "b.test:1"]));
        let other = "https://a.test\nsum.test+033de0ae+Ac4z https://mirror.test/sumdb\n";
        assert_eq!(hosts(other), wanted(&["a.test", "mirror.test"]));
        for nowhere in ["", "direct\noff\n", "\nsum.test\n", "off\noff\n"] {
            assert!(hosts(nowhere).is_err(), "{nowhere:?}");
        }
    }
}
