//! Day 1 Doctor itself, and the account it works for.

use super::super::{
    acceptance::{files, read},
    check::Found,
    sight::Sight,
};
use crate::policy::Policy;
use std::{
    error::Error as _,
    path::{Path, PathBuf},
};

pub(super) async fn policy(sight: Sight) -> Found {
    let files: Vec<PathBuf> =
        files(&sight).iter().map(|file| file.with_file_name("policy.toml")).collect();
    if !files.iter().any(|file| file.exists()) {
        return Found::skipped("there is no policy; the careful one holds");
    }
    // The administrator's comes first.
    let machine = files.first().map_or(Path::new("/"), PathBuf::as_path);
    match Policy::read(machine, files.get(1).map(PathBuf::as_path)) {
        Ok(_) => Found::ok("it can"),
        Err(error) => {
            let mend = format!("mend {}, or remove it", sight.shown(error.path()));
            Found::fail("nothing runs until the policy can be read")
                .details(
                    [Some(error.to_string()), error.source().map(ToString::to_string)]
                        .into_iter()
                        .flatten(),
                )
                .remedy(mend)
        }
    }
}

pub(super) async fn acceptances(sight: Sight) -> Found {
    let files = files(&sight);
    let (mut wrong, mut accepted) = (Vec::new(), 0);
    for file in files.iter().filter(|file| file.exists()) {
        match read(&sight, file) {
            Ok(lines) => accepted += lines.len(),
            Err(error) => {
                let cause = error.source().map(ToString::to_string);
                wrong.extend([Some(error.to_string()), cause].into_iter().flatten());
            }
        }
    }
    if !wrong.is_empty() {
        return Found::fail("what was accepted is not: a file of acceptances cannot be used")
            .details(wrong.iter().flat_map(|text| text.lines()).filter(|line| !line.is_empty()))
            .remedy("mend the file, or remove it");
    }
    match accepted {
        0 => Found::skipped("nothing is accepted"),
        several => Found::ok(format!("{several} read")),
    }
}

/// shells(5): a shell that is not listed keeps people from logging in.
pub(super) async fn login_shell(sight: Sight) -> Found {
    let users = match sight.text("/etc/passwd") {
        Ok(Some(text)) => text,
        Ok(None) => return Found::skipped("users are not kept in /etc/passwd here"),
        Err(error) => return Found::unreadable("/etc/passwd", &error),
    };
    let own = sight.uid.to_string();
    let shell = users.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2) == Some(&own.as_str())).then(|| fields.get(6).copied().unwrap_or_default())
    });
    let Some(shell) = shell.filter(|shell| !shell.is_empty()) else {
        return Found::skipped("this user has no shell of their own");
    };
    if shell.ends_with("/nologin") || shell.ends_with("/false") {
        return Found::skipped("nobody logs in as this user");
    }
    if !sight.host.file(shell).exists() {
        return Found::fail("your login shell is not there: the next login fails")
            .details([shell])
            .remedy("sudo chsh -s /bin/bash <you>");
    }
    let listed = match sight.text("/etc/shells") {
        Ok(Some(text)) => text.lines().any(|line| line.trim() == shell),
        Ok(None) => true,
        Err(error) => return Found::unreadable("/etc/shells", &error),
    };
    if listed {
        return Found::ok(shell);
    }
    Found::warn("your login shell is not in /etc/shells, and some services refuse it")
        .details([shell])
        .remedy("add it: echo <shell> | sudo tee -a /etc/shells")
        .mend(sight.add_line(&sight.host.file("/etc/shells"), shell))
}
