//! Whom apt is set up to call, as apt itself says; behind walls it can call nobody else.
//!
//! 1. `apt-get update --print-uris` names an address of every source that counts, whatever file
//!    it is written in and in whatever form. It asks no network and takes no lock.
//! 2. A list of mirrors that lies in a file is read. What a list from the network or a redirection
//!    leads to nobody knows beforehand: that is said, and has to be allowed by its name.
//! 3. The proxies that apt has for these hosts are used from outside, so that a proxy is no way
//!    around; inside, apt is told to go straight.

use super::{Apt, proxies::Proxies};
use crate::{
    packages::ToolError,
    sandbox::{Egress, HostRule, Inside, Via},
};
use d1_core::HostName;
use hyper::Uri;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The most of a list of mirrors that is read.
const MOST: u64 = 1 << 20;

/// Whom apt is set up to call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// Where packages come from over the network, each place once.
    pub(super) places: Vec<Place>,
    /// What has to be said of sources that may lead elsewhere.
    pub(super) warnings: Vec<String>,
}

/// A place from which packages come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Whether it is asked without TLS.
    pub(super) is_plain: bool,
    /// Its name or address, as in an address of the web.
    pub(super) host: String,
    /// What has to be allowed.
    pub(super) rule: HostRule,
}

/// What of the network an apt gets behind walls.
#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) egress: Egress,
    /// The words by which apt goes straight to where we stand.
    pub(super) straight: Vec<String>,
}

impl Apt {
    /// Whom this apt is set up to call.
    pub(super) async fn sources(&self) -> Result<Sources, ToolError> {
        let words = ["apt-get", "update", "--print-uris"];
        // What it cannot read it will say itself, to whoever runs it.
        let said = self.hands.look(&words).await?.stdout;
        Ok(Sources::of(&said, &read))
    }

    /// The network it gets for its sources, and for `more` that somebody allowed.
    pub(super) async fn network(&self, more: &[HostName]) -> Result<Network, ToolError> {
        let sources = self.sources().await?;
        let proxies = if sources.places.is_empty() {
            Proxies::default()
        } else {
            self.proxies(&sources.places).await?
        };
        let more = more.iter().filter(|host| !host.is_package_mirror()).map(HostRule::of);
        let more = more.collect::<Result<Vec<_>, _>>().map_err(|error| ToolError::Refused {
            program: "apt-get".into(),
            said: error.to_string(),
        })?;
        let hosts: BTreeSet<HostRule> = sources.rules().chain(more).collect();
        // A mirror of one's own is in a network of one's own.
        let egress = Egress {
            inside: Inside::usual(),
            via: proxies.via,
            ..Egress::of(hosts.into_iter().collect())
        };
        Ok(Network { egress, straight: proxies.straight })
    }
}

impl Sources {
    /// From what apt says; `read` gives the list of mirrors that an address leads to.
    fn of(said: &str, read: &dyn Fn(&str) -> Option<String>) -> Self {
        let quoted = said.lines().filter_map(|line| line.strip_prefix('\'')?.split('\'').next());
        let mut sources = Self::default();
        for address in quoted {
            sources.add(address, read);
        }
        sources
    }

    fn add(&mut self, address: &str, read: &dyn Fn(&str) -> Option<String>) {
        let Some((scheme, rest)) = address.split_once(':') else { return };
        match scheme {
            "http" | "https" => match Place::of(address) {
                Some(place) if !self.places.contains(&place) => self.places.push(place),
                Some(_known) => {}
                None => self.warn(format!("`{}` names no host", without_secret(address))),
            },
            "file" | "copy" | "cdrom" => {}
            "mirror+file" | "mirror+copy" => {
                let Some(list) = read(rest) else {
                    return self.warn(format!("the list of mirrors `{rest}` cannot be read"));
                };
                let lines = list.lines().filter(|line| !line.trim_start().starts_with('#'));
                for mirror in lines.filter_map(|line| line.split_whitespace().next()) {
                    // A list of lists is none that apt reads.
                    if !mirror.starts_with("mirror") {
                        self.add(mirror, read);
                    }
                }
            }
            "mirror" | "mirror+http" | "mirror+https" => {
                let of_list = scheme.strip_prefix("mirror+").unwrap_or("http");
                self.add(&format!("{of_list}:{rest}"), read);
                let host = Place::of(&format!("{of_list}:{rest}")).map(|place| place.host);
                let host = host.unwrap_or_default();
                self.warn(format!(
                    "`{host}` tells apt over the network which mirrors to take; those that are no \
                     source themselves are refused unless --allow-host names them"
                ));
            }
            other => self.warn(format!(
                "a source is reached by `{other}`, which has no way through the walls"
            )),
        }
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// What has to be allowed.
    pub(super) fn rules(&self) -> impl Iterator<Item = HostRule> {
        self.places.iter().map(|place| place.rule.clone())
    }

    /// The hosts, as a plan shows them.
    pub(super) fn hosts(&self) -> Vec<HostName> {
        let hosts = self.rules().filter_map(|rule| rule.to_string().parse().ok());
        hosts.collect::<BTreeSet<HostName>>().into_iter().collect()
    }
}

impl Place {
    /// The host of an address of the web. Without a port both of HTTP are meant: many mirrors
    /// lead from one to the other.
    fn of(address: &str) -> Option<Self> {
        // The path may have signs that no address has.
        let (scheme, rest) = address.split_once("://")?;
        let uri: Uri = format!("{scheme}://{}/", rest.split('/').next()?).parse().ok()?;
        let (is_plain, usual) = if scheme == "http" { (true, 80) } else { (false, 443) };
        let host = uri.host().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
        let port = uri.port_u16().or(is_address.then_some(usual));
        let rule =
            port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")).parse().ok()?;
        Some(Self { is_plain, host, rule })
    }

    /// By whom it is reached from outside, when the owner says so; `None`: straight.
    pub(super) fn via(&self, proxy: Option<String>) -> Option<Via> {
        let host = self.host.parse().ok()?;
        Some(Via { is_plain: self.is_plain, host, proxy })
    }
}

/// An address without the password that may be in it.
fn without_secret(address: &str) -> String {
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://{rest}"),
        (_, _) => address.to_owned(),
    }
}

/// The list of mirrors of `/etc/apt/list/dists/…`: the part of the path that is a file.
fn read(path: &str) -> Option<String> {
    let path = PathBuf::from(format!("/{}", path.trim_start_matches('/')));
    let file = path.ancestors().find(|part| part.is_file())?;
    let is_short = |file: &Path| file.metadata().is_ok_and(|it| it.len() <= MOST);
    Some(file).filter(|file| is_short(file)).and_then(|file| std::fs::read_to_string(file).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(addresses: &[&str]) -> Sources {
        let line = |address: &&str| format!("'{address}/dists/x/InRelease' name 0 \n");
        let list = |path: &str| {
            let list = "# old http://gone.example\nhttp://one.example/debian\tpriority:1\nhttps://two.example\n";
            path.starts_with("/etc/list/").then(|| list.to_owned())
        };
        Sources::of(&addresses.iter().map(line).collect::<String>(), &list)
    }

    fn hosts(sources: &Sources) -> Vec<String> {
        sources.rules().map(|rule| rule.to_string()).collect()
    }

    #[test]
    fn every_source_of_the_network_is_a_host_once_with_the_port_that_it_names() {
        let sources = of(&[
            "http://Deb.Example/debian",
            "http://deb.example/security",
            "https://ada:secret@safe.example:8443/x y",
            "http://10.0.0.1/debian",
            "http://[::1]:3142/debian",
            "file:/srv/x",
            "copy:/srv/y",
            "cdrom://Debian 12",
        ]);
        let wanted = ["deb.example", "safe.example:8443", "10.0.0.1:80", "[::1]:3142"];
        assert_eq!(hosts(&sources), wanted);
        assert_eq!(sources.warnings, [] as [&str; 0]);
    }

    #[test]
    fn a_list_of_mirrors_in_a_file_is_read_and_one_of_the_network_is_said() {
        let sources = of(&["mirror+file:/etc/list"]);
        assert_eq!(hosts(&sources), ["one.example", "two.example"]);
        assert_eq!(sources.warnings, [] as [&str; 0]);
        let sources = of(&["mirror+https://lists.example/list"]);
        assert_eq!(hosts(&sources), ["lists.example"]);
        assert!(sources.warnings[0].starts_with("`lists.example` tells apt over the network"));
        let sources = of(&["mirror+file:/not/there", "tor+http://x.onion", "http://"]);
        assert_eq!(hosts(&sources), [] as [&str; 0]);
        assert_eq!(sources.warnings.len(), 3, "{:?}", sources.warnings);
    }
}
