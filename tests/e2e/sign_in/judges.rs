//! Libraries that we did not write sign in to the real cloud: `oauth2` for Rust is what
//! `d1-doctor login` is made with; two of these are for Python, from Debian, and `openid-client`
//! is for JavaScript.

use super::Browser;
use crate::api::judges;
use d1_world::CloudDesk;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

#[test]
fn libraries_of_others_sign_in_are_slowed_down_refresh_and_sign_out() {
    for library in ["authlib", "oauthlib"] {
        let cloud = CloudDesk::start();
        // Debian's own, for which the libraries are packaged.
        let mut judge = Command::new("/usr/bin/python3");
        judge.arg(script("judge.py")).args([library, &cloud.http()]);
        sign_in(&cloud, judge);
    }
}

#[test]
fn openid_client_signs_in_is_slowed_down_refreshes_and_signs_out() {
    let cloud = CloudDesk::start();
    let mut judge = Command::new("node");
    judge.arg(script("judge.mjs")).arg(judges().join("npm")).arg(cloud.http());
    sign_in(&cloud, judge);
}

pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/sign_in").join(name)
}

/// Has a judge sign Anna in, who says yes to the code that it prints.
fn sign_in(cloud: &CloudDesk, mut judge: Command) {
    cloud.add_user("anna");
    judge.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut judge = judge.spawn().unwrap();
    let mut said = BufReader::new(judge.stdout.take().unwrap());
    let mut code = String::new();
    said.read_line(&mut code).unwrap();
    if code.trim().len() == 9 {
        Browser::signed_in(cloud, "anna").approve(code.trim());
        judge.stdin.take().unwrap().write_all(b"decided\n").unwrap();
    }
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let ended = judge.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(rest, "good\n", "{code}{stderr}");
}
