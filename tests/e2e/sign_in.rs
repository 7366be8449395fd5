//! Signing in to the real cloud: by a code, in a browser, and everything that must not work.

mod browser;
mod doctor;
mod elsewhere;
mod fences;
mod judges;
mod pages;
mod programs;

pub(crate) use browser::Browser;
use d1_world::CloudDesk;
use serde_json::Value;

/// What a program is told that sends a form: the status, the head and the document.
fn send(cloud: &CloudDesk, path: &str, form: &[(&str, &str)]) -> (u16, String, Value) {
    let fields: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut args = Vec::new();
    for field in &fields {
        args.extend(["--data-urlencode", field.as_str()]);
    }
    let (head, body) = cloud.curl(&args, path);
    (status(&head), head, serde_json::from_str(&body).unwrap_or_default())
}

pub(crate) fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

const DEVICE: &str = "/api/v1/auth/device-code";
const TOKEN: &str = "/api/v1/auth/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The codes of a program that begins.
fn begin(cloud: &CloudDesk) -> (String, String) {
    let (status, _, codes) =
        send(cloud, DEVICE, &[("client_id", "d1-cli"), ("device_label", "anna-laptop")]);
    assert_eq!(status, 200, "{codes}");
    let text = |name: &str| codes[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

/// What a program is told that polls.
fn poll(cloud: &CloudDesk, device_code: &str) -> Value {
    let form = [("grant_type", GRANT), ("device_code", device_code), ("client_id", "d1-cli")];
    send(cloud, TOKEN, &form).2
}

/// The tokens of a program that Anna signed in.
fn signed_in(cloud: &CloudDesk) -> Value {
    let (device_code, user_code) = begin(cloud);
    Browser::signed_in(cloud, "anna").approve(&user_code);
    poll(cloud, &device_code)
}

/// What is answered to whoever presents this token.
pub(crate) fn ask(cloud: &CloudDesk, token: &str, args: &[&str], path: &str) -> (u16, Value) {
    let field = format!("Authorization: Bearer {token}");
    let (head, body) = cloud.curl(&[&["-H", &field], args].concat(), path);
    (status(&head), serde_json::from_str(&body).unwrap_or_default())
}

/// Where whoever asks is, when a proxy stands in front: a browser and its program.
const FROM: &str = "X-Forwarded-For: 203.0.113.7";

/// The access token of a program that somebody let do all this, in the browser of their machine.
pub(crate) fn by_browser(cloud: &CloudDesk, name: &str, scopes: &str) -> String {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let answer_at = "http://127.0.0.1:4567/callback";
    let scopes = scopes.replace(' ', "%20");
    let browser = Browser::signed_in(cloud, name);
    let panel = browser.get(&format!(
        "/authorize?client_id=d1-cli&redirect_uri={answer_at}&response_type=code&state=s\
         &scope={scopes}&code_challenge={challenge}&code_challenge_method=S256"
    ));
    let names = [
        "form",
        "account",
        "client_id",
        "redirect_uri",
        "response_type",
        "state",
        "scope",
        "code_challenge",
        "code_challenge_method",
    ];
    let fields: Vec<_> = names.iter().map(|name| (*name, panel.hidden(name))).collect();
    let mut form: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    form.push(("decision", "approve"));
    let sent = browser.post("/authorize", &form);
    let to = sent.field("location").unwrap();
    let code = to.strip_prefix(&format!("{answer_at}?code=")).unwrap().split('&').next().unwrap();
    let form = format!(
        "grant_type=authorization_code&client_id=d1-cli&code={code}&redirect_uri={answer_at}\
         &code_verifier={verifier}"
    );
    let (_, tokens) = cloud.curl(&["-H", FROM, "-d", &form], TOKEN);
    let tokens: Value = serde_json::from_str(&tokens).unwrap();
    tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned()
}
