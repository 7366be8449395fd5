//! How names become addresses, as far as files tell.

use super::{
    super::{check::Found, sight::Sight},
    targets::{self, Target},
};
use std::net::IpAddr;

const SWITCH: &str = "/etc/nsswitch.conf";
const HOSTS: &str = "/etc/hosts";

/// nsswitch.conf(5): the sources that ask a server.
const ASK: [&str; 5] = ["dns", "resolve", "sss", "ldap", "nis"];

pub(super) async fn switch(sight: Sight) -> Found {
    let text = match sight.text(SWITCH) {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("there is no such file, so they are"),
        Err(error) => return Found::unreadable(SWITCH, &error),
    };
    let sources = |line: &str| {
        let line = line.split('#').next().unwrap_or_default().trim_start();
        line.strip_prefix("hosts:").map(str::to_owned)
    };
    let Some(listed) = text.lines().find_map(sources) else {
        return Found::ok("it is left open, so they are");
    };
    if listed.split_whitespace().any(|source| ASK.contains(&source)) {
        return Found::ok(listed.trim());
    }
    let mended: String = text
        .lines()
        .map(|line| match sources(line) {
            Some(listed) => format!("hosts: {} dns\n", listed.trim()),
            None => format!("{line}\n"),
        })
        .collect();
    Found::fail("no name is asked of the network: /etc/nsswitch.conf leaves it out")
        .details([format!("hosts: {}", listed.trim())])
        .remedy("add `dns` to the line `hosts:` of /etc/nsswitch.conf")
        .mend(sight.rewrite(&sight.host.file(SWITCH), "ask the network for names", mended))
}

/// proc_pid_net(5), `tcp`: the ports at which programs of this machine listen.
fn listening(sight: &Sight) -> Vec<u16> {
    const LISTENS: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let texts = tables.iter().filter_map(|file| sight.text(file).ok().flatten());
    let ports = |text: String| -> Vec<u16> {
        let port = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            let (local, state) = (words.next()?, words.nth(1)?);
            let (_, port) = local.rsplit_once(':').filter(|_| state == LISTENS)?;
            u16::from_str_radix(port, 16).ok()
        };
        text.lines().filter_map(port).collect()
    };
    texts.flat_map(ports).collect()
}

/// Only what cannot be meant is a fault: many give names to machines of their own in this file.
pub(super) async fn overridden(sight: Sight) -> Found {
    let text = match sight.text(HOSTS) {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("there is no /etc/hosts"),
        Err(error) => return Found::unreadable(HOSTS, &error),
    };
    let targets = targets::all(&sight);
    if targets.is_empty() {
        return Found::skipped(targets::NONE);
    }
    // Whoever stands in for a host on this machine listens where the host would.
    let listening = listening(&sight);
    let is_served = |target: &&Target| listening.contains(&target.to.port());
    let is_target = |name: &&str| {
        targets.iter().filter(|target| !is_served(target)).any(|target| target.host() == *name)
    };
    let (mut wrong, mut moved, mut mended) = (Vec::new(), Vec::new(), String::new());
    for (number, line) in text.lines().enumerate() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
        let names: Vec<&str> = words.collect();
        let hit: Vec<&str> = names.iter().copied().filter(is_target).collect();
        let nowhere = address.is_some_and(|ip| ip.is_loopback() || ip.is_unspecified());
        let told = hit.iter().map(|name| format!("{HOSTS}:{}: {name}", number + 1));
        if nowhere {
            wrong.extend(told)
        } else {
            moved.extend(told)
        }
        // A line that names others, too, is kept for them.
        let others: Vec<&str> = names.into_iter().filter(|name| !hit.contains(name)).collect();
        match (nowhere && !hit.is_empty(), others.as_slice(), address) {
            (false, _, _) | (true, _, None) => mended += &format!("{line}\n"),
            (true, [], Some(_)) => mended += &format!("# {line}\n"),
            (true, others, Some(ip)) => mended += &format!("{ip} {}\n", others.join(" ")),
        }
    }
    if wrong.is_empty() {
        return Found::ok(if moved.is_empty() { "none is" } else { "some are, to other machines" })
            .details(moved);
    }
    Found::warn("what this machine needs from others is looked for on this machine itself")
        .details(wrong)
        .remedy("put a # in front of the line, unless a program here stands in for that host")
        .mend(sight.rewrite(&sight.host.file(HOSTS), "take hosts out of /etc/hosts", mended))
}
