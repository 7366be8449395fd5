//! A light reading of rules: which predicates a rule is made of, and the rule without each.

use std::ops::Range;

/// A rule with one predicate less.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mutant {
    /// What was taken out.
    pub(super) predicate: String,
    /// What is left.
    pub(super) rule: String,
}

/// The rule without each of the predicates between `begin` and `end`.
pub(super) fn mutants(rule: &str, begin: &str, end: &str) -> Vec<Mutant> {
    let Some(at) = rule.find(begin).map(|at| at + begin.len()) else { return vec![] };
    let length = rule[at..].find(end).unwrap_or(rule.len() - at);
    let mut cuts = vec![];
    cut(rule, at..at + length, &mut cuts);
    let mutant = |Cut { predicate, place, with }| Mutant {
        predicate,
        rule: format!("{}{with}{}", &rule[..place.start], &rule[place.end..]),
    };
    cuts.into_iter().map(mutant).collect()
}

/// Where to cut a predicate out, and what to put there.
struct Cut {
    predicate: String,
    place: Range<usize>,
    with: String,
}

fn cut(text: &str, range: Range<usize>, cuts: &mut Vec<Cut>) {
    let range = bare(text, range);
    let expression = &text[range.clone()];
    if expression.starts_with("CASE") {
        return cut_arms(text, range, cuts);
    }
    for word in [" OR ", " AND "] {
        let parts = split(text, range.clone(), word);
        if parts.len() > 1 {
            for (place, part) in parts.iter().enumerate() {
                let with_its_word = match parts.get(place + 1) {
                    Some(next) => part.start..next.start,
                    None => parts[place - 1].end..part.end,
                };
                let predicate = text[bare(text, part.clone())].to_owned();
                cuts.push(Cut { predicate, place: with_its_word, with: String::new() });
                cut(text, part.clone(), cuts);
            }
            return;
        }
    }
    if let Some((what, limits)) = expression.split_once(" BETWEEN ") {
        let (low, high) = limits.split_once(" AND ").unwrap();
        let (low, high) = (format!("{what} >= {low}"), format!("{what} <= {high}"));
        let one = |predicate: &String, with: &String| Cut {
            predicate: predicate.clone(),
            place: range.clone(),
            with: with.clone(),
        };
        return cuts.extend([one(&low, &high), one(&high, &low)]);
    }
    for (at, _) in expression.match_indices("WHERE ") {
        let start = range.start + at + "WHERE ".len();
        let clause = split(text, start..range.end, ")").remove(0);
        cut(text, clause, cuts);
    }
}

/// Every arm of a `CASE` may say yes to everything.
fn cut_arms(text: &str, range: Range<usize>, cuts: &mut Vec<Cut>) {
    for word in ["THEN ", "ELSE "] {
        for (at, _) in text[range.clone()].match_indices(word) {
            let start = range.start + at + word.len();
            let ends = [" WHEN ", " ELSE ", " END"];
            let end = ends.iter().filter_map(|end| text[start..range.end].find(end)).min();
            let arm = start..start + end.unwrap();
            let predicate = text[bare(text, arm.clone())].to_owned();
            cuts.push(Cut { predicate, place: arm.clone(), with: "1 = 1".to_owned() });
            cut(text, arm, cuts);
        }
    }
}

/// Without spaces and parentheses around all of it.
fn bare(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    let end = start + part.trim().len();
    let part = &text[start..end];
    let inner = part.strip_prefix('(').and_then(|part| part.strip_suffix(')'));
    let is_whole = inner.is_some_and(|inner| lowest(inner) == 0);
    if is_whole { bare(text, start + 1..end - 1) } else { start..end }
}

/// How far below its beginning the nesting falls.
fn lowest(text: &str) -> i32 {
    let nesting = text.chars().scan(0, |depth, one| {
        *depth += i32::from(one == '(') - i32::from(one == ')');
        Some(*depth)
    });
    nesting.min().unwrap_or(0).min(0)
}

/// The parts between a word, where it is in no parentheses.
fn split(text: &str, range: Range<usize>, word: &str) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut depth) = (vec![], range.start, 0);
    for at in range.clone() {
        let here = &text.as_bytes()[at..range.end];
        // The AND of a BETWEEN joins nothing.
        let is_limit = || text[start..at].contains(" BETWEEN ") && word == " AND ";
        if at >= start && depth == 0 && here.starts_with(word.as_bytes()) && !is_limit() {
            parts.push(start..at);
            start = at + word.len();
        }
        depth += i32::from(here[0] == b'(') - i32::from(here[0] == b')');
    }
    parts.push(start..range.end);
    parts
}

#[test]
fn a_rule_is_read_as_the_predicates_it_is_made_of() {
    let read = |rule: &str| -> Vec<String> {
        mutants(rule, "CHECK ", "#").into_iter().map(|mutant| mutant.rule).collect()
    };
    assert_eq!(read("CHECK (a > 0)#"), [""; 0]);
    assert_eq!(
        read("CHECK (a OR (b AND c))#"),
        ["CHECK ((b AND c))#", "CHECK (a)#", "CHECK (a OR (c))#", "CHECK (a OR (b))#"]
    );
    assert_eq!(read("CHECK (a BETWEEN 0 AND 9)#"), ["CHECK (a <= 9)#", "CHECK (a >= 0)#"]);
    assert_eq!(
        read("CHECK (CASE a WHEN 1 THEN b ELSE c AND d END)#"),
        [
            "CHECK (CASE a WHEN 1 THEN 1 = 1 ELSE c AND d END)#",
            "CHECK (CASE a WHEN 1 THEN b ELSE 1 = 1 END)#",
            "CHECK (CASE a WHEN 1 THEN b ELSE d END)#",
            "CHECK (CASE a WHEN 1 THEN b ELSE c END)#"
        ]
    );
    assert_eq!(
        read("CHECK (a > (SELECT b FROM c WHERE d AND e) AND f)#"),
        [
            "CHECK (f)#",
            "CHECK (a > (SELECT b FROM c WHERE e) AND f)#",
            "CHECK (a > (SELECT b FROM c WHERE d) AND f)#",
            "CHECK (a > (SELECT b FROM c WHERE d AND e))#"
        ]
    );
}
