//! Which authorities are believed when a server shows who it is, as far as files tell.

use super::super::{check::Found, sight::Sight};

/// Where systems keep them.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Programs that ask the system whom to believe.
const ASKING: [&str; 4] = ["curl", "wget", "git", "python3"];

/// The variables that name a file of authorities, and what reads each.
const VARIABLES: [(&str, &str); 10] = [
    ("SSL_CERT_FILE", "programs that use OpenSSL"),
    ("CURL_CA_BUNDLE", "curl"),
    ("REQUESTS_CA_BUNDLE", "Python"),
    ("PIP_CERT", "pip"),
    ("GIT_SSL_CAINFO", "git"),
    ("NODE_EXTRA_CA_CERTS", "node and npm"),
    ("CARGO_HTTP_CAINFO", "cargo"),
    ("AWS_CA_BUNDLE", "the AWS tools"),
    ("NIX_SSL_CERT_FILE", "nix"),
    ("DENO_CERT", "deno"),
];

/// How many authorities a text holds.
fn count(text: &str) -> usize {
    text.matches("-----BEGIN CERTIFICATE-----").count()
        + text.matches("-----BEGIN TRUSTED CERTIFICATE-----").count()
}

/// The file of authorities of this system.
pub(super) fn place(sight: &Sight) -> Option<&'static str> {
    BUNDLES.into_iter().find(|file| sight.host.file(file).exists())
}

pub(super) async fn bundle(sight: Sight) -> Found {
    let texts = BUNDLES.iter().filter_map(|file| sight.text(file).ok().flatten());
    let most = texts.map(|text| count(&text)).max();
    match most {
        Some(most @ 1..) => return Found::ok(format!("{most} of them")),
        Some(_) => {}
        None if !sight.host.file("/etc/os-release").exists() => {
            return Found::skipped("this system keeps them elsewhere");
        }
        None if !ASKING.iter().any(|program| sight.has(program)) => {
            return Found::skipped("no program is here that would ask");
        }
        None => {}
    }
    Found::fail("no authority is known, and every secure connection is refused")
        .remedy("sudo apt-get install ca-certificates; sudo update-ca-certificates")
        .mend(sight.install("ca-certificates", &[]))
}

pub(super) async fn variables(sight: Sight) -> Found {
    let (mut wrong, mut set) = (Vec::new(), 0);
    for (name, reader) in VARIABLES {
        let Some(value) = sight.var(name) else { continue };
        set += 1;
        let place = sight.host.file(&value);
        // Some of them may name a folder, too.
        let flaw = match std::fs::metadata(&place) {
            Ok(found) if found.is_dir() => None,
            Ok(_) => match super::super::sight::read(&place) {
                Ok(text) => (count(&text.unwrap_or_default()) == 0).then_some("holds none"),
                Err(_) => Some("cannot be read"),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("is not there"),
            Err(_) => Some("cannot be read"),
        };
        if let Some(flaw) = flaw {
            wrong.push(format!("{name}={value} {flaw}; {reader} goes by it"));
        }
    }
    if !wrong.is_empty() {
        return Found::fail("a variable names authorities that are not there")
            .details(wrong)
            .remedy("unset it, or point it to a file that is there; look for it in ~/.profile");
    }
    if set == 0 { Found::skipped("no variable does") } else { Found::ok(format!("{set} can")) }
}
