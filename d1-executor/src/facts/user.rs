//! Who would do the work.

use super::Host;
use crate::packages::{Command, Tool};
use d1_core::UserFacts;
use std::time::Duration;

/// How long `sudo` may take to say whether it asks for a password.
const SUDO_TIMEOUT: Duration = Duration::from_secs(5);

/// Who would do the work, and whether they can become the administrator by themselves.
pub(super) async fn facts(host: &Host, tool: &dyn Tool) -> UserFacts {
    UserFacts {
        name: name(host).unwrap_or_default(),
        is_root: host.is_root,
        can_elevate: host.is_root || can_elevate(host, tool).await,
    }
}

/// Whether `sudo` is here and asks for no password.
async fn can_elevate(host: &Host, tool: &dyn Tool) -> bool {
    if host.find("sudo").is_none() {
        return false;
    }
    let ask = Command::new(["sudo", "-n", "true"], host.tool_env(&[]));
    tool.capture(&ask, SUDO_TIMEOUT).await.is_ok_and(|said| said.ok())
}

#[cfg(unix)]
fn name(host: &Host) -> Option<String> {
    let uid = if host.is_root { 0 } else { rustix::process::geteuid().as_raw() };
    name_of(&host.read("/etc/passwd")?, uid)
}

#[cfg(not(unix))]
fn name(_host: &Host) -> Option<String> {
    std::env::var("USERNAME").ok()
}

/// The login name of this user number, from `passwd(5)`.
fn name_of(passwd: &str, uid: u32) -> Option<String> {
    let row = |line: &str| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid)).then(|| name.to_owned())
    };
    passwd.lines().find_map(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_found_by_its_number() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nmaya:x:1000:1000::/home/maya:/bin/sh\n";
        assert_eq!(name_of(passwd, 1000).as_deref(), Some("maya"));
        assert_eq!(name_of(passwd, 7), None);
    }
}
