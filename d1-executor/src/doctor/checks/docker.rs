//! docker's programs and the files it is set up with.

use super::{
    super::{check::Found, sight::Sight},
    apt::STATUS,
    keys::no_home,
};
use d1_core::{Digest, Manager};
use serde_json::Value;
use std::path::PathBuf;

/// Where the engine listens when nobody says otherwise.
const USUAL: &str = "/var/run/docker.sock";
/// Where plugins are looked for, beside the user's own folder.
const PLUGINS: [&str; 4] = [
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
];
/// What a folder has that is to be run with docker compose.
const COMPOSE_FILES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// Where docker's program would look for an engine.
pub(super) enum Endpoint {
    /// At this socket, where everybody looks.
    Usual(String),
    /// At this socket, because a variable or a context says so.
    Chosen(String, String),
    /// Behind a network, or in a way we do not look.
    Elsewhere,
    /// Nowhere: a context is chosen that is not there.
    NoContext(String),
}

fn folder(sight: &Sight) -> Option<PathBuf> {
    match sight.var("DOCKER_CONFIG") {
        Some(given) => Some(sight.host.file(&given)),
        None => sight.at_home(".docker"),
    }
}

fn settings(sight: &Sight) -> Option<Value> {
    let text = super::super::sight::read(&folder(sight)?.join("config.json")).ok().flatten()?;
    serde_json::from_str(&text).ok()
}

/// Variables win over the chosen context, and that over the usual place.
pub(super) fn endpoint(sight: &Sight) -> Endpoint {
    let of_host = |host: &str, why: String| match host.strip_prefix("unix://") {
        Some(path) => Endpoint::Chosen(path.to_owned(), why),
        None => Endpoint::Elsewhere,
    };
    if let Some(host) = sight.var("DOCKER_HOST") {
        return of_host(&host, format!("DOCKER_HOST is {host}"));
    }
    let settings = settings(sight);
    let chosen = settings.as_ref().and_then(|value| value.get("currentContext")?.as_str());
    let Some(name) = sight.var("DOCKER_CONTEXT").or_else(|| chosen.map(str::to_owned)) else {
        return Endpoint::Usual(USUAL.to_owned());
    };
    if name.is_empty() || name == "default" {
        return Endpoint::Usual(USUAL.to_owned());
    }
    let place = format!("contexts/meta/{}/meta.json", Digest::of(name.as_bytes()));
    let text = folder(sight)
        .and_then(|folder| super::super::sight::read(&folder.join(place)).ok().flatten());
    let Some(text) = text else { return Endpoint::NoContext(name) };
    let meta: Value = serde_json::from_str(&text).unwrap_or_default();
    match meta.pointer("/Endpoints/docker/Host").and_then(Value::as_str) {
        Some(host) => of_host(host, format!("the context {name} is chosen")),
        None => Endpoint::Elsewhere,
    }
}

pub(super) fn no_docker() -> Found {
    Found::skipped("there is no docker")
}

/// Whether the engine is on this machine.
pub(super) fn has_engine(sight: &Sight) -> bool {
    sight.has("dockerd")
}

pub(super) async fn program(sight: Sight) -> Found {
    if sight.has("docker") {
        return Found::ok("it is");
    }
    if !has_engine(&sight) {
        return no_docker();
    }
    Found::warn("the docker engine is here, and the program to speak with it is not")
        .remedy("d1-doctor install docker")
}

/// A script that runs podman has taken the name, beside an engine.
pub(super) async fn conflict(sight: Sight) -> Found {
    let Some(program) = sight.host.find("docker") else { return no_docker() };
    if !has_engine(&sight) {
        return Found::ok("there is one at most");
    }
    let text = super::super::sight::read(&program).ok().flatten().unwrap_or_default();
    if !(text.starts_with("#!") && text.contains("podman")) {
        return Found::ok("docker is docker");
    }
    Found::warn("`docker` runs podman, and the docker engine beside it is not asked")
        .details([sight.shown(&program)])
        .remedy("keep one of them: sudo apt-get remove podman-docker, or the engine")
}

pub(super) async fn context(sight: Sight) -> Found {
    if !sight.has("docker") {
        return no_docker();
    }
    let (path, why) = match endpoint(&sight) {
        Endpoint::NoContext(name) => {
            return Found::fail("docker asks nobody: the chosen context is not there")
                .details([name])
                .remedy("docker context use default, and see that DOCKER_CONTEXT is not set");
        }
        Endpoint::Usual(_) | Endpoint::Elsewhere => return Found::ok("it is"),
        Endpoint::Chosen(path, why) => (path, why),
    };
    match sight.host.file(&path).try_exists() {
        Ok(true) => Found::ok("it is"),
        Ok(false) => Found::fail("docker asks where no engine listens")
            .details([why, format!("{path} is not there")])
            .remedy("start that engine, or: unset DOCKER_HOST; docker context use default"),
        Err(error) => Found::unreadable(&path, &error),
    }
}

pub(super) async fn config(sight: Sight) -> Found {
    if !sight.has("docker") {
        return no_docker();
    }
    let Some(path) = folder(&sight).map(|folder| folder.join("config.json")) else {
        return no_home();
    };
    let text = match super::super::sight::read(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("there are none"),
        Err(error) => return Found::unreadable("docker's settings", &error),
    };
    let shown = sight.shown(&path);
    let settings: Value = match serde_json::from_str(&text) {
        Ok(settings) => settings,
        Err(error) => {
            return Found::fail("docker cannot read its settings, and knows no registry")
                .details([format!("{shown}: {error}")])
                .remedy("mend the line that is named");
        }
    };
    let store = settings.get("credsStore").and_then(Value::as_str);
    let helpers = settings.get("credHelpers").and_then(Value::as_object);
    let named = helpers.into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_str);
    let mut missing: Vec<String> = store
        .into_iter()
        .chain(named)
        .filter(|name| !name.is_empty())
        .map(|name| format!("docker-credential-{name}"))
        .filter(|program| !sight.has(program))
        .collect();
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        return Found::ok("they can, and have what they name");
    }
    Found::fail("docker pulls nothing: what it asks for passwords is not there")
        .details(missing.iter().map(|program| format!("{program} ({shown})")))
        .remedy(format!("install it, or take credsStore and credHelpers out of {shown}"))
}

pub(super) async fn compose(sight: Sight) -> Found {
    if !sight.has("docker") {
        return no_docker();
    }
    let own = folder(&sight).map(|folder| folder.join("cli-plugins"));
    let folders = PLUGINS.iter().map(|folder| sight.host.file(folder)).chain(own);
    let is_there = folders.into_iter().any(|folder| folder.join("docker-compose").is_file());
    let elsewhere = settings(&sight).is_some_and(|it| it.get("cliPluginsExtraDirs").is_some());
    if is_there || elsewhere || sight.has("docker-compose") {
        return Found::ok("it is");
    }
    let Some(cwd) = &sight.cwd else { return Found::skipped("nothing here asks for it") };
    let Some(file) = COMPOSE_FILES.iter().find(|name| cwd.join(name).is_file()) else {
        return Found::skipped("nothing here asks for it");
    };
    let status = sight.text(STATUS).ok().flatten().unwrap_or_default();
    // docker's own packages name it otherwise than Debian's.
    let is_dockers = status.lines().any(|line| line == "Package: docker-ce");
    let name = if is_dockers { "docker-compose-plugin" } else { "docker-compose" };
    Found::warn("this folder is to be run with docker compose, which is not there")
        .details([*file])
        .remedy(format!("d1-doctor install {name}"))
        .mend(sight.install(name, &[(Manager::Apk, "docker-cli-compose")]))
}
