//! Every check there is, in the order in which they are listed.

mod accounts;
mod apt;
mod apt_sources;
mod authorities;
mod basics;
mod certificate;
mod clock;
mod container;
#[cfg_attr(not(feature = "sqlite"), path = "no_databases.rs")]
mod databases;
mod docker;
mod doors;
mod engine;
mod git;
mod git_repo;
mod go;
mod gpg;
mod java;
mod kernel;
mod keys;
mod load;
mod locale;
mod mac;
mod memory;
mod mounts;
mod names;
mod network;
mod node;
mod own;
mod path;
mod places;
mod portal;
mod programs;
mod project;
mod proxies;
mod python;
mod reach;
mod room;
mod route;
mod rust;
mod secure;
mod settings;
mod shared;
mod shell;
mod shims;
mod sources;
mod ssh;
mod state;
mod sudo;
mod system;
mod targets;
mod versions;
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
    Slow "shell.startup", "every shell can read its start-up file": shell::syntax;
    Fast "shell.activation", "nothing is started twice by the start-up files": shell::activation;
    Fast "shell.shims", "no shim stands for what is not installed": shims::stale;
    Fast "shell.preload", "every library that is loaded into all programs is there": shell::preload;
    Fast "shell.editor", "the editor that is named is there": shell::editor;
    Fast "shell.terminal", "the terminal is one that programs know": shell::terminal;
    Fast "path.missing", "every folder of the search path is there": path::missing;
    Fast "path.dup", "no folder is on the search path twice": path::duplicates;
    Fast "path.relative", "no folder of the search path depends on where one stands": path::relative;
    Fast "path.writable", "nobody else can put programs on the search path": path::writable;
    Fast "path.user_bin", "your own programs are found": programs::user_folders;
    Fast "path.broken", "your own programs can start": programs::broken;
    Slow "path.shadow", "no older program is run in the place of a newer one of yours": programs::shadowed;
    Fast "apt.lock", "nobody else is at the packages": apt::lock;
    Fast "apt.interrupted", "no work of dpkg was cut off": apt::interrupted;
    Fast "apt.status", "dpkg's database is whole": apt::status;
    Fast "apt.config", "apt can read its settings": apt::config;
    Fast "apt.broken", "no package is half installed": apt::broken;
    Fast "apt.index.age", "the package index is fresh": apt::index_age;
    Fast "apt.sources.dup", "no package source is listed twice": apt_sources::duplicates;
    Fast "apt.suite", "all packages are of one release": apt_sources::suite;
    Fast "apt.keys", "apt can read the keys of its sources": apt_sources::keys;
    Slow "apt.keys.expired", "the keys of package sources are valid": apt_sources::expired_keys;
    Fast "apt.held", "no package is held back": apt::held;
    Fast "git.present", "git is there": git::present;
    Fast "git.version", "git is young enough": git::version;
    Fast "git.config", "git can read its settings": git::config;
    Fast "git.identity", "git knows who you are": git::identity;
    Fast "git.newlines", "git leaves the ends of lines as they are": git::newlines;
    Fast "git.credential", "what git asks for passwords is there": git::credential;
    Fast "git.safe_directory", "git trusts the repository you are in": git_repo::safe_directory;
    Fast "git.lock", "nothing is left locked in the repository you are in": git_repo::lock;
    Fast "git.lfs", "what keeps the large files of this repository is there": git_repo::lfs;
    Fast "gpg.perms", "nobody else can look into gpg's folder": gpg::modes;
    Fast "gpg.signing", "there is what commits are signed with": gpg::keys;
    Fast "gpg.tty", "gpg can ask for the passphrase": gpg::terminal;
    Fast "docker.cli", "there is a program for the docker engine": docker::program;
    Fast "docker.daemon", "the docker engine answers": engine::daemon;
    Fast "docker.perms", "you may use docker": engine::permission;
    Fast "docker.session", "this session may use docker": engine::session;
    Fast "docker.config", "docker's settings can be used": docker::config;
    Fast "docker.context", "docker asks an engine that is there": docker::context;
    Fast "docker.conflict", "docker is not podman beside an engine": docker::conflict;
    Fast "docker.compose", "what this folder is run with is there": docker::compose;
    Fast "ctr.subuid", "your containers have users to give": container::numbers;
    Fast "ctr.uidmap", "what gives users to your containers is there": container::tools;
    Fast "ctr.userns", "the kernel lets you make containers": container::name_spaces;
    Slow "node.starts", "node starts": node::starts;
    Fast "node.prefix", "npm can install programs for you": node::global;
    Fast "node.cache", "npm's cache is yours": node::cache;
    Fast "node.managers", "one manager at most brings node": node::managers;
    Fast "node.nvm", "nvm can choose a version": node::nvm_prefix;
    Fast "py.venv", "the active virtual environment works": python::virtual_env;
    Fast "py.externally_managed", "pip leaves the system's Python alone": python::guard;
    Fast "py.pip", "pip installs for the Python that is run": python::pip;
    Fast "py.home", "Python finds its own library": python::home;
    Slow "py.modules", "Python can fetch packages": python::modules;
    Fast "rust.linker", "Rust has what it links with": rust::linker;
    Fast "rust.toolchain", "the chosen Rust is installed": rust::toolchain;
    Fast "rust.config", "cargo can read its settings": rust::config;
    Fast "rust.wrapper", "what cargo runs rustc through is there": rust::wrapper;
    Fast "java.home", "JAVA_HOME points to a Java": java::home;
    Fast "java.mismatch", "build tools use the Java that is run": java::same;
    Fast "go.root", "GOROOT points to a Go": go::root;
    Fast "go.path", "GOPATH does not depend on where one stands": go::path;
    Fast "proj.file", "the files that say what the project needs can be used": project::file;
    Fast "proj.pins", "the versions that the project pins agree": project::pins;
    Slow "proj.tools", "the tools that the project pins are there": versions::tools;
    Fast "proj.env", "the variables that the project needs are set": project::variables;
    Fast "proj.services", "the services that the project needs answer": doors::services;
    Fast "proj.ports", "the ports of the project are its own": doors::ports;
    Fast "proj.lockfiles", "one package manager locks the versions": project::lock_files;
    Fast "d1.state.perms", "nobody else can read our state": state::permissions;
    Fast "d1.daemon", "the daemon is well, if there is one": state::daemon;
    Slow "d1.db", "our databases are whole": databases::whole;
    Fast "d1.queue", "nothing was begun and left": databases::queue;
    Fast "d1.cert", "the certificate of this device is valid": certificate::certificate;
    Slow "d1.leftovers", "little is left of what is over": databases::leftovers;
    Fast "d1.policy", "the owner's policy can be read": own::policy;
    Fast "d1.acceptances", "what may stay wrong can be read": own::acceptances;
    Fast "ssh.perms", "nobody else can use the keys": keys::ssh_modes;
    Fast "ssh.agent", "the ssh agent that is named is there": ssh::agent;
    Fast "ssh.config", "ssh can read its settings": ssh::config;
    Fast "ssh.known_hosts", "nobody else decides which machines you trust": ssh::known_hosts;
    Fast "ssh.key", "your keys are strong enough": ssh::strength;
    Fast "sec.sudo", "sudo can act for the administrator": sudo::program;
    Fast "sec.sudoers", "nobody else can write sudo's rules": sudo::rules;
    Fast "sec.home.perms", "nobody else can put files into your home": sudo::home;
    Fast "sec.history", "nobody else can read what you typed": sudo::histories;
    Fast "sec.passwd.perms", "nobody else can read or change the password files": shared::password_files;
    Fast "sec.creds.perms", "nobody else can read passwords and tokens": keys::credentials;
}
