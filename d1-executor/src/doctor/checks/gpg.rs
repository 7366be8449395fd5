//! gpg, and what git signs with.

use super::{
    super::{check::Found, sight::Sight},
    git::{is_on, setting},
    keys::{judge, no_home},
};
use std::{fs, io, path::PathBuf};

/// Where gpg keeps its keys.
fn folder(sight: &Sight) -> Option<PathBuf> {
    match sight.var("GNUPGHOME") {
        Some(given) => Some(sight.host.file(&given)),
        None => sight.at_home(".gnupg"),
    }
}

pub(super) async fn modes(sight: Sight) -> Found {
    let Some(folder) = folder(&sight) else { return no_home() };
    match judge(&folder, 0o077, sight.uid) {
        Ok(None) => Found::ok("nobody can"),
        Ok(Some(flaw)) => Found::warn("gpg warns at every use: others can look into its folder")
            .details([format!("{}: {flaw}", sight.shown(&folder))])
            .remedy("chmod 700 ~/.gnupg")
            .mend(flaw.mend(&sight, &folder, 0o700)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Found::skipped("gpg is not used"),
        Err(error) => Found::unreadable("gpg's folder", &error),
    }
}

/// What git signs commits with.
enum Signing {
    /// Nothing: it does not.
    Off,
    /// gpg, or the program that takes its place.
    Gpg(String),
    /// An ssh key, as the setting names it.
    Ssh(String),
    /// What we do not know.
    Other,
}

async fn signing(sight: &Sight) -> Result<Signing, Found> {
    if !is_on(sight, "commit.gpgsign").await? {
        return Ok(Signing::Off);
    }
    match setting(sight, &["--get", "gpg.format"]).await?.as_deref() {
        None | Some("openpgp") => {
            let special = setting(sight, &["--get", "gpg.openpgp.program"]).await?;
            let usual = setting(sight, &["--get", "gpg.program"]).await?;
            Ok(Signing::Gpg(special.or(usual).unwrap_or_else(|| "gpg".to_owned())))
        }
        Some("ssh") => {
            let key = setting(sight, &["--get", "user.signingkey"]).await?;
            Ok(key.map_or(Signing::Other, Signing::Ssh))
        }
        Some(_) => Ok(Signing::Other),
    }
}

pub(super) async fn keys(sight: Sight) -> Found {
    let wrong = match signing(&sight).await {
        Ok(Signing::Off) => return Found::skipped("commits are not signed"),
        Ok(Signing::Other) => return Found::skipped("commits are signed in a way we do not know"),
        Ok(Signing::Gpg(program)) => gpg_flaw(&sight, &program),
        Ok(Signing::Ssh(key)) => ssh_flaw(&sight, &key),
        Err(found) => return found,
    };
    match wrong {
        None => Found::ok("there is what it takes"),
        Some(wrong) => Found::fail("no commit can be made: it is to be signed, and cannot be")
            .details([wrong])
            .remedy("bring the key or program back, or: git config --global commit.gpgsign false"),
    }
}

fn gpg_flaw(sight: &Sight, program: &str) -> Option<String> {
    let is_there = if program.starts_with('/') {
        sight.host.file(program).exists()
    } else {
        sight.has(program)
    };
    if !is_there {
        return Some(format!("there is no {program}"));
    }
    // The keys may be where one came from, and the agent asked from afar.
    if program != "gpg" || sight.var("SSH_CONNECTION").is_some() {
        return None;
    }
    // A key on a card has a note here, too.
    let entries = match fs::read_dir(folder(sight)?.join("private-keys-v1.d")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Some("gpg has no private key".to_owned());
        }
        Err(_) => return None,
    };
    let is_key = |name: &str| name.ends_with(".key");
    let has_key = entries.flatten().any(|entry| is_key(&entry.file_name().to_string_lossy()));
    (!has_key).then(|| "gpg has no private key".to_owned())
}

/// The setting has the path of a key, or the key itself.
fn ssh_flaw(sight: &Sight, key: &str) -> Option<String> {
    let path = match key.strip_prefix("~/") {
        Some(below) => sight.at_home(below)?,
        None if key.starts_with('/') => sight.host.file(key),
        None => return None,
    };
    let is_gone = matches!(path.try_exists(), Ok(false));
    is_gone.then(|| format!("{} is not there", sight.shown(&path)))
}

/// gpg asks for the passphrase on a terminal, and behind git it does not see which.
pub(super) async fn terminal(sight: Sight) -> Found {
    match signing(&sight).await {
        Ok(Signing::Gpg(program)) if program == "gpg" => {}
        Ok(_) => return Found::skipped("nothing is signed with gpg"),
        Err(found) => return found,
    }
    if ["GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| sight.var(name).is_some()) {
        return Found::ok("it can");
    }
    let settings = folder(&sight).map(|folder| folder.join("gpg-agent.conf"));
    let text = settings.and_then(|path| super::super::sight::read(&path).ok().flatten());
    let special = |line: &str| line.contains("pinentry-program") || line.contains("loopback");
    if text.is_some_and(|text| text.lines().any(special)) {
        return Found::ok("another way is set");
    }
    Found::warn("signing fails when a passphrase is needed: gpg does not know the terminal")
        .remedy("add to your shell's start-up file: export GPG_TTY=$(tty)")
}
