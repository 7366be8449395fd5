//! The proxies that apt has for its sources (`apt-transport-http(1)`).

use super::{Apt, sources::Place};
use crate::{packages::ToolError, sandbox::Via};
use std::collections::BTreeMap;

/// apt's word for no proxy.
const DIRECT: &str = "DIRECT";
/// By these settings apt asks a program.
const PROGRAMS: [&str; 2] = ["Proxy-Auto-Detect", "ProxyAutoDetect"];
/// What asks that program as apt does.
const HELPER: &str = "/usr/lib/apt/apt-helper";

/// The proxies that apt has for its sources.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Proxies {
    /// By whom we go there for it.
    pub(super) via: Vec<Via>,
    /// The words by which it goes straight to us.
    pub(super) straight: Vec<String>,
}

/// apt's own settings about proxies, by their names below `Acquire::`.
struct Settings(BTreeMap<String, String>);

impl Apt {
    /// The proxies for these places. Without settings of apt's own, those of the environment
    /// count, as for everybody.
    pub(super) async fn proxies(&self, places: &[Place]) -> Result<Proxies, ToolError> {
        let settings = Settings::parse(&self.hands.look(&["apt-config", "dump"]).await?.stdout);
        let mut proxies = Proxies::default();
        for place in places {
            let asked = match settings.asks_a_program(place) {
                true => self.detected(place).await?,
                false => None,
            };
            if let Some(proxy) = settings.own(place).or(asked).or_else(|| settings.general(place)) {
                proxies.add(place, proxy)?;
            }
        }
        Ok(proxies)
    }

    /// What the owner's program says; it may ask the network, and is run as apt runs it.
    async fn detected(&self, place: &Place) -> Result<Option<String>, ToolError> {
        let address = format!("{}://{}/", place.scheme(), place.host);
        let said = self.hands.look(&[HELPER, "auto-detect-proxy", &address]).await?.stdout;
        let proxy = said.split_once("Using proxy '").and_then(|(_, rest)| rest.split('\'').next());
        Ok(proxy.filter(|proxy| !proxy.is_empty()).map(str::to_owned))
    }
}

impl Proxies {
    fn add(&mut self, place: &Place, proxy: String) -> Result<(), ToolError> {
        let proxy = Some(proxy).filter(|proxy| proxy != DIRECT);
        let is_known = |scheme: &str| ["http", "https"].contains(&scheme);
        let scheme = proxy.as_deref().and_then(|proxy| proxy.split_once("://"));
        if let Some((scheme, _)) = scheme.filter(|(scheme, _)| !is_known(scheme)) {
            let said = format!(
                "its proxy is one of `{scheme}`, through which it cannot be let; \
                 give apt one of HTTP, or let it go straight"
            );
            return Err(ToolError::Refused { program: "apt-get".into(), said });
        }
        let Some(via) = place.via(proxy) else { return Ok(()) };
        let setting = format!("Acquire::{}::Proxy::{}={DIRECT}", place.scheme(), place.host);
        if !self.via.contains(&via) {
            self.via.push(via);
            self.straight.extend(["-o".to_owned(), setting]);
        }
        Ok(())
    }
}

impl Place {
    fn scheme(&self) -> &'static str {
        if self.is_plain { "http" } else { "https" }
    }
}

impl Settings {
    /// From the lines of `apt-config dump`: `Acquire::http::Proxy "http://…";`.
    fn parse(dump: &str) -> Self {
        let setting = |line: &str| {
            let (name, value) = line.strip_prefix("Acquire::")?.split_once(' ')?;
            let value = value.trim().strip_prefix('"')?.strip_suffix("\";")?;
            (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
        };
        Self(dump.lines().filter_map(setting).collect())
    }

    /// What counts for one scheme; for TLS that of plain HTTP counts where it has none.
    fn first(&self, place: &Place, name: &str) -> Option<String> {
        let own = self.0.get(&format!("{}::{name}", place.scheme()));
        own.or_else(|| self.0.get(&format!("http::{name}"))).cloned()
    }

    /// The proxy of one host.
    fn own(&self, place: &Place) -> Option<String> {
        self.first(place, &format!("Proxy::{}", place.host))
    }

    /// The proxy of all.
    fn general(&self, place: &Place) -> Option<String> {
        self.first(place, "Proxy")
    }

    fn asks_a_program(&self, place: &Place) -> bool {
        PROGRAMS.iter().any(|name| self.first(place, name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(is_plain: bool, host: &str) -> Place {
        Place { is_plain, host: host.into(), rule: host.parse().unwrap() }
    }

    #[test]
    fn the_proxy_of_a_host_counts_before_that_of_all() {
        let dump = "Acquire::http::Proxy \"http://all.test:3142\";\nAcquire::http::Proxy::a.test \"DIRECT\";\n\
                    Acquire::https::Proxy \"http://safe.test:1\";\nAcquire::http::Timeout \"\";\n";
        let settings = Settings::parse(dump);
        let found = |place: &Place| settings.own(place).or_else(|| settings.general(place));
        assert_eq!(found(&place(true, "a.test")).as_deref(), Some(DIRECT));
        assert_eq!(found(&place(true, "b.test")).as_deref(), Some("http://all.test:3142"));
        assert_eq!(found(&place(false, "b.test")).as_deref(), Some("http://safe.test:1"));
        assert!(!settings.asks_a_program(&place(true, "b.test")));
        let settings = Settings::parse("Acquire::http::Proxy-Auto-Detect \"/x\";\n");
        assert!(settings.asks_a_program(&place(false, "b.test")));
        assert_eq!(settings.general(&place(true, "b.test")), None);
    }

    #[test]
    fn apt_is_told_to_go_straight_and_we_go_by_its_proxy() {
        let mut proxies = Proxies::default();
        for _twice in 0..2 {
            proxies.add(&place(true, "a.test"), "http://ada:x@all.test:3142".into()).unwrap();
        }
        assert_eq!(proxies.straight, ["-o", "Acquire::http::Proxy::a.test=DIRECT"]);
        assert_eq!(proxies.via.len(), 1);
        assert!(!format!("{proxies:?}").contains("ada"), "a password is nobody's business");
        let refused = proxies.add(&place(true, "b.test"), "socks5h://x:1".into()).unwrap_err();
        assert!(refused.to_string().contains("`socks5h`"), "{refused}");
    }
}
