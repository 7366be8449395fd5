//! What of our own environment a tool of a registry gets: where its registry is, and whom to
//! believe. It comes from whoever starts us, never from a plan.

use std::collections::BTreeMap;

/// What says whom to believe; paths only.
const TRUST: [&str; 4] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"];

/// What a tool has of its own: whole names, and beginnings of names.
fn own(program: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match program {
        "npm" => (&["npm_config_registry", "NPM_CONFIG_REGISTRY", "NODE_EXTRA_CA_CERTS"], &[]),
        "cargo" => (
            &["CARGO_REGISTRY_DEFAULT", "CARGO_HTTP_CAINFO"],
            &["CARGO_REGISTRIES_", "CARGO_SOURCE_"],
        ),
        "pipx" | "pip" | "pip3" => (
            &[
                "PIP_INDEX_URL",
                "PIP_EXTRA_INDEX_URL",
                "PIP_FIND_LINKS",
                "PIP_NO_INDEX",
                "PIP_CERT",
                "PIP_TRUSTED_HOST",
            ],
            &[],
        ),
        "go" => (&["GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE"], &[]),
        _ => (&[], &[]),
    }
}

/// The tool that is run: `npm`, `/usr/bin/npm`, `python3 -m pip`.
fn tool(argv: &[String]) -> &str {
    match argv {
        [_python, module, name, ..] if module == "-m" => name,
        [program, ..] => program.rsplit('/').next().unwrap_or_default(),
        [] => "",
    }
}

/// What the tool of these words gets of these variables of ours.
pub(crate) fn environment(
    argv: &[String],
    ours: impl Iterator<Item = (String, String)>,
) -> BTreeMap<String, String> {
    let (names, beginnings) = own(tool(argv));
    if names.is_empty() {
        return BTreeMap::new();
    }
    let is_meant = |name: &str| {
        names.contains(&name)
            || TRUST.contains(&name)
            || beginnings.iter().any(|it| name.starts_with(it)) && !is_secret(name)
    };
    ours.filter(|(name, _)| is_meant(name)).collect()
}

/// A registry that wants to know who asks is asked by its owner.
fn is_secret(name: &str) -> bool {
    ["_TOKEN", "_SECRET_KEY", "_CREDENTIAL_PROVIDER"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_gets_what_is_its_own_and_no_secret() {
        let ours = [
            "GOPROXY",
            "PIP_INDEX_URL",
            "CARGO_REGISTRIES_TEAM_INDEX",
            "CARGO_REGISTRIES_TEAM_TOKEN",
            "SSL_CERT_FILE",
            "AWS_SECRET_ACCESS_KEY",
        ];
        let given = |program: &str| {
            let ours = ours.iter().map(|name| ((*name).to_owned(), "x".to_owned()));
            let argv: Vec<String> = program.split(' ').map(str::to_owned).collect();
            environment(&argv, ours).into_keys().collect::<Vec<_>>()
        };
        assert_eq!(given("cargo"), ["CARGO_REGISTRIES_TEAM_INDEX", "SSL_CERT_FILE"]);
        assert_eq!(given("go"), ["GOPROXY", "SSL_CERT_FILE"]);
        assert_eq!(given("/usr/bin/python3 -m pip list"), ["PIP_INDEX_URL", "SSL_CERT_FILE"]);
        assert_eq!(given("make"), [] as [&str; 0]);
    }
}
