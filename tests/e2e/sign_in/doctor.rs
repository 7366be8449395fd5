//! `d1-doctor login`, `whoami` and `logout`, and commands that work with a sign-in.

use super::Browser;
use d1_world::{CloudDesk, Desk, PATIENCE, Ran, run};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    process::{Child, Stdio},
    time::Instant,
};

fn cloud() -> CloudDesk {
    let cloud = CloudDesk::start();
    cloud.add_user("anna");
    cloud
}

/// A person's `d1-doctor`, at the cloud.
fn doctor(desk: &Desk, cloud: &CloudDesk, args: &[&str]) -> Ran {
    let home = cloud.http();
    desk.doctor(&[args, &["--cloud", &home]].concat())
}

/// Begins, and tells what it says when it waits: the code is in it.
fn begin(desk: &Desk, cloud: &CloudDesk) -> (Child, String, BufReader<std::process::ChildStderr>) {
    let home = cloud.http();
    let mut login = desk.start(&["login", "--no-browser", "--cloud", &home]);
    let mut told = BufReader::new(login.stderr.take().unwrap());
    let mut code = String::new();
    while code.is_empty() {
        let mut line = String::new();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended without a code");
        code = line.strip_prefix("and type ").unwrap_or_default().trim().to_owned();
    }
    (login, code, told)
}

fn end(login: Child, mut told: BufReader<std::process::ChildStderr>) -> Ran {
    let mut stderr = String::new();
    told.read_to_string(&mut stderr).unwrap();
    let ran = Ran::from(login.wait_with_output().unwrap());
    Ran { stderr, ..ran }
}

/// Anna, signed in by a code.
fn signed_in(cloud: &CloudDesk) -> Desk {
    let desk = Desk::at_this_machine();
    let (login, code, told) = begin(&desk, cloud);
    Browser::signed_in(cloud, "anna").approve(&code);
    assert_eq!(end(login, told).code, 0);
    desk
}

fn accounts(desk: &Desk) -> Value {
    serde_json::from_str(&fs::read_to_string(desk.state("accounts.json")).unwrap()).unwrap()
}

#[test]
fn a_person_signs_in_asks_for_credits_and_signs_out() {
    let cloud = cloud();
    let desk = Desk::at_this_machine();
    let (login, code, told) = begin(&desk, &cloud);
    let panel = Browser::signed_in(&cloud, "anna").look_up(&code).body;
    assert!(panel.contains(&format!("“{}”", host())), "{panel}");
    Browser::signed_in(&cloud, "anna").approve(&code);
    let ran = end(login, told);
    let home = cloud.http();
    assert_eq!((ran.code, ran.stdout), (0, format!("✔ signed in to {home} as anna\n")));
    let who = desk.doctor(&["whoami"]);
    assert!(who.code == 0 && who.stdout.starts_with(&format!("anna at {home}\n")), "{who:?}");
    // By its cloud, by its person, or by nothing at all.
    for args in [&["credits", "--json"][..], &["credits", "--account", "ANNA", "--json"]] {
        let credits = desk.doctor(args);
        assert_eq!(credits.json()["balance"]["posted_micro"], 5_000_000, "{credits:?}");
    }
    assert_eq!(doctor(&desk, &cloud, &["credits"]).code, 0);
    let mode = fs::metadata(desk.state("accounts.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = accounts(&desk)["accounts"][0]["access_token"].as_str().unwrap().to_owned();
    let out = desk.doctor(&["logout"]);
    assert_eq!((out.code, out.stdout), (0, format!("signed out of {home} as anna\n")));
    assert_eq!(super::ask(&cloud, &token, &[], "/api/v1/user/me").0, 401);
    assert_eq!(desk.doctor(&["logout"]).stdout, "nobody was signed in\n");
    let credits = doctor(&desk, &cloud, &["credits"]);
    assert_eq!(credits.code, 4);
    assert!(
        credits.stderr.contains(&format!("next   d1-doctor login --cloud {home}")),
        "{credits:?}"
    );
}

fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

#[test]
fn a_program_signs_a_person_in_by_two_commands() {
    let cloud = cloud();
    let desk = Desk::at_this_machine();
    let begun = doctor(&desk, &cloud, &["login", "--no-wait", "--json"]).json();
    assert_eq!((&begun["schema"], &begun["state"]), (&json!("d1.login.v1"), &json!("pending")));
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    let (code, handle) = (text("user_code"), text("handle"));
    assert_eq!(
        text("verification_uri_complete"),
        format!("{}?user_code={code}", text("verification_uri"))
    );
    assert_eq!(text("next"), format!("d1-doctor login --resume {handle}"));
    Browser::signed_in(&cloud, "anna").approve(&code);
    let done = desk.doctor(&["login", "--resume", &handle, "--json"]).json();
    assert_eq!((&done["state"], &done["login"]), (&json!("signed_in"), &json!("anna")));
    for gone in [handle.as_str(), "../token", "00000000", ""] {
        let again = desk.doctor(&["login", "--resume", gone]);
        assert_eq!(again.code, 2, "{again:?}");
    }
}

#[test]
fn a_no_ends_the_command_at_once_and_changes_nothing() {
    let cloud = cloud();
    let desk = Desk::at_this_machine();
    let (login, code, told) = begin(&desk, &cloud);
    Browser::signed_in(&cloud, "anna").decide(&code, "decline");
    let ran = end(login, told);
    assert_eq!(ran.code, 6, "{ran:?}");
    assert!(ran.stderr.contains("error[D1-AUTH-013]: the sign-in was declined"), "{ran:?}");
    let who = desk.doctor(&["whoami"]);
    assert_eq!(who.code, 4, "{who:?}");
}

#[test]
fn a_token_that_is_over_is_replaced_once_however_many_commands_need_it() {
    let cloud = cloud();
    let desk = signed_in(&cloud);
    let before = accounts(&desk);
    let mut over = before.clone();
    over["accounts"][0]["good_until"] = json!(1);
    fs::write(desk.state("accounts.json"), over.to_string()).unwrap();
    let commands: Vec<_> = (0..6).map(|_| desk.start(&["credits", "--json"])).collect();
    for command in commands {
        let ran = Ran::from(command.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let after = accounts(&desk);
    for name in ["access_token", "refresh_token"] {
        assert_ne!(after["accounts"][0][name], before["accounts"][0][name]);
    }
    // Once it is ended elsewhere, the command says so and forgets it.
    let token = after["accounts"][0]["refresh_token"].as_str().unwrap();
    super::send(&cloud, "/api/v1/auth/revoke", &[("client_id", "d1-cli"), ("token", token)]);
    let mut over = after.clone();
    over["accounts"][0]["good_until"] = json!(1);
    fs::write(desk.state("accounts.json"), over.to_string()).unwrap();
    let ran = desk.doctor(&["credits"]);
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.stderr.contains("the sign-in is over"), "{ran:?}");
    assert_eq!(accounts(&desk)["accounts"], json!([]));
}

#[test]
fn several_people_are_signed_in_and_each_is_themselves() {
    let cloud = cloud();
    cloud.add_user("bert");
    let desk = Desk::at_this_machine();
    for name in ["anna", "bert"] {
        let token = cloud.token_of(name, "credits:read");
        let mut login = desk.program("d1-doctor");
        let file = desk.state("brought");
        fs::write(&file, format!("{token}\n")).unwrap();
        login.args(["login", "--with-token", "--cloud", &cloud.http()]);
        login.stdin(fs::File::open(&file).unwrap());
        assert_eq!(run(login).code, 0);
    }
    let who = desk.doctor(&["whoami", "--json"]).json();
    let names: Vec<_> = who["accounts"].as_array().unwrap().iter().map(|it| &it["login"]).collect();
    assert_eq!(names, ["bert", "anna"]);
    let account = |args: &[&str]| desk.doctor(args).json()["balance"]["account"].clone();
    assert_eq!(account(&["credits", "--json"]), who["accounts"][0]["account"]);
    assert_eq!(account(&["credits", "--account", "anna", "--json"]), who["accounts"][1]["account"]);
    let nobody = desk.doctor(&["credits", "--account", "zoe"]);
    assert_eq!(nobody.code, 4, "{nobody:?}");
    assert_eq!(desk.doctor(&["logout", "--all"]).code, 0);
    assert_eq!(desk.doctor(&["whoami"]).code, 4);
}

#[test]
fn what_is_no_token_or_no_cloud_is_told() {
    let cloud = cloud();
    let desk = Desk::at_this_machine();
    let none = doctor(&desk, &cloud, &["login", "--with-token"]);
    assert_eq!(none.code, 2, "{none:?}");
    let nowhere = desk.doctor(&["login", "--no-browser", "--cloud", "http://127.0.0.1:1"]);
    assert_eq!(nowhere.code, 7, "{nowhere:?}");
    let outside = desk.doctor(&["login", "--no-browser", "--cloud", "http://d1.example"]);
    assert_eq!(outside.code, 2, "{outside:?}");
    assert!(!desk.state("accounts.json").exists());
}

#[test]
fn at_a_screen_the_browser_opens_and_brings_the_answer() {
    let cloud = cloud();
    let desk = Desk::at_this_machine();
    // The browser of this screen writes down what it is to open, whole once it is there.
    let bin = desk.state("bin");
    fs::create_dir(&bin).unwrap();
    let opened = desk.state("opened");
    let text =
        format!("#!/bin/sh\nprintf %s \"$1\" > {0}.part && mv {0}.part {0}\n", opened.display());
    fs::write(bin.join("xdg-open"), text).unwrap();
    fs::set_permissions(bin.join("xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    // `script` gives it a terminal.
    let mut login = desk.program_at("script");
    let command = format!("{} login --cloud {}", Desk::built("d1-doctor").display(), cloud.http());
    login.args(["-qec", &command, "/dev/null"]).env("PATH", path).env("DISPLAY", ":0");
    login.stdout(Stdio::piped()).stderr(Stdio::piped());
    let login = login.spawn().unwrap();
    let began = Instant::now();
    while !opened.exists() {
        assert!(began.elapsed() < PATIENCE, "no browser was opened");
        std::thread::yield_now();
    }
    let page = fs::read_to_string(&opened).unwrap();
    let path = page.strip_prefix(&cloud.http()).unwrap();
    let browser = Browser::signed_in(&cloud, "anna");
    let panel = browser.get(path);
    let names = [
        "form",
        "account",
        "client_id",
        "redirect_uri",
        "response_type",
        "state",
        "scope",
        "code_challenge",
        "code_challenge_method",
    ];
    let fields: Vec<_> = names.iter().map(|name| (*name, panel.hidden(name))).collect();
    let mut form: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    form.push(("decision", "approve"));
    let answer = browser.post("/authorize", &form);
    let to = answer.field("location").unwrap();
    // Somebody else knocks first, with a code of their own.
    let forged = to.replace("state=", "state=x").replace("code=", "code=d1ac_x");
    let curl = |url: &str| {
        let asked = std::process::Command::new("curl").args(["-s", url]).output().unwrap();
        String::from_utf8(asked.stdout).unwrap()
    };
    assert_eq!(curl(&forged), "This is not the answer that is waited for.");
    assert_eq!(curl(to), "Signed in. You can close this page.");
    let ran = Ran::from(login.wait_with_output().unwrap());
    assert!(ran.code == 0 && ran.stdout.contains("as anna"), "{ran:?}");
    let scopes = accounts(&desk)["accounts"][0]["scopes"].as_str().unwrap().to_owned();
    assert!(scopes.contains("setup:approve") && scopes.contains("token:write"), "{scopes}");
}
