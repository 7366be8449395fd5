//! A command as the audit log has it: what is secret by its looks is left out.

use d1_core::Argv;

/// What stands for something that was left out.
const HIDDEN: &str = "[hidden]";

/// Words in the name of an option or variable whose value nobody should read.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "token",
    "secret",
    "apikey",
    "api-key",
    "api_key",
    "auth",
];

/// A command in one line, without what is secret by its looks: values of options and variables
/// that are named like a secret, headers that carry one, and the user part of addresses.
///
/// What does not look like a secret cannot be told from a path or a name: a record's words can be
/// taken away.
#[must_use]
pub fn audited_argv(argv: &Argv) -> String {
    let mut hide_next = false;
    let mut shown = Vec::new();
    for word in argv.words() {
        if std::mem::replace(&mut hide_next, is_secret_option(word)) {
            shown.push(HIDDEN.to_owned());
            hide_next = false;
        } else {
            shown.push(quoted(&without_secret(word)));
        }
    }
    shown.join(" ")
}

/// An option whose value is the next word.
fn is_secret_option(word: &str) -> bool {
    word.starts_with('-') && !word.contains('=') && is_secret_name(word)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|secret| name.contains(secret))
}

fn without_secret(word: &str) -> String {
    if let Some((name, value)) = word.split_once('=')
        && is_secret_name(name)
        && !value.is_empty()
    {
        return format!("{name}={HIDDEN}");
    }
    if let Some((name, _)) = word.split_once(": ")
        && (is_secret_name(name) || name.eq_ignore_ascii_case("cookie"))
    {
        return format!("{name}: {HIDDEN}");
    }
    if let Some((before, after)) = word.split_once("://")
        && let Some((user, host)) = after.split_once('@')
        && !user.contains('/')
    {
        return format!("{before}://{HIDDEN}@{host}");
    }
    word.to_owned()
}

/// As a shell would need it, so that words can be told apart.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,[]".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str]) -> String {
        audited_argv(&Argv::new(words.iter().copied()).unwrap())
    }

    #[test]
    fn what_looks_like_a_secret_is_left_out() {
        for (words, expected) in [
            (vec!["git", "push"], "git push"),
            (vec!["x", "a b", "it's"], "x 'a b' 'it'\\''s'"),
            (vec!["mysql", "--password=hunter2", "db"], "mysql --password=[hidden] db"),
            (vec!["x", "--token", "hunter2", "y"], "x --token [hidden] y"),
            (vec!["env", "API_KEY=hunter2", "x"], "env API_KEY=[hidden] x"),
            (
                vec!["curl", "-H", "Authorization: Bearer hunter2"],
                "curl -H 'Authorization: [hidden]'",
            ),
            (
                vec!["git", "clone", "https://anna:hunter2@example.org/x"],
                "git clone https://[hidden]@example.org/x",
            ),
            (vec!["curl", "https://example.org/@anna"], "curl https://example.org/@anna"),
        ] {
            assert_eq!(shown(&words), expected);
        }
    }
}
