//! The pages: what they show, and what no other site can do with them.

use super::{Browser, begin, poll, send};
use d1_world::CloudDesk;

fn cloud() -> CloudDesk {
    let cloud = CloudDesk::start();
    cloud.add_user("anna");
    cloud
}

#[test]
fn nothing_runs_on_a_page_frames_it_or_keeps_it() {
    let cloud = cloud();
    let browser = Browser::signed_in(&cloud, "anna");
    let stranger = Browser::new(&cloud);
    for page in [
        browser.get("/activate"),
        browser.look_up("BCDF-GHJK"),
        browser.post("/activate", &[]),
        stranger.get("/activate"),
        stranger.get("/sign-in"),
        stranger.get("/authorize"),
    ] {
        let policy = page.field("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"));
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(page.field(name), Some(value), "{name}");
        }
        assert!(!page.body.contains("<script"), "{}", page.body);
    }
    assert_eq!(stranger.get("/style.css").status, 200);
}

#[test]
fn a_person_is_shown_what_asks_and_its_words_stay_words() {
    let cloud = cloud();
    let label = "<script>alert(1)</script>\u{202e}\u{1b}[31m";
    let form = [("client_id", "d1-cli"), ("scope", "credits:read"), ("device_label", label)];
    let (_, _, codes) = send(&cloud, super::DEVICE, &form);
    let user_code = codes["user_code"].as_str().unwrap();
    let panel = Browser::signed_in(&cloud, "anna").look_up(user_code).body;
    assert!(panel.contains("“&lt;script&gt;alert(1)&lt;/script&gt;[31m”"), "{panel}");
    for shown in [
        user_code,
        "d1-doctor, the command line",
        "127.0.0.1 (the address you are at, too)",
        "“curl/",
        "less than a minute ago",
        "see credits, prices and what was spent",
        "Signed in as <strong>anna</strong>",
    ] {
        assert!(panel.contains(shown), "{shown} is not in {panel}");
    }
    assert!(!panel.contains("set caps"), "{panel}");
    // What Enter presses comes first, and it is no.
    assert!(panel.find("value=\"decline\"").unwrap() < panel.find("value=\"approve\"").unwrap());
}

#[test]
fn looking_decides_nothing_however_the_address_was_come_by() {
    let cloud = cloud();
    let (device_code, user_code) = begin(&cloud);
    let browser = Browser::signed_in(&cloud, "anna");
    let typed = format!("/activate?user_code={user_code}");
    let page = browser.get(&typed);
    assert!(page.body.contains(&format!("value=\"{user_code}\"")), "{}", page.body);
    browser.ask(&["-I"], &typed);
    browser.look_up(&user_code);
    assert_eq!(browser.get("/activate/decide?decision=approve").status, 405);
    assert_eq!(poll(&cloud, &device_code)["error"], "authorization_pending");
    // Whoever is not signed in comes back to the code afterwards.
    let page = Browser::new(&cloud).get(&typed);
    let next = format!("/sign-in?next=%2Factivate%3Fuser_code%3D{user_code}");
    assert_eq!((page.status, page.field("location")), (303, Some(next.as_str())));
}

#[test]
fn no_other_site_decides_in_somebodys_name() {
    let cloud = cloud();
    let (device_code, user_code) = begin(&cloud);
    let browser = Browser::signed_in(&cloud, "anna");
    let panel = browser.look_up(&user_code);
    let (form, account) = (panel.hidden("form"), panel.hidden("account"));
    let other = Browser::signed_in(&cloud, "anna").look_up(&user_code).hidden("form");
    let decision = |form: &str| {
        format!("form={form}&account={account}&user_code={user_code}&decision=approve")
    };
    let home = cloud.http();
    let evil = format!("Origin: {home}.evil.example");
    for (body, fields) in [
        (decision(""), vec![]),
        (decision("x"), vec![]),
        (decision(&other), vec![]),
        (decision(&form), vec!["-H", "Origin: https://evil.example"]),
        (decision(&form), vec!["-H", "Origin: null"]),
        (decision(&form), vec!["-H", &evil]),
        (decision(&form), vec!["-H", "Sec-Fetch-Site: cross-site"]),
        (decision(&form), vec!["-H", "Sec-Fetch-Site: same-site"]),
        (decision(&form), vec!["-H", "Sec-Fetch-Site: none"]),
    ] {
        let args = [fields.as_slice(), &["-d", &body]].concat();
        let page = browser.ask(&args, "/activate/decide");
        assert_eq!(page.status, 403, "{fields:?}: {}", page.body);
    }
    let text = ["-H", "Content-Type: text/plain", "-d", &decision(&form)];
    assert_eq!(browser.ask(&text, "/activate/decide").status, 415);
    assert_eq!(poll(&cloud, &device_code)["error"], "authorization_pending");
    // The browser's own form, as the browser sends it.
    let ours = format!("Origin: {home}");
    let args = ["-H", &ours, "-H", "Sec-Fetch-Site: same-origin", "-d", &decision(&form)];
    assert_eq!(browser.ask(&args, "/activate/decide").status, 200);
    assert_eq!(browser.ask(&args, "/activate/decide").status, 409);
}

#[test]
fn a_wrong_password_and_a_name_that_nobody_has_look_the_same() {
    let cloud = cloud();
    let browser = Browser::new(&cloud);
    let without_form = |body: &str| -> String {
        let token = "name=\"form\" value=\"";
        let at = body.find(token).unwrap() + token.len();
        format!("{}{}", &body[..at], &body[at + body[at..].find('"').unwrap()..])
    };
    let wrong = browser.sign_in("anna", "wrong horse battery");
    let nobody = browser.sign_in("zoe", CloudDesk::PASSWORD);
    assert_eq!((wrong.status, nobody.status), (401, 401));
    assert_eq!(without_form(&wrong.body), without_form(&nobody.body));
    // Whoever guesses on is stopped, and so is the right password for a while.
    let told: Vec<_> = (0..12).map(|_| browser.sign_in("anna", "wrong").status).collect();
    assert_eq!(told.last(), Some(&429), "{told:?}");
}

#[test]
fn signing_in_gives_the_browser_a_new_name_and_signing_out_takes_it() {
    let cloud = cloud();
    let browser = Browser::new(&cloud);
    browser.get("/sign-in");
    let before = browser.cookie("__Host-d1_form").unwrap();
    browser.sign_in("anna", CloudDesk::PASSWORD);
    let visit = browser.cookie("__Host-d1_visit").unwrap();
    assert_ne!(visit, before);
    assert_eq!(browser.cookie("__Host-d1_form"), None);
    let form = browser.get("/activate").hidden("form");
    assert_eq!(browser.post("/sign-out", &[("form", "x")]).status, 403);
    assert_eq!(browser.post("/sign-out", &[("form", &form)]).status, 303);
    assert_eq!(browser.cookie("__Host-d1_visit"), None);
    let field = format!("Cookie: __Host-d1_visit={visit}");
    let (head, _) = cloud.curl(&["-H", &field], "/activate");
    assert!(head.contains("\nlocation: /sign-in?next="), "{head}");
}

#[test]
fn a_program_on_the_same_machine_is_let_in_and_told_who_we_are() {
    let cloud = cloud();
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let answer_at = "http://127.0.0.1:4567/callback";
    let path = |redirect: &str, kind: &str, challenge: &str| {
        format!(
            "/authorize?client_id=d1-cli&redirect_uri={redirect}&response_type={kind}&state=s%20t\
             &scope=setup:approve%20offline_access&code_challenge={challenge}\
             &code_challenge_method=S256"
        )
    };
    let browser = Browser::signed_in(&cloud, "anna");
    // Nobody is sent where an answer may not go.
    let page = browser.get(&path("https://evil.example/callback", "code", challenge));
    assert_eq!((page.status, page.field("location")), (400, None));
    let iss = cloud.http().replace(':', "%3A").replace('/', "%2F");
    for (kind, challenge, error) in
        [("token", challenge, "unsupported_response_type"), ("code", "x", "invalid_request")]
    {
        let page = browser.get(&path(answer_at, kind, challenge));
        let to = page.field("location").unwrap();
        assert!(to.starts_with(&format!("{answer_at}?error={error}")), "{to}");
        assert!(to.ends_with(&format!("&state=s+t&iss={iss}")), "{to}");
    }
    let panel = browser.get(&path(answer_at, "code", challenge));
    assert!(panel.body.contains("approve, resume and undo setups"), "{}", panel.body);
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
    let no = browser.post("/authorize", &form);
    let told = format!("{answer_at}?error=access_denied&state=s+t&iss={iss}");
    assert_eq!(no.field("location"), Some(told.as_str()));
    form.push(("decision", "approve"));
    let yes = browser.post("/authorize", &form);
    let to = yes.field("location").unwrap();
    let code = to.strip_prefix(&format!("{answer_at}?code=")).unwrap();
    let (code, rest) = code.split_once('&').unwrap();
    assert_eq!(rest, format!("state=s+t&iss={iss}"));
    let (status, _, tokens) = send(
        &cloud,
        super::TOKEN,
        &[
            ("grant_type", "authorization_code"),
            ("client_id", "d1-cli"),
            ("code", code),
            ("redirect_uri", answer_at),
            ("code_verifier", verifier),
        ],
    );
    assert_eq!((status, &tokens["scope"]), (200, &"setup:approve offline_access".into()));
}
