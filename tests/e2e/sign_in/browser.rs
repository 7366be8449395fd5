//! A browser without a script: it keeps cookies, fills forms in and sends them.

use d1_world::CloudDesk;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A browser.
pub(crate) struct Browser {
    home: String,
    /// Who vouches for the server, where it speaks TLS.
    authority: Option<PathBuf>,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// A page as it was answered.
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Field names in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Page {
    /// What a hidden field has in it.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let field = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&field).unwrap_or_else(|| panic!("no {name} in {}", self.body));
        let rest = &self.body[at + field.len()..];
        rest[..rest.find('"').unwrap()].to_owned()
    }

    /// A field of the head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

impl Browser {
    pub(crate) fn new(cloud: &CloudDesk) -> Self {
        Self { home: cloud.http(), authority: None, cookies: RefCell::default() }
    }

    /// One that comes through a proxy which is vouched for by this authority.
    pub(crate) fn over_tls(home: &str, authority: &Path) -> Self {
        let authority = Some(authority.to_owned());
        Self { home: home.to_owned(), authority, cookies: RefCell::default() }
    }

    /// One in which somebody is signed in.
    pub(crate) fn signed_in(cloud: &CloudDesk, name: &str) -> Self {
        let browser = Self::new(cloud);
        let page = browser.sign_in(name, CloudDesk::PASSWORD);
        assert_eq!((page.status, page.field("location")), (303, Some("/activate")));
        browser
    }

    /// Fills the form for names and passwords in.
    pub(crate) fn sign_in(&self, name: &str, password: &str) -> Page {
        let form = self.get("/sign-in").hidden("form");
        self.post("/sign-in", &[("form", &form), ("name", name), ("password", password)])
    }

    /// Looks a code up.
    pub(crate) fn look_up(&self, user_code: &str) -> Page {
        let form = self.get("/activate").hidden("form");
        self.post("/activate", &[("form", &form), ("user_code", user_code)])
    }

    /// Looks a code up and says yes.
    pub(crate) fn approve(&self, user_code: &str) -> Page {
        self.decide(user_code, "approve")
    }

    /// Looks a code up and decides.
    pub(crate) fn decide(&self, user_code: &str, decision: &str) -> Page {
        let panel = self.look_up(user_code);
        assert_eq!(panel.status, 200, "{}", panel.body);
        let (form, account) = (panel.hidden("form"), panel.hidden("account"));
        let fields = [
            ("form", form.as_str()),
            ("account", &account),
            ("user_code", user_code),
            ("decision", decision),
        ];
        self.post("/activate/decide", &fields)
    }

    pub(crate) fn get(&self, path: &str) -> Page {
        self.ask(&[], path)
    }

    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        let fields: Vec<String> = form.iter().map(|(name, it)| format!("{name}={it}")).collect();
        let mut args = Vec::new();
        for field in &fields {
            args.extend(["--data-urlencode", field.as_str()]);
        }
        self.ask(&args, path)
    }

    /// Asks with what it keeps, and keeps what it is told to.
    pub(crate) fn ask(&self, args: &[&str], path: &str) -> Page {
        let kept: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let field = format!("Cookie: {}", kept.join("; "));
        // `curl` reads the head in lower case for us, but what is kept has both.
        let url = format!("{}{path}", self.home);
        let mut curl = std::process::Command::new("curl");
        let asked = curl
            .args(["-si", "-H", &field, "-H", super::FROM])
            .args(self.authority.iter().flat_map(|path| ["--cacert".as_ref(), path.as_os_str()]))
            .args(args)
            .arg(url)
            .output()
            .unwrap();
        let text = String::from_utf8(asked.stdout).unwrap().replace('\r', "");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        for line in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            self.keep(line);
        }
        let status = super::status(head);
        Page { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn keep(&self, line: &str) {
        let (pair, how) = line.split_once("; ").unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        // As `__Host-` demands, and out of the reach of scripts.
        assert!(name.starts_with("__Host-"), "{line}");
        let rules = "Path=/; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(how.strip_suffix("; Max-Age=0").unwrap_or(how), rules);
        if how.ends_with("Max-Age=0") {
            self.cookies.borrow_mut().remove(name);
        } else {
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }
}
