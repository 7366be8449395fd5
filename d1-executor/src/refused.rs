//! What a command was refused on the network, told with its failure: whom it wanted, and what
//! would let it.

use d1_core::{NetworkUse, Problem};

/// The most hosts that one failure names.
const MOST: usize = 4;

/// The hosts that were refused because nobody allowed them, as `--allow-host` takes them. Those
/// that `words` speak of come first.
pub(crate) fn wanted(network: &NetworkUse, words: &str) -> Vec<String> {
    let mut all = network.unallowed();
    // A stable order: of two that are spoken of, or not, the first stays first.
    all.sort_by_key(|host| !words.contains(host.split(':').next().unwrap_or_default()));
    all.truncate(MOST);
    all
}

/// The same problem, with whom it was refused and what would allow them.
pub(crate) fn told(mut problem: Problem, network: &NetworkUse, words: &str) -> Problem {
    let wanted = wanted(network, words);
    let Some(first) = wanted.first() else { return problem };
    let listed = wanted.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", ");
    let cause = format!("it was refused to call {listed}, which nobody allowed it");
    problem.cause =
        if problem.cause.is_empty() { cause } else { format!("{cause}\n{}", problem.cause) };
    let next = format!("allow it, if it should call `{first}`: --allow-host {first}");
    problem.next.insert(0, next);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::{Category, NetworkAsk, NetworkDecision, NetworkReason};

    fn refused(host: &str) -> NetworkDecision {
        NetworkDecision {
            ask: NetworkAsk::Name,
            host: host.into(),
            address: String::new(),
            port: 0,
            allowed: false,
            reason: Some(NetworkReason::NameNotAllowed),
            times: 1,
            sent: 0,
            received: 0,
        }
    }

    #[test]
    fn a_failure_names_first_whom_its_words_speak_of_and_says_how_to_allow_them() {
        let decisions = ["news.test", "files.test", "d.test", "e.test", "f.test"].map(refused);
        let network = NetworkUse { decisions: decisions.into(), ..NetworkUse::default() };
        let problem = Problem::new("D1-X-001", Category::Task, "it failed").because("exit code 1");
        let told = told(problem, &network, "GET https://files.test/x: could not resolve");
        assert_eq!(
            told.cause,
            "it was refused to call `files.test`, `news.test`, `d.test`, `e.test`, which nobody \
             allowed it\nexit code 1"
        );
        assert_eq!(
            told.next,
            ["allow it, if it should call `files.test`: --allow-host files.test"]
        );
    }

    #[test]
    fn a_failure_that_nobody_was_refused_in_is_told_as_it_was() {
        let problem = Problem::new("D1-X-001", Category::Task, "it failed");
        assert_eq!(told(problem.clone(), &NetworkUse::default(), "x"), problem);
    }
}
