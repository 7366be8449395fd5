//! Secure connections: whether this system believes others, and whether its tools do, too.

use super::{
    super::{
        check::Found,
        network::{Presented, Refusal},
        sight::Sight,
    },
    authorities, reach,
};
use futures_util::future::join_all;

/// Shakes hands with every host that is used over HTTPS.
async fn greeted(sight: &Sight) -> Result<reach::Asked<Presented>, Found> {
    let mut targets = reach::tried(sight)?;
    targets.retain(|target| target.is("https") && target.can_be_asked());
    if targets.is_empty() {
        return Err(Found::skipped("no host is used over HTTPS here"));
    }
    let greeting = targets.into_iter().map(|target| async {
        let presented = sight.net.handshake(&target.to).await;
        (target, presented)
    });
    reach::answers(join_all(greeting).await)
}

pub(super) async fn believed(sight: Sight) -> Found {
    let mut greeted = match greeted(&sight).await {
        Ok(greeted) => greeted,
        Err(found) => return found,
    };
    greeted.retain(|(target, _)| !target.has_own_trust);
    let all = greeted.len();
    if all == 0 {
        return Found::skipped("tools were told whom to believe, and do not ask the system");
    }
    let (mut wrong, mut refusals) = (Vec::new(), Vec::new());
    for (target, presented) in greeted {
        let host = target.host();
        match presented {
            Ok(Presented { by_system: Ok(()), .. }) => {}
            Ok(Presented { by_system: Err(why), issuer, .. }) => {
                let by = issuer.map(|name| format!(" (issued by {name})")).unwrap_or_default();
                wrong.push(format!("{host}: {why}{by}"));
                refusals.push(why);
            }
            Err(error) => wrong.push(format!("{host}: {error}")),
        }
    }
    if wrong.is_empty() {
        return Found::ok(format!("{all} hosts"));
    }
    let found = Found::fail("secure connections are refused").details(wrong);
    let found = remedies(&refusals).into_iter().fold(found, Found::remedy);
    found.remedy("see what is shown: openssl s_client -connect <host>:443")
}

fn remedies(refusals: &[Refusal]) -> Vec<String> {
    let has = |wanted: &Refusal| refusals.contains(wanted);
    let mut told = Vec::new();
    if has(&Refusal::Expired) || has(&Refusal::NotYet) {
        told.push(
            "see whether the clock is right: date; if it is, the other side has to act".to_owned(),
        );
    }
    if has(&Refusal::UnknownAuthority) {
        told.push(
            "renew the authorities: sudo apt-get install --reinstall ca-certificates".to_owned(),
        );
        told.push(
            "where a network looks into connections, ask its owner for its authority, put it into \
             /usr/local/share/ca-certificates/<name>.crt, then: sudo update-ca-certificates"
                .to_owned(),
        );
    }
    if has(&Refusal::OtherName) {
        told.push("somebody else answers in its place; find out who before you go on".to_owned());
    }
    told
}

/// Tools that bring authorities along, the variables by which they are told of others, and
/// whether a program shows that the tool is here.
const TOOLS: [(&[&str], &[&str]); 3] = [
    (&["node", "npm"], &["NODE_EXTRA_CA_CERTS"]),
    (&["python3", "pip"], &["REQUESTS_CA_BUNDLE", "PIP_CERT"]),
    (&["deno"], &["DENO_CERT"]),
];

/// A company's network, or a company's own host: only those tools believe it that ask the system.
pub(super) async fn intercepted(sight: Sight) -> Found {
    let greeted = match greeted(&sight).await {
        Ok(greeted) => greeted,
        Err(found) => return found,
    };
    let mut shown = Vec::new();
    for (target, presented) in greeted {
        if let Ok(Presented {
            issuer,
            by_system: Ok(()),
            by_bundled: Err(Refusal::UnknownAuthority),
        }) = presented
        {
            let issuer = issuer.unwrap_or_else(|| "somebody without a name".to_owned());
            shown.push(format!("{}: issued by {issuer}", target.host()));
        }
    }
    if shown.is_empty() {
        return Found::ok("everybody believes the same");
    }
    let is_untold = |(programs, variables): &&(&[&str], &[&str])| {
        programs.iter().any(|program| sight.has(program))
            && !variables.iter().any(|name| sight.var(name).is_some())
    };
    let untold: Vec<&str> =
        TOOLS.iter().filter(is_untold).filter_map(|(_, names)| names.first().copied()).collect();
    if untold.is_empty() {
        return Found::ok("the tools that are here were told").details(shown);
    }
    let named =
        sight.var("SSL_CERT_FILE").or_else(|| authorities::place(&sight).map(str::to_owned));
    let bundle = named.unwrap_or_else(|| "<file of authorities>".to_owned());
    let found = Found::warn("tools with authorities of their own refuse what this system believes");
    untold
        .iter()
        .fold(found.details(shown), |found, name| found.remedy(format!("export {name}={bundle}")))
}
