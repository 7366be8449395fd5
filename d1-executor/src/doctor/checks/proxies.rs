//! The proxies that are set: for all programs by the environment, for one by its own settings.

use super::{
    super::{check::Found, sight::Sight},
    settings,
};
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use std::path::PathBuf;

/// The variables that name a proxy; each exists in capitals, too.
const VARIABLES: [&str; 3] = ["http_proxy", "https_proxy", "all_proxy"];

/// A variable in either spelling, the lower one first, as most programs read it.
pub(super) fn either(sight: &Sight, name: &str) -> Option<String> {
    sight.var(name).or_else(|| sight.var(&name.to_uppercase()))
}

/// Which proxy the environment has for which address; it goes by the rules of curl.
pub(super) fn of_environment(sight: &Sight) -> Matcher {
    let value = |name| either(sight, name).unwrap_or_default();
    Matcher::builder()
        .http(value("http_proxy"))
        .https(value("https_proxy"))
        .all(value("all_proxy"))
        .no(value("no_proxy"))
        .build()
}

/// A proxy that a tool has of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnProxy {
    /// Which tool.
    pub(super) tool: &'static str,
    /// For which scheme.
    pub(super) scheme: &'static str,
    /// The proxy, as it is written.
    pub(super) value: String,
    /// Where it is written.
    pub(super) place: String,
}

/// The proxies that tools have of their own.
pub(super) fn of_tools(sight: &Sight) -> Vec<OwnProxy> {
    let mut found = of_apt(sight);
    for (tool, file) in files(sight) {
        let Ok(Some(text)) = super::super::sight::read(&file) else { continue };
        for (section, name, value) in settings::of_lines(&text) {
            let schemes: &[&'static str] = match (tool, section.as_str(), name.as_str()) {
                ("git", "http", "proxy") | ("pip", _, "proxy") => &["http", "https"],
                ("npm", "", "proxy") => &["http"],
                ("npm", "", "https-proxy") => &["https"],
                _ => &[],
            };
            let place = sight.shown(&file);
            found.extend(schemes.iter().map(|scheme| OwnProxy {
                tool,
                scheme,
                value: value.clone(),
                place: place.clone(),
            }));
        }
    }
    // The word by which they say that there is none.
    found.retain(|own| !own.value.is_empty() && !["null", "none"].contains(&own.value.as_str()));
    found
}

/// The settings files of these tools, the system's first.
pub(super) fn files(sight: &Sight) -> Vec<(&'static str, PathBuf)> {
    let below_home = [("git", ".gitconfig"), ("npm", ".npmrc"), ("pip", ".config/pip/pip.conf")];
    let own = below_home.iter().filter_map(|(tool, file)| Some((*tool, sight.at_home(file)?)));
    let system = [("git", "/etc/gitconfig"), ("npm", "/etc/npmrc"), ("pip", "/etc/pip.conf")];
    system.iter().map(|(tool, file)| (*tool, sight.host.file(file))).chain(own).collect()
}

fn of_apt(sight: &Sight) -> Vec<OwnProxy> {
    let settings = apt_settings(sight).into_iter().filter_map(|(place, name, value)| {
        let scheme = match name.as_str() {
            "acquire::http::proxy" => "http",
            "acquire::https::proxy" => "https",
            _ => return None,
        };
        // apt's word for none.
        (value != "DIRECT").then_some(OwnProxy { tool: "apt", scheme, value, place })
    });
    settings.collect()
}

/// Whether apt asks a program which proxy to take; then nobody else can tell.
pub(super) fn apt_asks_a_program(sight: &Sight) -> bool {
    let names = ["proxy-auto-detect", "proxyautodetect"];
    apt_settings(sight).iter().any(|(_, name, _)| names.iter().any(|end| name.ends_with(end)))
}

/// Whether apt was told whom to believe.
pub(super) fn apt_names_authorities(sight: &Sight) -> bool {
    let ends = ["cainfo", "capath", "verify-peer", "verify-host"];
    apt_settings(sight).iter().any(|(_, name, _)| ends.iter().any(|end| name.ends_with(end)))
}

/// apt's settings with the file they are in.
fn apt_settings(sight: &Sight) -> Vec<(String, String, String)> {
    let folder = "/etc/apt/apt.conf.d";
    let entries = std::fs::read_dir(sight.host.file(folder));
    let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
    let mut files: Vec<String> =
        names.map(|name| format!("{folder}/{}", name.to_string_lossy())).collect();
    files.sort();
    files.push("/etc/apt/apt.conf".to_owned());
    let texts = files.into_iter().filter_map(|file| Some((sight.text(&file).ok()??, file)));
    let settings = texts.flat_map(|(text, file)| {
        let of_file = settings::of_apt(&text).into_iter();
        of_file.map(move |(name, value)| (file.clone(), name, value)).collect::<Vec<_>>()
    });
    settings.collect()
}

/// Without what differs in spelling only.
fn plain(proxy: &str) -> String {
    let rest = proxy.split_once("://").map_or(proxy, |(_, rest)| rest);
    rest.rsplit('@').next().unwrap_or(rest).trim_end_matches('/').to_lowercase()
}

/// The value without the password that may be in it.
pub(super) fn hidden(proxy: &str) -> String {
    match (proxy.rsplit_once('@'), proxy.split_once("://")) {
        (Some((_, host)), Some((scheme, _))) => format!("{scheme}://…@{host}"),
        (Some((_, host)), None) => format!("…@{host}"),
        (None, _) => proxy.to_owned(),
    }
}

/// apt is passed over: a cache for packages is a proxy of its own on purpose.
pub(super) async fn tools(sight: Sight) -> Found {
    let own = of_tools(&sight);
    let mut differing = Vec::new();
    for OwnProxy { tool, scheme, value, place } in own.iter().filter(|own| own.tool != "apt") {
        let general = either(&sight, &format!("{scheme}_proxy"));
        let general = general.or_else(|| either(&sight, "all_proxy"));
        if let Some(general) = general.filter(|general| plain(general) != plain(value)) {
            let (value, general) = (hidden(value), hidden(&general));
            differing.push(format!("{tool}: {value} in {place}, and {general} for all others"));
        }
    }
    differing.extend(of_containers(&sight));
    differing.dedup();
    if differing.is_empty() {
        return match own.len() {
            0 => Found::skipped("none has a proxy of its own"),
            _ => Found::ok("they do"),
        };
    }
    Found::warn("tools have proxies of their own that are not the one of all others")
        .details(differing)
        .remedy("take out the one that is old: git config --global --unset http.proxy")
        .remedy("or: npm config delete proxy https-proxy; pip config unset global.proxy")
}

/// docker gives these to every container, where `localhost` is the container.
fn of_containers(sight: &Sight) -> Vec<String> {
    let file = sight.at_home(".docker/config.json");
    let text = file.and_then(|file| super::super::sight::read(&file).ok().flatten());
    let document = text.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let names = ["httpProxy", "httpsProxy"];
    let proxies = document.as_ref().map(|document| &document["proxies"]["default"]);
    let values = proxies.into_iter().flat_map(|own| names.map(|name| own[name].as_str()));
    let is_here =
        |value: &&str| plain(value).starts_with("localhost") || plain(value).starts_with("127.");
    let told = values.flatten().filter(is_here).map(|value| {
        format!("docker: {} in ~/.docker/config.json is the container itself", hidden(value))
    });
    told.collect()
}

/// What most programs cannot read they silently pass over.
pub(super) async fn form(sight: Sight) -> Found {
    let (mut wrong, mut set) = (Vec::new(), 0);
    let spellings = VARIABLES.iter().flat_map(|name| [(*name).to_owned(), name.to_uppercase()]);
    for name in spellings {
        let Some(value) = sight.var(&name) else { continue };
        set += 1;
        let scheme = value.split_once("://").map(|(scheme, _)| scheme);
        let known = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
        let shown = hidden(&value);
        match scheme {
            None => wrong.push(format!("{name}={shown}: it begins with no http://")),
            Some(scheme) if !known.contains(&scheme) => {
                wrong.push(format!("{name}={shown}: {scheme} is no kind of proxy"));
            }
            Some(_) if value.parse::<Uri>().ok().is_none_or(|uri| uri.host().is_none()) => {
                wrong.push(format!("{name}={shown}: it is no address"));
            }
            Some(_) => {}
        }
    }
    for name in ["no_proxy", "NO_PROXY"] {
        let value = sight.var(name).unwrap_or_default();
        let odd = value.split(',').map(str::trim).filter(|entry| entry.contains("://"));
        wrong.extend(odd.map(|entry| format!("{name}: {entry} is an address, not a host")));
    }
    if !wrong.is_empty() {
        return Found::warn("a proxy is set in a form that many programs do not understand")
            .details(wrong)
            .remedy("write it as http://host:port, and what goes without it as host,.domain");
    }
    if set == 0 { Found::skipped("no proxy is set") } else { Found::ok("they can") }
}
