//! People sign in at a provider of identities that we did not write, and are somebody here.

use super::{Browser, browser::Page, judges::script};
use crate::api::judges;
use d1_world::CloudDesk;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};
use tempfile::TempDir;

/// `oidc-provider`, until it is dropped.
struct Provider {
    process: Child,
    said: BufReader<ChildStdout>,
    issuer: String,
    folder: TempDir,
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Provider {
    fn start() -> Self {
        let mut node = Command::new("node");
        node.arg(script("provider.mjs")).arg(judges().join("npm"));
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = node.spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "a secret + of two\n").unwrap();
        let mut provider = Self { process, said, issuer: String::new(), folder };
        provider.issuer = provider.line();
        provider
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// A cloud that uses it.
    fn cloud(&mut self, more: &[&str]) -> CloudDesk {
        let secret = self.folder.path().join("secret");
        let args = ["--oidc-secret-file", secret.to_str().unwrap(), "--oidc-label", "Example <ID>"];
        let cloud = CloudDesk::start_with(&[&self.args()[..], &args, more].concat());
        let answer_at = format!("{}/sign-in/elsewhere/back\n", cloud.http());
        self.process.stdin.as_mut().unwrap().write_all(answer_at.as_bytes()).unwrap();
        assert_eq!(self.line(), "ready");
        cloud
    }

    fn args(&self) -> [&str; 4] {
        ["--oidc-issuer", &self.issuer, "--oidc-client", "d1"]
    }

    /// Tells the provider who somebody is; gives where it sends them back to.
    fn sign_in(&self, door: &str, who: &str, home: &str) -> String {
        let jar = self.jar();
        let mut at = door.to_owned();
        let mut form: &[&str] = &[];
        let login = format!("login={who}");
        let fields = ["-d", "prompt=login", "-d", &login, "-d", "password=any"];
        for _ in 0..10 {
            let asked = Command::new("curl")
                .args(["-s", "-w", "\n%{redirect_url}", "-b", &jar, "-c", &jar])
                .args(form)
                .arg(&at)
                .output()
                .unwrap();
            let text = String::from_utf8(asked.stdout).unwrap();
            let (page, elsewhere) = text.rsplit_once('\n').unwrap();
            if elsewhere.starts_with(home) {
                return elsewhere.to_owned();
            }
            form = &[];
            if elsewhere.is_empty() {
                let is_login = page.contains("name=\"login\"");
                form = if is_login { &fields } else { &["-d", "prompt=consent"] };
            } else {
                elsewhere.clone_into(&mut at);
            }
        }
        panic!("it leads nowhere");
    }

    /// Signs out there: whoever comes next says who they are.
    fn forget(&self) {
        std::fs::remove_file(self.jar()).unwrap();
    }

    fn jar(&self) -> String {
        let path: PathBuf = self.folder.path().join("cookies");
        path.to_str().unwrap().to_owned()
    }

    /// The whole way of a browser.
    fn lead(&self, browser: &Browser, cloud: &CloudDesk, who: &str) -> Page {
        let sent = browser.get("/sign-in/elsewhere?next=/activate?user_code=BCDF-GHJK");
        assert_eq!(sent.status, 303, "{}", sent.body);
        let back = self.sign_in(sent.field("location").unwrap(), who, &cloud.http());
        browser.get(back.strip_prefix(&cloud.http()).unwrap())
    }
}

#[test]
fn somebody_who_is_linked_signs_in_elsewhere_and_goes_on_here() {
    let mut provider = Provider::start();
    let cloud = provider.cloud(&[]);
    cloud.add_user("anna");
    let args = provider.args();
    let added =
        cloud.operate(&[&args[..], &["users", "add", "bert", "--subject", "55"]].concat(), "");
    assert_eq!(added.code, 0, "{}", added.stderr);
    let bert = Browser::new(&cloud);
    assert_eq!(provider.lead(&bert, &cloud, "55").status, 303);
    assert!(bert.get("/activate").body.contains("Signed in as <strong>bert</strong>"));
    for taken in
        [&["users", "link", "anna", "55"][..], &["users", "add", "carl", "--subject", "55"]]
    {
        let taken = cloud.operate(&[&args[..], taken].concat(), "");
        assert_eq!(taken.code, 1);
        let said = "is somebody else here; unlink them first";
        assert!(taken.stderr.contains(said), "{}", taken.stderr);
    }
    assert!(!cloud.operate(&["users", "list"], "").stdout.contains("carl"));
    provider.forget();
    let linked = cloud.operate(&[&args[..], &["users", "link", "anna", "1234"]].concat(), "");
    assert_eq!(
        linked.stdout,
        format!("anna is 1234 at {}\n", provider.issuer),
        "{}",
        linked.stderr
    );
    let browser = Browser::new(&cloud);
    let form = browser.get("/sign-in?next=/activate");
    assert!(form.body.contains(">Sign in with Example &lt;ID&gt;</a>"), "{}", form.body);
    let back = provider.lead(&browser, &cloud, "1234");
    assert_eq!((back.status, back.field("location")), (303, Some("/activate?user_code=BCDF-GHJK")));
    assert!(browser.get("/activate").body.contains("Signed in as <strong>anna</strong>"));
    assert!(browser.cookie("__Host-d1_form").is_none());
    // Whoever is unlinked is signed out, and a stranger from now on.
    let unlinked = cloud.operate(&[&args[..], &["users", "unlink", "anna", "1234"]].concat(), "");
    assert_eq!(unlinked.code, 0, "{}", unlinked.stderr);
    provider.forget();
    let stranger = provider.lead(&Browser::new(&cloud), &cloud, "1234");
    assert_eq!(stranger.status, 403);
    assert!(stranger.body.contains("Ask whoever looks after this server"), "{}", stranger.body);
}

#[test]
fn everybody_whom_the_provider_knows_is_let_in_where_the_owner_says_so() {
    let mut provider = Provider::start();
    let cloud = provider.cloud(&["--oidc-admits", "everybody"]);
    let browser = Browser::new(&cloud);
    assert_eq!(provider.lead(&browser, &cloud, "77").status, 303);
    assert!(browser.get("/activate").body.contains("Signed in as <strong>person-77</strong>"));
    // They have an account, and a program of theirs is let in.
    let (_, user_code) = super::begin(&cloud);
    assert_eq!(browser.approve(&user_code).status, 200);
    let listed = cloud.operate(&["users", "list"], "").stdout;
    assert!(listed.contains(&format!("person-77\n  is      77 at {}\n  owner ", provider.issuer)));
}

#[test]
fn an_answer_that_was_not_asked_for_signs_nobody_in() {
    let mut provider = Provider::start();
    let cloud = provider.cloud(&["--oidc-admits", "everybody"]);
    let browser = Browser::new(&cloud);
    let sent = browser.get("/sign-in/elsewhere?next=//evil.example");
    let back = provider.sign_in(sent.field("location").unwrap(), "77", &cloud.http());
    let path = back.strip_prefix(&cloud.http()).unwrap();
    // Somebody else is led to the answer of a sign-in that is not theirs.
    let victim = Browser::new(&cloud);
    victim.get("/sign-in");
    assert_eq!(victim.get(path).status, 400);
    assert_eq!(victim.get("/activate").status, 303);
    assert_eq!(browser.get(path).field("location"), Some("/activate"));
    assert_eq!(browser.get(path).status, 400);
    // One of another client, as by a page that mixes providers up.
    let forged = path.replace("code=", "code=x&code=");
    assert_eq!(browser.get(&forged).status, 400);
}

#[test]
fn a_provider_that_is_away_is_told_of_and_passwords_work_on() {
    let mut provider = Provider::start();
    let cloud = provider.cloud(&[]);
    cloud.add_user("anna");
    drop(provider);
    let away = Browser::new(&cloud).get("/sign-in/elsewhere");
    assert_eq!(away.status, 502);
    assert!(away.body.contains("Example &lt;ID&gt; cannot say who you are"), "{}", away.body);
    Browser::signed_in(&cloud, "anna");
}

#[test]
fn a_provider_has_to_be_told_whole_and_safe() {
    let cloud = CloudDesk::start();
    let page = Browser::new(&cloud).get("/sign-in/elsewhere");
    assert_eq!(page.status, 404);
    assert!(!Browser::new(&cloud).get("/sign-in").body.contains("Sign in with"));
    let plain = ["--oidc-issuer", "http://id.example", "--oidc-client", "d1"];
    for (args, code, said) in [
        (&plain[..], 1, "neither https:// nor on this machine"),
        (&["--oidc-issuer", "https://id.example"], 2, "--oidc-client"),
        (&[&["--oidc-secret-file", "/nowhere"][..], &plain].concat(), 1, "--oidc-secret-file"),
    ] {
        let refused = cloud.operate(&[args, &["users", "list"]].concat(), "");
        assert_eq!(refused.code, code, "{}", refused.stderr);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
    for without in [&["users", "link", "anna", "1"][..], &["users", "add", "zoe", "--subject", "1"]]
    {
        let nowhere = cloud.operate(without, "");
        assert_eq!(nowhere.code, 1, "{nowhere:?}");
        assert!(nowhere.stderr.contains("--oidc-issuer"), "{}", nowhere.stderr);
    }
    assert_eq!(cloud.operate(&["users", "list"], "").stdout, "");
}
