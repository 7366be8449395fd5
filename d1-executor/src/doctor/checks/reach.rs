//! Whether others can be reached: their names, their addresses, the proxy on the way.
//!
//! One cause is told once. Without a way out `net.route` says so, and everything here is passed
//! over; without names `net.dns` does; without connections `net.connect` does.

use super::{
    super::{
        check::Found,
        network::{NetworkError, Proxy},
        sight::Sight,
    },
    proxies, route,
    targets::{self, Target},
};
use futures_util::future::{join_all, select_ok};
use hyper::Uri;
use std::net::{IpAddr, SocketAddr};

/// Of so many addresses of one host each gets a try.
const MOST_ADDRESSES: usize = 4;

/// What is said where names and connections cannot be tried.
const UNREACHED: &str = "no host can be reached; see net.dns and net.connect";

/// The hosts to try; what to say instead, where trying is of no use.
pub(super) fn tried(sight: &Sight) -> Result<Vec<Target>, Found> {
    let targets = targets::all(sight);
    if targets.is_empty() {
        return Err(Found::skipped(targets::NONE));
    }
    if route::leads_out(sight) == Some(false) && !targets.iter().all(Target::is_here) {
        return Err(Found::skipped("there is no way out of this machine; see net.route"));
    }
    Ok(targets)
}

/// The hosts that are reached without a proxy.
fn straight(sight: &Sight) -> Result<Vec<Target>, Found> {
    let mut targets = tried(sight)?;
    targets.retain(|target| target.to.proxy.is_none());
    if targets.is_empty() {
        return Err(Found::skipped("a proxy does this for us"));
    }
    Ok(targets)
}

/// What each host answered.
pub(super) type Asked<T> = Vec<(Target, Result<T, NetworkError>)>;

/// The answers of those that can be reached at all; what to say where none can.
pub(super) fn answers<T>(asked: Asked<T>) -> Result<Asked<T>, Found> {
    let is_reached = |(target, answer): (Target, Result<T, NetworkError>)| match answer {
        Err(NetworkError::NoName { .. } | NetworkError::NoConnection { .. }) => None,
        other => Some((target, other)),
    };
    let through_proxy = asked.iter().any(|(target, _)| target.to.proxy.is_some());
    let reached: Vec<_> = asked.into_iter().filter_map(is_reached).collect();
    match (reached.is_empty(), through_proxy) {
        (false, _) => Ok(reached),
        (true, false) => Err(Found::skipped(UNREACHED)),
        (true, true) => Err(Found::skipped("no host can be reached; see net.proxy.reachable")),
    }
}

/// How many hosts are without trouble, and what the trouble of the others is.
fn split(results: Vec<(String, Result<(), NetworkError>)>) -> (usize, Vec<String>) {
    let all = results.len();
    let trouble = |(host, result): (String, Result<(), NetworkError>)| {
        result.err().map(|error| format!("{host}: {error}"))
    };
    let wrong: Vec<String> = results.into_iter().filter_map(trouble).collect();
    (all - wrong.len(), wrong)
}

pub(super) async fn names(sight: Sight) -> Found {
    let targets = match straight(&sight) {
        Ok(targets) => targets,
        Err(found) => return found,
    };
    let mut hosts: Vec<String> = targets.iter().map(Target::host).collect();
    hosts.retain(|host| host.parse::<IpAddr>().is_err());
    hosts.sort();
    hosts.dedup();
    if hosts.is_empty() {
        return Found::skipped("hosts are named by their addresses here");
    }
    let looking = hosts.into_iter().map(|host| async {
        let result = sight.net.look_up(&host).await.map(drop);
        (host, result)
    });
    match split(join_all(looking).await) {
        (known, wrong) if wrong.is_empty() => Found::ok(format!("{known} hosts")),
        (0, wrong) => Found::fail("no name can be looked up, so nothing is found on the network")
            .details(wrong)
            .remedy("see which server is asked: cat /etc/resolv.conf; resolvectl status")
            .remedy("restart the network: sudo systemctl restart systemd-resolved NetworkManager"),
        (_, wrong) => Found::warn("hosts that are used here have no address")
            .details(wrong)
            .remedy("see whether the name is right: git remote -v; /etc/apt/sources.list.d"),
    }
}

/// Connects to the first address that answers.
async fn connect(sight: &Sight, host: &str, port: u16) -> Result<(), NetworkError> {
    let addresses = sight.net.look_up(host).await?;
    let tries = addresses.into_iter().take(MOST_ADDRESSES);
    let tries = tries.map(|ip| sight.net.connect(SocketAddr::new(ip, port)));
    select_ok(tries).await.map(|_| ())
}

pub(super) async fn connections(sight: Sight) -> Found {
    let targets = match straight(&sight) {
        Ok(targets) => targets,
        Err(found) => return found,
    };
    let connecting = targets.iter().map(|target| async {
        let (host, port) = target.to.first();
        (format!("{host}:{port}"), connect(&sight, &host, port).await)
    });
    let mut results = join_all(connecting).await;
    results.retain(|(_, result)| !matches!(result, Err(NetworkError::NoName { .. })));
    if results.is_empty() {
        return Found::skipped("no name can be looked up; see net.dns");
    }
    match split(results) {
        (reached, wrong) if wrong.is_empty() => Found::ok(format!("{reached} hosts")),
        (0, wrong) => Found::fail("no host that is used here can be reached")
            .details(wrong)
            .remedy("see whether a firewall or a VPN is in the way, or a proxy is needed")
            .remedy(
                "with a proxy: export https_proxy=http://host:port http_proxy=http://host:port",
            ),
        (_, wrong) => Found::warn("some hosts that are used here cannot be reached")
            .details(wrong)
            .remedy("see whether they are meant: git remote -v; /etc/apt/sources.list.d"),
    }
}

/// The proxies that somebody goes through, by whom they are set.
fn proxies_in_use(sight: &Sight) -> Vec<(String, Proxy)> {
    let general = proxies::of_environment(sight);
    let schemes = ["http://any.example", "https://any.example"].map(Uri::from_static);
    let mut found: Vec<(String, Proxy)> = Vec::new();
    let chosen = schemes.iter().filter_map(|uri| Proxy::chosen(&general.intercept(uri)?));
    found.extend(chosen.map(|proxy| ("the environment".to_owned(), proxy)));
    for own in proxies::of_tools(sight) {
        let rules = hyper_util::client::proxy::matcher::Matcher::builder().all(own.value).build();
        let chosen = schemes.iter().find_map(|uri| Proxy::chosen(&rules.intercept(uri)?));
        found.extend(chosen.map(|proxy| (format!("{} in {}", own.tool, own.place), proxy)));
    }
    let mut seen = Vec::new();
    found.retain(|(_, Proxy { host, port, .. })| {
        let is_new = !seen.contains(&(host.clone(), *port));
        seen.push((host.clone(), *port));
        is_new
    });
    found
}

pub(super) async fn proxy(sight: Sight) -> Found {
    let proxies = proxies_in_use(&sight);
    if proxies.is_empty() {
        return Found::skipped("no proxy is set");
    }
    let is_here = |(_, proxy): &(String, Proxy)| {
        proxy.host == "localhost" || proxy.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    };
    if route::leads_out(&sight) == Some(false) && !proxies.iter().any(is_here) {
        return Found::skipped("there is no way out of this machine; see net.route");
    }
    let connecting = proxies.iter().map(|(by, Proxy { host, port, .. })| {
        let sight = &sight;
        async move { (format!("{host}:{port} (set by {by})"), connect(sight, host, *port).await) }
    });
    match split(join_all(connecting).await) {
        (reached, wrong) if wrong.is_empty() => Found::ok(format!("{reached} of them")),
        (_, wrong) => Found::fail("a proxy that is set cannot be reached")
            .details(wrong)
            .remedy("join the network it belongs to, or take it out: unset http_proxy https_proxy")
            .remedy(
                "one of a tool: git config --global --unset http.proxy; npm config delete proxy",
            ),
    }
}

/// if_inet6(5): whether any device has an address that all the world can reach.
fn has_global_address(sight: &Sight) -> bool {
    let text = sight.text("/proc/net/if_inet6").ok().flatten().unwrap_or_default();
    let is_global = |line: &str| {
        let first = line.get(..1).unwrap_or_default();
        // 2000::/3
        ["2", "3"].contains(&first) && line.split_whitespace().nth(3) == Some("00")
    };
    text.lines().any(is_global)
}

/// Programs try the newer addresses first, and wait for them when they lead nowhere.
pub(super) async fn newer(sight: Sight) -> Found {
    if !has_global_address(&sight) {
        return Found::skipped("this machine has no address of IPv6 that others could reach");
    }
    let targets = match straight(&sight) {
        Ok(targets) => targets,
        Err(found) => return found,
    };
    let trying = targets.iter().map(|target| async {
        let (host, port) = target.to.first();
        let addresses = sight.net.look_up(&host).await.ok()?;
        let (newer, older): (Vec<IpAddr>, Vec<IpAddr>) =
            addresses.into_iter().partition(IpAddr::is_ipv6);
        let to = |ip: &IpAddr| sight.net.connect(SocketAddr::new(*ip, port));
        let (newer, older) = (to(newer.first()?), to(older.first()?));
        let (newer, older) = futures_util::future::join(newer, older).await;
        // Where nothing gets through, this is not the reason.
        older.ok().map(|()| (host, newer))
    });
    let results: Vec<_> = join_all(trying).await.into_iter().flatten().collect();
    if results.is_empty() {
        return Found::skipped("no host that is used here has addresses of both kinds");
    }
    match split(results) {
        (0, wrong) => Found::warn("IPv6 is set up and leads nowhere, so programs wait for it")
            .details(wrong)
            .remedy("see what is wrong with it: ip -6 route; ping -6 <host>")
            .remedy("or prefer IPv4: in /etc/gai.conf: precedence ::ffff:0:0/96  100"),
        (reached, _) => Found::ok(format!("{reached} hosts")),
    }
}
