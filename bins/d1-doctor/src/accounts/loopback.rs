//! Signing in with a browser on the same machine (RFC 8252): its answer comes to a port of ours.
//!
//! 1. A port of 127.0.0.1 is opened, and the page named, with a fresh proof (RFC 7636) and a
//!    fresh state.
//! 2. The browser brings the answer. What comes with another state, or from another issuer
//!    (RFC 9207), is not it, and is waited on.
//! 3. The code is exchanged for tokens, with the proof.

use super::{
    Account, Cloud, Vault,
    flow::welcome,
    oauth::{failure, nonsense, refused, tokens},
};
use crate::failure::Failure;
use d1_core::{Category, Clock, Problem};
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope};
use std::{collections::BTreeMap, io, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Everything a person may ask for.
const SCOPES: &str = "setup:read setup:write setup:approve credits:read credits:write device:read \
                      device:link token:write offline_access";
/// How long a person has to decide.
const PATIENCE: Duration = Duration::from_secs(600);
/// The most bytes that are read of a browser's request.
const MAX_REQUEST: usize = 16 * 1024;
/// How long a browser may take to send it.
const SENT_WITHIN: Duration = Duration::from_secs(10);

/// Names the page, waits for the answer, and keeps what comes of it.
pub async fn in_browser(
    cloud: &Cloud,
    device: &str,
    vault: &Vault,
    clock: &dyn Clock,
    show: impl FnOnce(&str),
) -> Result<Account, Failure> {
    let trouble = |error: io::Error| {
        Problem::new("D1-AUTH-017", Category::Task, "no port of this machine can be opened")
            .because(error.to_string())
            .leaving("nothing was changed")
            .next("sign in by a code: d1-doctor login --no-browser")
    };
    let door = TcpListener::bind("127.0.0.1:0").await.map_err(trouble)?;
    let port = door.local_addr().map_err(trouble)?.port();
    let answer_at = format!("http://127.0.0.1:{port}/callback");
    let answer_at = RedirectUrl::new(answer_at).map_err(|error| nonsense(&error.to_string()))?;
    let oauth = cloud.oauth.clone().set_redirect_uri(answer_at);
    let (challenge, proof) = PkceCodeChallenge::new_random_sha256();
    let (page, state) = oauth
        .authorize_url(CsrfToken::new_random)
        .add_scopes(SCOPES.split_whitespace().map(|scope| Scope::new(scope.to_owned())))
        .add_extra_param("device_label", device.to_owned())
        .set_pkce_challenge(challenge)
        .url();
    show(page.as_str());
    let answered = tokio::time::timeout(PATIENCE, answer(&door, state.secret(), &cloud.address));
    let answered = answered.await.map_err(|_late| refused("expired_token", "", &cloud.address))?;
    let code =
        answered.map_err(trouble)?.map_err(|(word, said)| refused(&word, &said, &cloud.address))?;
    let ask = |request| cloud.http.send(request);
    let request = oauth.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(proof);
    let answer = request.request_async(&ask).await;
    let answer = answer.map_err(|error| failure(error, &cloud.address))?;
    welcome(cloud, tokens(answer), vault, clock).await
}

/// The code that a browser brings, or what the server says instead.
async fn answer(
    door: &TcpListener,
    state: &str,
    issuer: &str,
) -> io::Result<Result<String, (String, String)>> {
    loop {
        let (mut browser, _) = door.accept().await?;
        // Whoever else knocks does not end the sign-in.
        let asked = tokio::time::timeout(SENT_WITHIN, path(&mut browser)).await;
        let Ok(Ok(path)) = asked else { continue };
        let fields = path.strip_prefix("/callback?").map(fields).unwrap_or_default();
        let is = |name: &str, value: &str| fields.get(name).is_some_and(|it| it == value);
        if !is("state", state) || !is("iss", issuer) {
            say(&mut browser, "404 Not Found", "This is not the answer that is waited for.").await;
            continue;
        }
        if let Some(code) = fields.get("code") {
            say(&mut browser, "200 OK", "Signed in. You can close this page.").await;
            return Ok(Ok(code.clone()));
        }
        say(&mut browser, "200 OK", "Not signed in. You can close this page.").await;
        let word = fields.get("error").cloned().unwrap_or_else(|| "invalid_grant".to_owned());
        let said = fields.get("error_description").cloned().unwrap_or_default();
        return Ok(Err((word, said)));
    }
}

fn fields(query: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// What a browser asks for: the second word of its first line.
async fn path(browser: &mut TcpStream) -> io::Result<String> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let read = browser.read(&mut piece).await?;
        if read == 0 || request.len() + read > MAX_REQUEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        request.extend_from_slice(&piece[..read]);
    }
    let text = String::from_utf8_lossy(&request);
    let mut words = text.split(' ');
    match (words.next(), words.next()) {
        (Some("GET"), Some(path)) => Ok(path.to_owned()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

async fn say(browser: &mut TcpStream, status: &str, text: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    // A browser that is gone has seen enough.
    drop(browser.write_all(answer.as_bytes()).await);
    drop(browser.shutdown().await);
}
