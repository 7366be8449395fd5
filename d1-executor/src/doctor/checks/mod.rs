//! Every check there is, in the order in which they are listed.

mod apt;
mod keys;
mod memory;
mod network;
mod own;
mod path;
mod room;
mod shared;
mod system;
mod tools;

use super::check::{About, Check, Pace};

/// What every check is about.
pub fn all_checks() -> impl Iterator<Item = About> {
    CHECKS.iter().map(|check| check.about)
}

macro_rules! checks {
    ($($pace:ident $(+ $network:ident)? $id:literal, $title:literal: $look:path;)*) => {
        pub(super) const CHECKS: &[Check] = &[$(Check {
            about: About {
                id: $id,
                title: $title,
                pace: Pace::$pace,
                network: false $(|| stringify!($network) == "network")?,
            },
            look: |sight| Box::pin($look(sight)),
        }),*];
    };
}

checks! {
    Fast "sys.disk.root", "the root file system has room": room::root;
    Fast "sys.disk.home", "the home has room": room::home;
    Fast "sys.disk.tmp", "the place for temporary files has room": room::tmp;
    Fast "sys.disk.var", "the place for packages and logs has room": room::var;
    Fast "sys.disk.inodes", "new files can be made": room::files;
    Fast "sys.mem.available", "there is memory to give out": memory::available;
    Fast "sys.mem.pressure", "nothing waits for memory": memory::pressure;
    Fast "sys.reboot.required", "no update waits for a restart": system::reboot;
    Fast "sys.limits.nofile", "a program may open enough files": system::open_files;
    Fast "sys.inotify.watches", "enough files can be watched": system::watches;
    Fast "sys.tmp.sticky", "the place for temporary files is safe to share": system::sticky;
    Fast "sys.root.writable", "the root file system can be written": shared::writable_root;
    Fast "sys.tmp.noexec", "programs can be run from the place for temporary files": shared::executable_tmp;
    Fast "sys.umask", "nobody else may change new files": shared::umask;
    Fast "sys.timezone", "the time zone is one that is there": shared::time_zone;
    Fast "sys.hostname", "the machine knows its own name": system::hostname;
    Fast "net.resolver", "names can be looked up": network::resolver;
    Fast "net.localhost", "the machine finds itself": shared::localhost;
    Fast "net.proxy", "all programs take the same way to the network": network::proxy;
    Fast "shell.login", "the login shell is there and allowed": own::login_shell;
    Slow "shell.startup", "every shell can read its start-up file": tools::start_up_files;
    Fast "path.missing", "every folder of the search path is there": path::missing;
    Fast "path.dup", "no folder is on the search path twice": path::duplicates;
    Fast "path.relative", "no folder of the search path depends on where one stands": path::relative;
    Fast "path.writable", "nobody else can put programs on the search path": path::writable;
    Fast "apt.broken", "no package is half installed": apt::broken;
    Fast "apt.index.age", "the package index is fresh": apt::index_age;
    Fast "apt.sources.dup", "no package source is listed twice": apt::duplicate_sources;
    Fast "apt.held", "no package is held back": apt::held;
    Fast "git.present", "git is there": tools::git;
    Fast "git.identity", "git knows who you are": tools::identity;
    Fast "java.home", "JAVA_HOME points to a Java": tools::java_home;
    Fast "py.venv", "the active virtual environment works": tools::virtual_env;
    Fast "rust.linker", "Rust has what it links with": tools::linker;
    Fast "d1.policy", "the owner's policy can be read": own::policy;
    Fast "d1.acceptances", "what may stay wrong can be read": own::acceptances;
    Fast "ssh.perms", "nobody else can use the keys": keys::ssh_modes;
    Fast "ssh.agent", "the ssh agent that is named is there": tools::ssh_agent;
    Fast "sec.passwd.perms", "nobody else can read or change the password files": shared::password_files;
    Fast "sec.creds.perms", "nobody else can read passwords and tokens": keys::credentials;
}
