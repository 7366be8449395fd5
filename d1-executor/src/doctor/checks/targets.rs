//! The hosts that this machine is set up to use: where its packages and its code come from.
//!
//! These, and no others, are what the network is tried with. Nobody is asked whom the owner of
//! the machine did not choose.

use super::{
    super::{
        network::{Destination, Proxy},
        sight::{self, Sight},
    },
    proxies::{self, OwnProxy},
    settings,
};
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

/// More hosts than this are not tried.
const MOST: usize = 6;
/// A project is not looked for further up than this.
const MOST_UP: usize = 64;

/// What is said where there is none.
pub(super) const NONE: &str = "nothing here is set up to use the network";

/// A host that this machine is set up to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Whom to ask, and by what way.
    pub(super) to: Destination,
    /// Which tool asks it.
    pub(super) tool: &'static str,
    /// Whether that tool was told whom to believe, so that the system's word is not its own.
    pub(super) has_own_trust: bool,
}

impl Target {
    /// The name of the host.
    pub(super) fn host(&self) -> String {
        self.to.host()
    }

    /// Whether it is this machine itself.
    pub(super) fn is_here(&self) -> bool {
        let host = self.to.first().0;
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    pub(super) fn is(&self, scheme: &str) -> bool {
        self.to.uri.scheme_str() == Some(scheme)
    }

    /// Whether more than a connection can be had: some proxies we cannot ask.
    pub(super) fn can_be_asked(&self) -> bool {
        self.to.proxy.as_ref().is_none_or(|proxy| proxy.is_plain)
    }
}

/// All of them, each once.
pub(super) fn all(sight: &Sight) -> Vec<Target> {
    let (general, own) = (proxies::of_environment(sight), proxies::of_tools(sight));
    let named = [apt(sight), git(sight), pip(sight), npm(sight)].into_iter().flatten();
    let mut found: Vec<Target> = Vec::new();
    for (tool, address) in named {
        let Some(uri) = uri(tool, &address) else { continue };
        // Whether ssh goes straight there only ssh knows, where there are proxies.
        let proxy = match way(&uri, tool, &general, &own) {
            Way::Straight => None,
            Way::Proxy(proxy) => Some(proxy),
            Way::Unknown => continue,
        };
        let to = Destination { uri, proxy };
        let is_known = |known: &Target| {
            (known.to.uri.scheme(), known.to.first()) == (to.uri.scheme(), to.first())
                && known.host() == to.host()
        };
        if !found.iter().any(is_known) {
            found.push(Target { to, tool, has_own_trust: has_own_trust(sight, tool) });
        }
    }
    found.truncate(MOST);
    found
}

/// How a host is reached.
enum Way {
    Straight,
    Proxy(Proxy),
    Unknown,
}

fn way(uri: &Uri, tool: &str, general: &Matcher, own: &[OwnProxy]) -> Way {
    let scheme = uri.scheme_str().unwrap_or_default();
    let of_tool = own.iter().find(|own| own.tool == tool && own.scheme == scheme);
    let of_tool = of_tool.map(|own| Matcher::builder().all(own.value.as_str()).build());
    if scheme == "ssh" {
        // The rules know nothing of ssh; whether any proxy is set tells whether there is a wall.
        let https = Uri::from_static("https://any.example");
        return general.intercept(&https).map_or(Way::Straight, |_| Way::Unknown);
    }
    match of_tool.as_ref().unwrap_or(general).intercept(uri) {
        None if of_tool.is_some() => Way::Unknown,
        None => Way::Straight,
        Some(chosen) => Proxy::chosen(&chosen).map_or(Way::Unknown, Way::Proxy),
    }
}

/// An address with a host, by a scheme that we can ask; of git its own form of ssh, too.
fn uri(tool: &str, address: &str) -> Option<Uri> {
    let address = address.trim();
    let uri: Uri = match address.split_once("://") {
        Some(("http" | "https" | "ssh", _)) => address.parse().ok()?,
        Some(_) => return None,
        None if tool == "git" => {
            let (host, _) = address.split_once(':').filter(|(host, _)| !host.contains('/'))?;
            let host = host.rsplit('@').next()?;
            // One letter is a disk of Windows.
            Some(host).filter(|host| host.len() > 1)?;
            format!("ssh://{host}").parse().ok()?
        }
        None => return None,
    };
    uri.host().is_some_and(|host| !host.is_empty()).then_some(uri)
}

type Named = Vec<(&'static str, String)>;

/// sources.list(5), in both of its forms.
fn apt(sight: &Sight) -> Named {
    if proxies::apt_asks_a_program(sight) {
        return Vec::new();
    }
    let folder = "/etc/apt/sources.list.d";
    let entries = std::fs::read_dir(sight.host.file(folder));
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut files: Vec<String> =
        names.map(|name| format!("{folder}/{}", name.to_string_lossy())).collect();
    files.push("/etc/apt/sources.list".to_owned());
    files.sort();
    let addresses = files.into_iter().flat_map(|file| {
        let text = sight.text(&file).ok().flatten().unwrap_or_default();
        if file.ends_with(".sources") {
            of_paragraphs(&text)
        } else if file.ends_with(".list") {
            of_lines(&text)
        } else {
            Vec::new()
        }
    });
    addresses.map(|address| ("apt", address)).collect()
}

fn of_lines(text: &str) -> Vec<String> {
    let addresses = text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("deb")?;
        let rest =
            rest.strip_prefix("-src").unwrap_or(rest).strip_prefix([' ', '\t'])?.trim_start();
        let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
        Some(rest.split_whitespace().next()?.to_owned())
    });
    addresses.collect()
}

fn of_paragraphs(text: &str) -> Vec<String> {
    let text: String =
        text.lines().filter(|l| !l.starts_with('#')).map(|l| format!("{l}\n")).collect();
    let mut found = Vec::new();
    for paragraph in text.split("\n\n") {
        let field = |name: &str| {
            let mut lines = paragraph.lines().skip_while(|line| {
                !line.split_once(':').is_some_and(|(own, _)| own.eq_ignore_ascii_case(name))
            });
            let first = lines.next()?.split_once(':')?.1.to_owned();
            // What begins with a blank goes on.
            let more = lines.take_while(|line| line.starts_with([' ', '\t']));
            Some(more.fold(first, |all, line| format!("{all} {line}")))
        };
        let is_off = field("Enabled").is_some_and(|word| word.trim().eq_ignore_ascii_case("no"));
        if !is_off {
            let addresses = field("URIs").unwrap_or_default();
            found.extend(addresses.split_whitespace().map(str::to_owned));
        }
    }
    found
}

/// The remotes of the project one stands in.
fn git(sight: &Sight) -> Named {
    let config = sight.cwd.as_deref().and_then(git_config).unwrap_or_default();
    // What a name stands for in ssh's settings only ssh knows.
    let ssh = sight.at_home(".ssh/config").and_then(|file| sight::read(&file).ok().flatten());
    let is_renamed = ssh.is_some_and(|text| {
        let text = text.to_lowercase();
        ["hostname", "proxyjump", "proxycommand"].iter().any(|word| text.contains(word))
    });
    let settings = settings::of_lines(&config).into_iter();
    let remotes =
        settings.filter(|(section, name, _)| section.starts_with("remote ") && name == "url");
    let addresses = remotes.map(|(_, _, address)| address);
    let is_clear = |address: &String| !is_renamed || address.starts_with("http");
    addresses.filter(is_clear).map(|address| ("git", address)).collect()
}

/// gitrepository-layout(5): a working tree of its own names the place of the rest.
fn git_config(cwd: &Path) -> Option<String> {
    let above = cwd.ancestors().take(MOST_UP).map(|folder| folder.join(".git"));
    let found = above.into_iter().find(|place| place.exists())?;
    let folder = if found.is_dir() {
        found
    } else {
        let text = sight::read(&found).ok()??;
        let own: PathBuf = found.parent()?.join(text.strip_prefix("gitdir:")?.trim());
        let common = sight::read(&own.join("commondir")).ok().flatten();
        common.map_or_else(|| own.clone(), |common| own.join(common.trim()))
    };
    sight::read(&folder.join("config")).ok().flatten()
}

fn pip(sight: &Sight) -> Named {
    let variables = ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"];
    let mut found: Vec<String> = variables.iter().filter_map(|name| sight.var(name)).collect();
    let keys = ["index-url", "extra-index-url"];
    let settings = settings_of(sight, "pip").into_iter();
    found.extend(settings.filter(|(_, name, _)| keys.contains(&name.as_str())).map(|s| s.2));
    let each = found.iter().flat_map(|addresses| addresses.split_whitespace());
    each.map(|address| ("pip", address.to_owned())).collect()
}

fn npm(sight: &Sight) -> Named {
    let variables = ["NPM_CONFIG_REGISTRY", "npm_config_registry"];
    let mut found: Vec<String> = variables.iter().filter_map(|name| sight.var(name)).collect();
    let settings = settings_of(sight, "npm").into_iter();
    let is_registry = |name: &str| name == "registry" || name.ends_with(":registry");
    found.extend(settings.filter(|(_, name, _)| is_registry(name)).map(|s| s.2));
    found.into_iter().map(|address| ("npm", address)).collect()
}

/// The settings of a tool: the system's, the user's, and the project's.
fn settings_of(sight: &Sight, tool: &str) -> Vec<settings::Setting> {
    let own = proxies::files(sight).into_iter().filter(|(of, _)| *of == tool).map(|(_, file)| file);
    let here = sight.cwd.iter().map(|cwd| cwd.join(".npmrc")).filter(|_| tool == "npm");
    let texts = own.chain(here).filter_map(|file| sight::read(&file).ok().flatten());
    texts.flat_map(|text| settings::of_lines(&text)).collect()
}

/// Whether a tool was told whom to believe.
fn has_own_trust(sight: &Sight, tool: &str) -> bool {
    let (variables, names): (&[&str], &[&str]) = match tool {
        "git" => {
            (&["GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY"], &["sslcainfo", "sslcapath", "sslverify"])
        }
        "pip" => {
            (&["PIP_CERT", "PIP_TRUSTED_HOST", "REQUESTS_CA_BUNDLE"], &["cert", "trusted-host"])
        }
        "npm" => (&["NODE_EXTRA_CA_CERTS"], &["cafile", "ca", "strict-ssl"]),
        // apt is told in ways that are its own; see apt-transport-https(1).
        _ => return proxies::apt_names_authorities(sight),
    };
    variables.iter().any(|name| sight.var(name).is_some())
        || settings_of(sight, tool).iter().any(|(_, name, _)| names.contains(&name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_found_in_both_forms_and_those_that_are_off_are_not() {
        let lines = "# deb http://no.example x y\ndeb [arch=amd64] http://a.example/debian x y\n\
                     deb-src https://b.example x y\ndebug http://no.example x\ndeb cdrom:[x]/ y z\ndeb file:/x y z\n";
        let found: Vec<_> = of_lines(lines).iter().filter_map(|a| uri("apt", a)).collect();
        assert_eq!(found, ["http://a.example/debian", "https://b.example/"]);
        let paragraphs = "Types: deb\n# URIs: http://no.example\nURIs: http://a.example/debian\n\
                          \x20https://b.example\nSuites: x\n\nEnabled: no\nURIs: http://no.example\n";
        assert_eq!(of_paragraphs(paragraphs), ["http://a.example/debian", "https://b.example"]);
    }

    #[test]
    fn git_names_hosts_in_several_forms() {
        for (address, expected) in [
            ("git@forge.example:team/x.git", Some("ssh://forge.example/")),
            ("ssh://git@forge.example:2222/x", Some("ssh://git@forge.example:2222/x")),
            ("https://forge.example/x", Some("https://forge.example/x")),
            ("/srv/x.git", None),
            ("../x:y", None),
            ("C:\\x", None),
            ("file:///srv/x", None),
        ] {
            assert_eq!(
                uri("git", address).map(|uri| uri.to_string()).as_deref(),
                expected,
                "{address}"
            );
        }
    }
}
