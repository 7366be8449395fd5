//! ssh: its settings, its agent, the keys that others know.

use super::{
    super::{check::Found, sight::Sight},
    keys::{judge, no_home},
};
use std::{fs, io, path::PathBuf};

/// Shorter RSA keys are refused by today's servers, in bits.
const SHORTEST_RSA: u32 = 2048;
/// The most keys that are looked at.
const MOST_KEYS: usize = 16;

pub(super) async fn agent(sight: Sight) -> Found {
    let Some(socket) = sight.var("SSH_AUTH_SOCK") else {
        return Found::skipped("no agent is named");
    };
    match sight.host.file(&socket).try_exists() {
        Ok(true) => return Found::ok("it is there"),
        Ok(false) => {}
        Err(error) => return Found::unreadable("the agent's socket", &error),
    }
    Found::warn("the ssh agent that is named is gone, and keys are asked for again and again")
        .remedy("eval \"$(ssh-agent)\"; ssh-add")
}

/// Asks ssh whether it can read the user's settings; no connection is made.
pub(super) async fn config(sight: Sight) -> Found {
    let Some(path) = sight.at_home(".ssh/config") else { return no_home() };
    let text = match super::super::sight::read(&path) {
        Ok(Some(text)) => text.to_lowercase(),
        Ok(None) => return Found::skipped("there is no ~/.ssh/config"),
        Err(error) => return Found::unreadable("~/.ssh/config", &error),
    };
    let mut lines = text.lines().map(str::trim_start);
    if lines.any(|line| line.starts_with("include") || line.starts_with("match")) {
        return Found::skipped("it may run programs to decide what holds");
    }
    let Some(shown) = path.to_str().filter(|_| sight.has("ssh")) else {
        return Found::skipped("there is no ssh");
    };
    match sight.ask(&["ssh", "-G", "-F", shown, "localhost"]).await {
        Ok(said) if said.ok() => Found::ok("it can"),
        Ok(said) if said.stderr.contains(shown) => {
            let lines = said
                .stderr
                .lines()
                .filter(|line| line.starts_with(shown) && !line.contains("terminating"));
            Found::fail("ssh connects to nothing: it cannot read its settings")
                .details(lines.map(|line| line.replace(shown, "~/.ssh/config")))
                .remedy("mend the line that is named")
        }
        Ok(_) => Found::unknown("ssh does not tell"),
        Err(error) => Found::unknown(format!("ssh does not tell: {error}")),
    }
}

/// Whoever can change it decides which machines are taken for the right ones.
pub(super) async fn known_hosts(sight: Sight) -> Found {
    let Some(path) = sight.at_home(".ssh/known_hosts") else { return no_home() };
    match judge(&path, 0o002, sight.uid) {
        Ok(None) => Found::ok("nobody can"),
        Ok(Some(flaw)) => Found::fail("others can have you take their machine for one you know")
            .details([format!("~/.ssh/known_hosts: {flaw}")])
            .remedy("chmod 644 ~/.ssh/known_hosts")
            .mend(flaw.mend(&sight, &path, 0o644)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Found::skipped("no machine is known")
        }
        Err(error) => Found::unreadable("~/.ssh/known_hosts", &error),
    }
}

pub(super) async fn strength(sight: Sight) -> Found {
    let Some(folder) = sight.at_home(".ssh") else { return no_home() };
    let Ok(entries) = fs::read_dir(&folder) else { return Found::skipped("there are no keys") };
    let mut keys: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "pub"))
        .collect();
    keys.sort();
    keys.truncate(MOST_KEYS);
    let mut weak = Vec::new();
    for key in &keys {
        let text = super::super::sight::read(key).ok().flatten().unwrap_or_default();
        match text.split_whitespace().next() {
            Some("ssh-dss") => weak.push(format!("{}: it is a DSA key", sight.shown(key))),
            Some("ssh-rsa") => match bits(&sight, key).await {
                Some(bits) if bits < SHORTEST_RSA => {
                    weak.push(format!("{}: it has {bits} bits only", sight.shown(key)));
                }
                Some(_) | None => {}
            },
            Some(_) | None => {}
        }
    }
    if keys.is_empty() {
        return Found::skipped("there are no keys");
    }
    if weak.is_empty() {
        return Found::ok(format!("{} keys", keys.len()));
    }
    Found::warn("servers refuse keys of this kind, for they can be broken")
        .details(weak)
        .remedy("make a new one, and tell the servers: ssh-keygen -t ed25519")
}

/// `2048 SHA256:… maya@lab (RSA)`, as ssh-keygen tells it.
async fn bits(sight: &Sight, key: &std::path::Path) -> Option<u32> {
    if !sight.has("ssh-keygen") {
        return None;
    }
    let said = sight.ask(&["ssh-keygen", "-l", "-f", key.to_str()?]).await.ok()?;
    said.stdout.split_whitespace().next()?.parse().ok()
}
