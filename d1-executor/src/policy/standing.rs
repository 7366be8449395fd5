//! The owner's word while a command runs: what the files say by now.

use super::{core::Policy, layer::Layer};
use crate::sandbox::{HostRule, Inside, Standing};

impl Policy {
    fn still(&self, says: impl Fn(&Layer) -> bool) -> bool {
        // What cannot be read or trusted says no.
        self.again().is_ok_and(|now| [&now.machine, &now.user].into_iter().all(says))
    }
}

impl Standing for Policy {
    fn lets_call(&self, host: &HostRule) -> bool {
        let covers = |rules: &Vec<HostRule>| rules.iter().any(|rule| rule.covers(host));
        self.still(|layer| layer.hosts.as_ref().is_none_or(covers))
    }

    fn lets_lead(&self, inside: &Inside) -> bool {
        let covers = |nets: &Vec<Inside>| nets.iter().any(|net| net.covers(inside));
        self.still(|layer| layer.inside.as_ref().is_none_or(covers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_files_are_asked_as_they_are_now_and_both_of_them_have_to_agree() {
        let folder = tempfile::tempdir().unwrap();
        let (machine, user) = (folder.path().join("policy.toml"), folder.path().join("user.toml"));
        let policy = Policy::read(&machine, Some(&user)).unwrap();
        let host: HostRule = "good.test:443".parse().unwrap();
        let net: Inside = "10.0.0.0/8".parse().unwrap();
        let asks = || (policy.lets_call(&host), policy.lets_lead(&net));
        assert_eq!(asks(), (true, true), "nobody says anything");
        for (of_machine, of_user, said) in [
            ("hosts = ['good.test']", "", (true, true)),
            ("hosts = ['*.test.test', 'good.test:80']", "", (false, true)),
            ("hosts = ['good.test']", "hosts = []", (false, true)),
            ("inside = ['10.0.0.0/8']", "inside = ['10.1.0.0/16']", (true, false)),
            ("", "inside = ['10.0.0.0/8']", (true, true)),
            ("hosts = ", "", (false, false)),
        ] {
            fs::write(&machine, of_machine).unwrap();
            fs::write(&user, of_user).unwrap();
            assert_eq!(asks(), said, "{of_machine}, {of_user}");
        }
    }
}
