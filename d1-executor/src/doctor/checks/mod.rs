//! Every check there is, in the order in which they are listed.

mod apt;
mod authorities;
mod basics;
mod clock;
mod kernel;
mod keys;
mod load;
mod locale;
mod mac;
mod memory;
mod mounts;
mod names;
mod network;
mod own;
mod path;
mod places;
mod portal;
mod proxies;
mod reach;
mod room;
mod route;
mod secure;
mod settings;
mod shared;
mod system;
mod targets;
mod tools;
mod wsl;
mod zombies;

use super::check::{About, Check, Pace};

/// What every check is about.
pub fn all_checks() -> impl Iterator<Item = About> {
    CHECKS.iter().map(|check| check.about)
}

macro_rules! checks {
    (@uses) => { false };
    (@uses network) => { true };
    ($($pace:ident $(+ $network:ident)? $id:literal, $title:literal: $look:path;)*) => {
        pub(super) const CHECKS: &[Check] = &[$(Check {
            about: About {
                id: $id,
                title: $title,
                pace: Pace::$pace,
                network: checks!(@uses $($network)?),
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
    Fast "sys.home.writable", "programs can write to your home": places::home;
    Fast "sys.tmp.writable", "programs can write temporary files": places::temporary;
    Fast "sys.disk.readonly", "no disk has become read-only": places::disks;
    Fast "sys.dev.null", "what is written to nowhere goes nowhere": basics::nothing;
    Fast "sys.dev.shm", "programs can share memory": basics::shared_memory;
    Fast "sys.etc.readable", "everybody can read what every program needs": basics::readable;
    Fast "sys.oom.recent", "no program was ended for want of memory": load::out_of_memory;
    Fast "sys.load", "the processors keep up": load::load;
    Fast "sys.pids", "more programs can be started": load::processes;
    Fast "sys.zombies", "ended processes are looked after": zombies::zombies;
    Fast "sys.kernel.modules", "the kernel that runs is still installed": kernel::modules;
    Slow "sys.services", "no service has failed": kernel::services;
    Fast "sys.locale", "the language that is set is there": locale::locale;
    Fast "sys.clock.sane", "the clock can be right": clock::sane;
    Fast "sys.clock.sync", "somebody keeps the clock": clock::kept;
    Slow + network "sys.clock.skew", "the clock is right, as others tell it": clock::skew;
    Fast "sys.hostname", "the machine knows its own name": system::hostname;
    Fast "net.resolver", "names can be looked up": network::resolver;
    Fast "net.localhost", "the machine finds itself": shared::localhost;
    Fast "net.proxy", "all programs take the same way to the network": network::proxy;
    Fast "net.proxy.form", "every program understands the proxy that is set": proxies::form;
    Fast "net.proxy.tools", "no tool has an old proxy of its own": proxies::tools;
    Fast "net.nsswitch", "names are asked of the network": names::switch;
    Fast "net.hosts.override", "no host that is used is hidden by /etc/hosts": names::overridden;
    Fast "net.ca.bundle", "this system knows whom to believe": authorities::bundle;
    Fast "net.ca.variables", "tools find whom they were told to believe": authorities::variables;
    Fast "net.route", "there is a way out of this machine": route::default;
    Slow + network "net.proxy.reachable", "the proxy that is set is there": reach::proxy;
    Slow + network "net.dns", "the hosts that are used have addresses": reach::names;
    Slow + network "net.connect", "the hosts that are used can be reached": reach::connections;
    Slow + network "net.ipv6", "where IPv6 is set up, it works": reach::newer;
    Slow + network "net.https", "secure connections are accepted": secure::believed;
    Slow + network "net.tls.intercept", "tools believe whom this system believes": secure::intercepted;
    Slow + network "net.captive", "the network lets everything through": portal::captive;
    Fast "wsl.version", "this is the second version of WSL (model: recorded files only)": wsl::version;
    Fast "wsl.systemd", "services start with WSL (model: recorded files only)": wsl::systemd;
    Fast "wsl.path.mix", "the project is on a disk of Linux (model: recorded files only)": wsl::path_mix;
    Fast "mac.clt", "the command line tools are there (model: recorded output only)": mac::command_line_tools;
    Fast "mac.version", "this macOS gets security updates (model: recorded output only)": mac::version;
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
