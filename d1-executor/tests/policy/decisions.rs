//! What rules, paths and confinements come to.

use crate::rig::{asked, assert_allowed, bare, confined, denied, device, line, said};
use d1_executor::{
    Access, Bare, Decision, Demand, Denial, Granted, Kept, Limits, Policy, Reason, Request, Touch,
    Walls,
};

use proptest::prelude::*;

/// A policy that forbids to delete.
const NO_RM: &str = r#"
[[forbid]]
name = "no-delete"
why = "this machine has no backups"
instead = "move it to ~/trash"
program = "rm"
match = ["rm x"]
"#;

/// A policy that keeps a file and a folder.
const KEPT: &str = r#"
[[protect]]
path = "/etc/shadow"
why = "passwords"
[[protect]]
path = "~/.ssh"
why = "keys"
[[protect]]
path = "/etc/hosts"
may = "read"
why = "others need it"
"#;

#[test]
fn a_rule_that_forbids_is_told_with_why_where_and_what_to_do() {
    let expected = Denial {
        code: "D1-POL-004",
        reason: "`rm` is forbidden by the rule `no-delete`".into(),
        cause: "this machine has no backups".into(),
        alternative: "move it to ~/trash".into(),
        source: Some("/etc/d1-doctor/policy.toml, line 2".into()),
    };
    assert_eq!(denied(line(NO_RM, "rm notes")), expected);
    let problem = expected.problem();
    assert_eq!(
        problem.to_string(),
        "D1-POL-004: `rm` is forbidden by the rule `no-delete`: this machine has no backups \
         (/etc/d1-doctor/policy.toml, line 2); move it to ~/trash"
    );
}

#[test]
fn what_is_forbidden_is_forbidden_by_every_name_and_inside_every_wrapper() {
    for text in [
        "/bin/rm x",
        "erase x",
        "nice -n 5 rm x",
        "sudo -n rm x",
        "find . -exec rm {} +",
        "xargs -0 rm",
        "env -i rm x",
    ] {
        assert_eq!(denied(line(NO_RM, text)).code, "D1-POL-004", "{text}");
    }
    let text = said(NO_RM, &bare(&["sh", "-c", "true && rm x"]));
    assert_eq!(denied(text).code, "D1-POL-004");
}

#[test]
fn what_is_understood_and_forbidden_by_nothing_runs() {
    for text in ["echo rm", "cat notes", "cp a b", "/usr/bin/wc -l x", "find . -name x"] {
        assert_allowed(&line(NO_RM, text));
    }
}

#[test]
fn what_cannot_be_told_needs_a_yes_as_soon_as_there_is_a_rule() {
    for text in ["make", "./tool", "ls", "python3 x.py", "sh -c true", "unheard-of"] {
        assert_eq!(asked(line(NO_RM, text)).len(), 1, "{text}");
        assert_allowed(&line("", text));
    }
    let strict = format!("opaque = \"deny\"\n{NO_RM}");
    assert_eq!(denied(line(&strict, "make")).code, "D1-POL-008");
    let preload = Request { given: ["LD_PRELOAD".to_owned()].into(), ..bare(&["cat", "x"]) };
    let text = "`LD_PRELOAD` lets other code run in a program's place".to_owned();
    let source = Some("/etc/d1-doctor/policy.toml".to_owned());
    assert_eq!(asked(said(NO_RM, &preload)), [Reason { text, source }]);
}

#[test]
fn what_the_owner_names_runs_and_what_carries_others_only_word_for_word() {
    let allow = |program: &str, words: &str, example: &str| {
        format!(
            "default = 'ask'\n[[allow]]\nname = 'a'\nwhy = 'w'\nprogram = '{program}'\n\
             words = [{words}]\nmatch = ['{example}']\n"
        )
    };
    let make = allow("make", "'test'", "make test");
    assert_allowed(&line(&make, "make test FAST=1"));
    for text in ["make", "make -f x test", "cat x", "/tmp/make test"] {
        assert!(!asked(line(&make, text)).is_empty(), "{text}");
    }
    let python = allow("python3", "'-m', 'unittest'", "python3 -m unittest");
    assert_allowed(&line(&python, "python3 -m unittest"));
    asked(line(&python, "python3 -m unittest x"));
    let none = make.replace("'ask'", "'deny'");
    assert_eq!(denied(line(&none, "cat x")).code, "D1-POL-007");
}

#[test]
fn a_protected_path_is_kept_however_it_is_written() {
    for text in [
        "cat /etc/shadow",
        "cat ../../../etc/./shadow",
        "dd if=/etc/shadow",
        "cat link",
        "grep -f/etc/shadow x",
        "cp --target-directory=/etc/hosts x",
        "rm /etc/hosts",
        "ls ~/.ssh/id",
        "curl file:///etc/shadow",
        "sh -c cat</etc/shadow",
    ] {
        assert_eq!(denied(line(KEPT, text)).code, "D1-POL-005", "{text}");
    }
    for text in ["cat /etc/hosts", "echo /etc/shadow", "cat /etc/passwd", "find . -name x"] {
        assert_allowed(&line(KEPT, text));
    }
    let inside = Request { cwd: "/home/ada/.ssh".into(), ..bare(&["cat", "id"]) };
    assert_eq!(denied(said(KEPT, &inside)).code, "D1-POL-005");
}

#[test]
fn what_is_above_a_protected_path_needs_a_yes_without_walls_and_none_behind_them() {
    for text in ["cp -r /etc x", "grep -r x /home", "rm -rf /"] {
        assert!(!asked(line(KEPT, text)).is_empty(), "{text}");
    }
    let everywhere = Request { cwd: "/home/ada".into(), ..bare(&["find"]) };
    asked(said(KEPT, &everywhere));
    assert_allowed(&line(KEPT, "stat /etc"));
    let Decision::Allow { grant, .. } = said(KEPT, &confined(&["cp", "-r", "/etc", "x"])) else {
        panic!("it is not allowed");
    };
    let kept = |path: &str, access| Kept { path: path.into(), access };
    let expected = [
        kept("/etc/hosts", Some(Access::Read)),
        kept("/etc/shadow", None),
        kept("/home/ada/.ssh", None),
    ];
    assert_eq!(grant.confined().unwrap().keep, expected, "the sandbox is told of them");
}

fn with(change: impl FnOnce(&mut Walls)) -> Request {
    let mut request = confined(&["true"]);
    change(request.walls.as_mut().unwrap());
    request
}

#[test]
fn walls_are_never_lower_than_the_owner_wants() {
    let touch = |path: &str| vec![Touch { path: path.into(), access: Access::Write }];
    let policy = "profiles = ['home']\nbest_effort = false\ntouch = ['/srv/site']\n\
                  [limits]\nmemory = 1000\n";
    for request in [
        bare(&["true"]),
        with(|walls| walls.profile = d1_executor::Profile::Diagnose),
        with(|walls| walls.demand = Demand::BestEffort),
        with(|walls| walls.touches = touch("/srv")),
    ] {
        assert_eq!(denied(said(policy, &request)).code, "D1-POL-006", "{request:?}");
    }
    let decision = said(policy, &with(|walls| walls.touches = touch("/srv/site/new")));
    let Decision::Allow { grant, digest } = decision else { panic!("{decision:?}") };
    assert_eq!(grant.digest(), digest);
    assert_eq!(grant.confined().unwrap().limits, Limits { memory: 1000, ..Limits::USUAL });
}

#[test]
fn the_strictest_word_of_both_files_counts() {
    let decide = |machine: &str, user: &str, line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        Policy::parse(machine, user).unwrap().decide(&bare(&words), &device())
    };
    let allow_rm = "[[allow]]\nname = 'a'\nwhy = 'w'\nprogram = 'rm'\nmatch = ['rm x']\n";
    assert_eq!(denied(decide(NO_RM, allow_rm, "rm x")).code, "D1-POL-004");
    assert_eq!(denied(decide(allow_rm, NO_RM, "rm x")).code, "D1-POL-004");
    asked(decide("default = 'ask'", allow_rm, "rm x"));
    asked(decide("", "default = 'ask'", "cat x"));
    assert_allowed(&decide(allow_rm, "default = 'allow'", "rm x"));
    let ask_rm = NO_RM.replace("forbid", "ask");
    assert_eq!(denied(decide(&ask_rm, NO_RM, "rm x")).code, "D1-POL-004");
    let reasons = asked(decide(&ask_rm, "", "rm x"));
    assert_eq!(
        reasons[0].to_string(),
        "`rm`: this machine has no backups (/etc/d1-doctor/policy.toml, line 2)"
    );
}

#[test]
fn a_yes_is_to_one_command_and_to_no_other() {
    let digest = |request: &Request| {
        let decision = said("default = 'ask'", request);
        let Decision::NeedsApproval { digest, .. } = decision else { panic!("{decision:?}") };
        digest
    };
    let mut env = bare(&["cat", "x"]);
    env.env.insert("A".into(), "b".into());
    let requests = [
        bare(&["cat", "x"]),
        bare(&["cat", "y"]),
        bare(&["cat x"]),
        env,
        Request { cwd: "/".into(), ..bare(&["cat", "x"]) },
        confined(&["cat", "x"]),
        with(|walls| walls.limits.memory = 1),
    ];
    let digests: std::collections::BTreeSet<_> = requests.iter().map(digest).collect();
    assert_eq!(digests.len(), requests.len());
    assert_eq!(digest(&requests[0]), digest(&bare(&["cat", "x"])));
    let decision = said("", &requests[0]);
    let Decision::Allow { grant: Granted::Bare(granted), .. } = decision else {
        panic!("{decision:?}");
    };
    let Request { argv, env, cwd, .. } = requests[0].clone();
    assert_eq!(granted, Bare { argv, env, cwd, script: None });
}

proptest! {
    #[test]
    fn no_file_at_all_makes_it_panic(
        text in "(\\[\\[(forbid|ask|allow|protect)\\]\\]\n|[a-z_]{1,9} = |['\"\\[\\]{}=.#0-9a-z*~/-]{0,9}|\n){0,30}"
    ) {
        if let Ok(policy) = Policy::parse(&text, "") {
            let _any_answer = policy.decide(&bare(&["cat", "x"]), &device());
        }
    }
}

#[test]
fn a_script_runs_only_where_the_owner_allows_scripts() {
    let script = Request { is_script: true, ..bare(&["sh", "-c", "echo hi"]) };
    assert_eq!(denied(said("", &script)).code, "D1-POL-001");
    assert_allowed(&said("allow_shell = true", &script));
}

#[test]
fn the_example_of_the_readme_is_a_policy() {
    let readme = include_str!("../../README.md");
    let text = readme.split("<!-- policy.toml -->\n```toml\n").nth(1).unwrap();
    let text = text.split("```").next().unwrap();
    assert_eq!(denied(line(text, "git push -f")).code, "D1-POL-006", "a step has no walls");
    let request = confined(&["git", "push", "--forc"]);
    assert_eq!(denied(said(text, &request)).source.unwrap(), "/etc/d1-doctor/policy.toml, line 19");
    assert_allowed(&said(text, &confined(&["make", "test"])));
    asked(said(text, &confined(&["cat", "x"])));
}
