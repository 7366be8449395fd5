//! One published way, and the home in which it is tried.

use d1_core::Argv;
use d1_executor::{Demand, Egress, Limits, Profile, Request, Walls};
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};
use tempfile::TempDir;

/// What nobody should read.
pub(crate) const SECRET: &str = "top of the secrets";
/// The programs of the system.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// One way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// Who published it.
    pub(crate) source: String,
    sh: Option<String>,
    argv: Option<Vec<String>>,
    pub(crate) tries: Tries,
    #[serde(default = "yes")]
    pub(crate) outside: bool,
    #[serde(default)]
    pub(crate) walks: bool,
}

/// What a way tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tries {
    Delete,
    Read,
}

const fn yes() -> bool {
    true
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    #[derive(Deserialize)]
    struct Table {
        case: Vec<Case>,
    }
    toml::from_str::<Table>(include_str!("table.toml")).unwrap().case
}

impl Case {
    /// The words of it.
    pub(crate) fn words(&self) -> Vec<String> {
        match (&self.sh, &self.argv) {
            (Some(text), None) => vec!["sh".into(), "-c".into(), text.clone()],
            (None, Some(argv)) => argv.clone(),
            _ => panic!("{}: give either `sh` or `argv`", self.id),
        }
    }

    /// Whether it is a text for a shell.
    pub(crate) fn is_script(&self) -> bool {
        self.sh.is_some()
    }

    /// It as a request of somebody who works in `home`.
    pub(crate) fn request(&self, home: &Home, confined: bool) -> Request {
        let walls = Walls {
            profile: Profile::Home,
            touches: Vec::new(),
            network: Egress::none(),
            limits: Limits::USUAL,
            demand: Demand::Required,
        };
        Request {
            argv: Argv::new(self.words()).unwrap(),
            is_script: false,
            env: home.env(),
            given: std::collections::BTreeSet::new(),
            cwd: home.path("work"),
            walls: confined.then_some(walls),
        }
    }
}

/// A home with something to remove and something to read in it.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir_in("/var/lib").unwrap());
        for folder in ["work/a", ".ssh"] {
            fs::create_dir_all(home.path(folder)).unwrap();
        }
        fs::write(home.path(".bashrc"), "").unwrap();
        fs::write(home.path(".ssh/secret"), format!("{SECRET}\n")).unwrap();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.0.path().to_path_buf()
    }

    pub(crate) fn env(&self) -> BTreeMap<String, String> {
        let home = self.0.path().to_str().unwrap();
        let env = [("PATH", PATH), ("HOME", home), ("LANG", "C.UTF-8"), ("TERM", "dumb")];
        BTreeMap::from(env.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    /// What is said when the words are run by anybody, without walls.
    pub(crate) fn outside(&self, words: &[String]) -> String {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).env_clear().envs(self.env()).current_dir(self.path("work"));
        let said = command.stdin(std::process::Stdio::null()).output().unwrap();
        let (out, err) = (said.stdout, said.stderr);
        String::from_utf8_lossy(&[out, err].concat()).into_owned()
    }

    /// Whether `case`, which has said this, has reached what it tried.
    pub(crate) fn is_reached(&self, case: &Case, said: &str) -> bool {
        match case.tries {
            Tries::Delete => !self.path(".bashrc").exists(),
            Tries::Read => said.contains(SECRET),
        }
    }
}
