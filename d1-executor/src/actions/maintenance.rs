//! Programs of the system that a fix runs as the administrator: exactly these words, and no
//! others. Whoever orders any other program as the administrator gets a user of its own instead.

use d1_core::Exec;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maintenance {
    /// It changes files of the system.
    OfTheSystem,
    /// It changes the kernel, which no walls give to anybody.
    OfTheKernel,
}

/// What is run exactly so, with nothing added to its environment and nowhere else.
const PROGRAMS: [(&[&str], Maintenance); 3] = [
    // Finishes what a package manager began.
    (&["dpkg", "--configure", "-a"], Maintenance::OfTheSystem),
    // Makes the locales that a file of the administrator lists.
    (&["locale-gen"], Maintenance::OfTheSystem),
    // Sets what that file says; the file itself is a step before.
    (&["sysctl", "--load", "/etc/sysctl.d/90-d1-doctor-watches.conf"], Maintenance::OfTheKernel),
];

/// Which of them `exec` is, when it is one.
pub(crate) fn maintenance(exec: &Exec) -> Option<Maintenance> {
    let plain = exec.env.is_empty() && exec.cwd.is_none();
    let mut programs = PROGRAMS.iter().filter(|_| plain);
    let (_, which) = programs.find(|(words, _)| exec.argv.words().iter().eq(words.iter()))?;
    Some(*which)
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::Argv;
    use std::collections::BTreeMap;

    fn exec(words: &[&str]) -> Exec {
        let argv = Argv::new(words.iter().copied()).unwrap();
        Exec { argv, cwd: None, env: BTreeMap::new() }
    }

    #[test]
    fn one_word_more_or_one_variable_and_it_is_an_ordinary_program() {
        let finish = exec(&["dpkg", "--configure", "-a"]);
        assert_eq!(maintenance(&finish), Some(Maintenance::OfTheSystem));
        for words in [
            &["dpkg", "--configure", "-a", "-x"][..],
            &["dpkg", "--configure"],
            &["/tmp/dpkg", "--configure", "-a"],
            &["sysctl", "--load", "/etc/sysctl.d/other.conf"],
        ] {
            assert_eq!(maintenance(&exec(words)), None, "{words:?}");
        }
        let env = BTreeMap::from([("PERL5LIB".to_owned(), "/tmp".to_owned())]);
        assert_eq!(maintenance(&Exec { env, ..exec(&["locale-gen"]) }), None);
        let cwd = "/tmp".parse().ok();
        assert_eq!(maintenance(&Exec { cwd, ..exec(&["locale-gen"]) }), None);
    }
}
