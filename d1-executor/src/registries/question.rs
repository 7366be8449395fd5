//! A question to a tool, and what is read from its words.

use d1_core::{AbsolutePath, Argv, Exec, HostName};
use hyper::Uri;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// What a tool told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) hosts: BTreeSet<HostName>,
    /// Where it installs to.
    pub(crate) folders: BTreeSet<AbsolutePath>,
    /// Whether nothing is left to ask.
    pub(crate) is_all: bool,
}

/// Reads what a tool told from its output, its errors, and the home it looked at; an error is
/// what it does not say.
pub(crate) type Read = fn(&str, &str, &Path) -> Result<Told, String>;

/// One question to a tool.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) exec: Exec,
    pub(crate) read: Read,
}

/// All questions to one tool.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) questions: Vec<Question>,
}

impl Question {
    /// These words, asked in the home, where no project says otherwise.
    pub(crate) fn new(
        words: &[&str],
        env: &[(&str, &str)],
        home: &Path,
        read: Read,
    ) -> Option<Self> {
        let argv = Argv::new(words.iter().copied()).ok()?;
        let cwd: Option<AbsolutePath> = home.to_str()?.parse().ok();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let env: BTreeMap<String, String> = env.collect();
        Some(Self { exec: Exec { argv, cwd, env }, read })
    }
}

impl Asked {
    /// The questions to one tool.
    pub(crate) fn of(questions: impl IntoIterator<Item = Option<Question>>) -> Self {
        Self { questions: questions.into_iter().flatten().collect() }
    }

    /// The program that is asked.
    pub(crate) fn program(&self) -> &str {
        self.questions.first().map_or("", |question| question.exec.argv.program())
    }
}

/// What is said of a tool whose own settings name a proxy. Behind walls it reaches whom its plan
/// names, and a proxy would reach everybody for it; the one of our environment is used from outside.
pub(crate) fn has_a_proxy(setting: &str) -> String {
    format!(
        "has a proxy of its own (`{setting}` in its settings), which nobody reaches from behind \
         walls; take it out, and set `http_proxy` and `https_proxy` for d1-doctor, which goes \
         through those"
    )
}

/// The hosts of addresses of the web, as a step names them. What is no such address needs no
/// network.
pub(crate) fn hosts_of<'a>(
    addresses: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeSet<HostName>, String> {
    let web = |address: &&str| ["http://", "https://"].iter().any(|it| address.starts_with(it));
    let named = addresses.into_iter().filter(web).map(|address| {
        // Only what is before the path is of interest, and paths have signs of their own.
        let (scheme, rest) = address.split_once("://").unwrap_or_default();
        let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = format!("{scheme}://{place}/").parse().ok().and_then(|uri| host(&uri));
        // An address may have a password in it.
        host.ok_or_else(|| format!("names an address of {scheme} without a host"))
    });
    named.collect()
}

fn host(uri: &Uri) -> Option<HostName> {
    let host = uri.host().filter(|host| !host.is_empty())?.to_ascii_lowercase();
    let usual = if uri.scheme_str() == Some("http") { 80 } else { 443 };
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    let port = uri.port_u16().unwrap_or(usual);
    // A name alone means both ports of HTTP; an address is never named without its port.
    let text = if port == usual && !is_address { host } else { format!("{host}:{port}") };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_named_as_a_step_names_them() {
        let addresses = [
            "https://Registry.test/",
            "https://ada:secret@files.test:8443/x y?z",
            "http://registry.test:80/simple",
            "https://index.test:443/a",
            "http://127.0.0.1:4873/",
            "https://[::1]/x",
            "file:///srv/x",
            "direct",
        ];
        let hosts = hosts_of(addresses).unwrap();
        let named: Vec<&str> = hosts.iter().map(HostName::as_str).collect();
        let wanted =
            ["127.0.0.1:4873", "[::1]:443", "files.test:8443", "index.test", "registry.test"];
        assert_eq!(named, wanted);
        assert!(hosts_of(["https:///x"]).is_err());
        assert!(!hosts_of(["https://ada:secret@/x"]).unwrap_err().contains("secret"));
    }
}
