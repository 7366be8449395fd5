//! Programs of the system that a fix runs as the administrator: exactly these words, and no
//! others. Whoever orders any other program as the administrator gets a user of its own instead.

use d1_core::Exec;

/// What is run exactly so, with nothing added to its environment and nowhere else.
const PROGRAMS: [&[&str]; 3] = [
    // Finishes what a package manager began.
    &["dpkg", "--configure", "-a"],
    // Makes the locales that a file of the administrator lists.
    &["locale-gen"],
    // Sets what that file says; the file itself is a step before.
    &["sysctl", "--load", "/etc/sysctl.d/90-d1-doctor-watches.conf"],
];

/// Whether `exec` is one of them.
pub(crate) fn is_maintenance(exec: &Exec) -> bool {
    exec.env.is_empty()
        && exec.cwd.is_none()
        && PROGRAMS.iter().any(|words| exec.argv.words().iter().eq(words.iter()))
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
        assert!(is_maintenance(&exec(&["dpkg", "--configure", "-a"])));
        for words in [
            &["dpkg", "--configure", "-a", "-x"][..],
            &["dpkg", "--configure"],
            &["/tmp/dpkg", "--configure", "-a"],
            &["sysctl", "--load", "/etc/sysctl.d/other.conf"],
        ] {
            assert!(!is_maintenance(&exec(words)), "{words:?}");
        }
        let env = BTreeMap::from([("PERL5LIB".to_owned(), "/tmp".to_owned())]);
        assert!(!is_maintenance(&Exec { env, ..exec(&["locale-gen"]) }));
        let cwd = "/tmp".parse().ok();
        assert!(!is_maintenance(&Exec { cwd, ..exec(&["locale-gen"]) }));
    }
}
