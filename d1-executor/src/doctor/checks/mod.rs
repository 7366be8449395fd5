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
mod dpkg_verify;
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

pub(crate) use room::size;

use super::check::Check;
use d1_core::{About, Pace, Verdict};

/// What every check is about.
pub fn all_checks() -> impl Iterator<Item = About> {
    CHECKS.iter().map(|check| check.about)
}

macro_rules! checks {
    (@uses) => { false };
    (@uses network) => { true };
    ($($pace:ident $(+ $network:ident)? $id:literal, $title:literal, $reads:literal, $severity:ident: $look:path;)*) => {
        pub(super) const CHECKS: &[Check] = &[$(Check {
            about: About {
                id: $id,
                title: $title,
                reads: $reads,
                severity: Verdict::$severity,
                pace: Pace::$pace,
                network: checks!(@uses $($network)?),
            },
            look: |sight| Box::pin($look(sight)),
        }),*];
    };
}

checks! {
    Fast "sys.disk.root", "the root file system has room", "the root file system", Fail: room::root;
    Fast "sys.disk.home", "the home has room", "the file system of the home", Fail: room::home;
    Fast "sys.disk.tmp", "the place for temporary files has room", "the file system of temporary files", Fail: room::tmp;
    Fast "sys.disk.var", "the place for packages and logs has room", "the file system of /var", Fail: room::var;
    Fast "sys.disk.inodes", "new files can be made", "the root file system", Fail: room::files;
    Fast "sys.mem.available", "there is memory to give out", "/proc/meminfo", Warn: memory::available;
    Fast "sys.mem.pressure", "nothing waits for memory", "/proc/pressure/memory", Warn: memory::pressure;
    Fast "sys.reboot.required", "no update waits for a restart", "/run/reboot-required", Warn: system::reboot;
    Fast "sys.limits.nofile", "a program may open enough files", "the limits of this process", Warn: system::open_files;
    Fast "sys.inotify.watches", "enough files can be watched", "kernel settings", Warn: system::watches;
    Fast "sys.tmp.sticky", "the place for temporary files is safe to share", "the mode of /tmp", Fail: system::sticky;
    Fast "sys.root.writable", "the root file system can be written", "what is mounted", Fail: shared::writable_root;
    Fast "sys.tmp.noexec", "programs can be run from the place for temporary files", "what is mounted", Warn: shared::executable_tmp;
    Fast "sys.umask", "nobody else may change new files", "the umask", Warn: shared::umask;
    Fast "sys.timezone", "the time zone is one that is there", "/etc/localtime", Warn: shared::time_zone;
    Fast "sys.home.writable", "programs can write to your home", "the home", Fail: places::home;
    Fast "sys.tmp.writable", "programs can write temporary files", "the mode of the place for temporary files", Fail: places::temporary;
    Fast "sys.disk.readonly", "no disk has become read-only", "what is mounted", Fail: places::disks;
    Fast "sys.dev.null", "what is written to nowhere goes nowhere", "/dev/null", Fail: basics::nothing;
    Fast "sys.dev.shm", "programs can share memory", "/dev/shm", Fail: basics::shared_memory;
    Fast "sys.etc.readable", "everybody can read what every program needs", "the modes of files in /etc", Fail: basics::readable;
    Fast "sys.oom.recent", "no program was ended for want of memory", "/proc/vmstat", Warn: load::out_of_memory;
    Fast "sys.load", "the processors keep up", "the load average", Warn: load::load;
    Fast "sys.pids", "more programs can be started", "the processes and the limit of them", Fail: load::processes;
    Fast "sys.zombies", "ended processes are looked after", "the processes", Warn: zombies::zombies;
    Fast "sys.kernel.modules", "the kernel that runs is still installed", "the kernel's release and its modules", Warn: kernel::modules;
    Slow "sys.services", "no service has failed", "systemctl", Warn: kernel::services;
    Fast "sys.locale", "the language that is set is there", "LANG, LC_ALL and the locales", Warn: locale::locale;
    Fast "sys.clock.sane", "the clock can be right", "the clock and the age of files", Fail: clock::sane;
    Fast "sys.clock.sync", "somebody keeps the clock", "the state of the time service", Warn: clock::kept;
    Slow + network "sys.clock.skew", "the clock is right, as others tell it", "the clock of a package source", Fail: clock::skew;
    Fast "sys.hostname", "the machine knows its own name", "the host name and /etc/hosts", Warn: system::hostname;
    Fast "net.resolver", "names can be looked up", "/etc/resolv.conf", Fail: network::resolver;
    Fast "net.localhost", "the machine finds itself", "/etc/hosts", Fail: shared::localhost;
    Fast "net.proxy", "all programs take the same way to the network", "proxy variables", Warn: network::proxy;
    Fast "net.proxy.form", "every program understands the proxy that is set", "proxy variables", Warn: proxies::form;
    Fast "net.proxy.tools", "no tool has an old proxy of its own", "settings of git, npm, pip, apt and docker", Warn: proxies::tools;
    Fast "net.nsswitch", "names are asked of the network", "/etc/nsswitch.conf", Fail: names::switch;
    Fast "net.hosts.override", "no host that is used is hidden by /etc/hosts", "/etc/hosts and the hosts that are set up", Warn: names::overridden;
    Fast "net.ca.bundle", "this system knows whom to believe", "the certificates of the system", Fail: authorities::bundle;
    Fast "net.ca.variables", "tools find whom they were told to believe", "variables that name certificates", Fail: authorities::variables;
    Fast "net.route", "there is a way out of this machine", "the routes of the kernel", Fail: route::default;
    Slow + network "net.proxy.reachable", "the proxy that is set is there", "the proxy", Fail: reach::proxy;
    Slow + network "net.dns", "the hosts that are used have addresses", "the resolver", Fail: reach::names;
    Slow + network "net.connect", "the hosts that are used can be reached", "the hosts that are set up", Fail: reach::connections;
    Slow + network "net.ipv6", "where IPv6 is set up, it works", "addresses of this machine and of the hosts that are set up", Warn: reach::newer;
    Slow + network "net.https", "secure connections are accepted", "secure connections to the hosts that are set up", Fail: secure::believed;
    Slow + network "net.tls.intercept", "tools believe whom this system believes", "who vouches for the hosts that are set up", Warn: secure::intercepted;
    Slow + network "net.captive", "the network lets everything through", "what a package source answers", Fail: portal::captive;
    Fast "wsl.version", "this is the second version of WSL (model: recorded files only)", "/proc/version", Warn: wsl::version;
    Fast "wsl.systemd", "services start with WSL (model: recorded files only)", "process 1 and /etc/wsl.conf", Warn: wsl::systemd;
    Fast "wsl.path.mix", "the project is on a disk of Linux (model: recorded files only)", "the folder one stands in", Warn: wsl::path_mix;
    Fast "mac.clt", "the command line tools are there (model: recorded output only)", "xcode-select", Fail: mac::command_line_tools;
    Fast "mac.version", "this macOS gets security updates (model: recorded output only)", "sw_vers", Warn: mac::version;
    Fast "shell.login", "the login shell is there and allowed", "/etc/passwd, /etc/shells", Fail: own::login_shell;
    Slow "shell.startup", "every shell can read its start-up file", "start-up files, by their shells", Fail: shell::syntax;
    Fast "shell.activation", "nothing is started twice by the start-up files", "start-up files", Warn: shell::activation;
    Fast "shell.shims", "no shim stands for what is not installed", "the shims of version managers", Warn: shims::stale;
    Fast "shell.preload", "every library that is loaded into all programs is there", "/etc/ld.so.preload and LD_PRELOAD", Warn: shell::preload;
    Fast "shell.editor", "the editor that is named is there", "EDITOR and VISUAL", Warn: shell::editor;
    Fast "shell.terminal", "the terminal is one that programs know", "TERM and the terminals that are known", Warn: shell::terminal;
    Fast "path.missing", "every folder of the search path is there", "PATH", Fail: path::missing;
    Fast "path.dup", "no folder is on the search path twice", "PATH", Fail: path::duplicates;
    Fast "path.relative", "no folder of the search path depends on where one stands", "PATH", Fail: path::relative;
    Fast "path.writable", "nobody else can put programs on the search path", "the modes of the folders of PATH", Fail: path::writable;
    Fast "path.user_bin", "your own programs are found", "PATH and the folders of your own programs", Warn: programs::user_folders;
    Fast "path.broken", "your own programs can start", "the first lines of your own programs", Warn: programs::broken;
    Slow "path.shadow", "no older program is run in the place of a newer one of yours", "PATH and the versions of programs", Warn: programs::shadowed;
    Fast "apt.lock", "nobody else is at the packages", "the locks of apt and dpkg, and who holds them", Warn: apt::lock;
    Fast "apt.interrupted", "no work of dpkg was cut off", "dpkg's journal", Fail: apt::interrupted;
    Fast "apt.status", "dpkg's database is whole", "dpkg's database", Fail: apt::status;
    Fast "apt.config", "apt can read its settings", "apt-config", Fail: apt::config;
    Fast "apt.broken", "no package is half installed", "dpkg's database", Fail: apt::broken;
    Fast "apt.index.age", "the package index is fresh", "the package lists of apt", Warn: apt::index_age;
    Fast "apt.sources.dup", "no package source is listed twice", "apt's sources", Warn: apt_sources::duplicates;
    Fast "apt.suite", "all packages are of one release", "apt's sources and os-release", Warn: apt_sources::suite;
    Fast "apt.keys", "apt can read the keys of its sources", "apt's sources and the keys they name", Fail: apt_sources::keys;
    Slow "apt.keys.expired", "the keys of package sources are valid", "the keys of apt's sources, by gpg", Fail: apt_sources::expired_keys;
    Fast "apt.held", "no package is held back", "dpkg's database", Warn: apt::held;
    Deep "apt.files", "the files of packages are as they were brought", "every file that packages brought", Warn: dpkg_verify::files;
    Fast "git.present", "git is there", "the search path", Warn: git::present;
    Fast "git.version", "git is young enough", "git --version", Warn: git::version;
    Fast "git.config", "git can read its settings", "git config", Fail: git::config;
    Fast "git.identity", "git knows who you are", "git config", Warn: git::identity;
    Fast "git.newlines", "git leaves the ends of lines as they are", "git config", Warn: git::newlines;
    Fast "git.credential", "what git asks for passwords is there", "git config and the search path", Warn: git::credential;
    Fast "git.safe_directory", "git trusts the repository you are in", "the repository one stands in and git config", Fail: git_repo::safe_directory;
    Fast "git.lock", "nothing is left locked in the repository you are in", "the repository one stands in", Fail: git_repo::lock;
    Fast "git.lfs", "what keeps the large files of this repository is there", ".gitattributes and the search path", Warn: git_repo::lfs;
    Deep "git.objects", "nothing is missing in the repository you are in", "every object of the repository", Fail: git_repo::objects;
    Fast "gpg.perms", "nobody else can look into gpg's folder", "the mode of gpg's folder", Warn: gpg::modes;
    Fast "gpg.signing", "there is what commits are signed with", "git config and gpg's keys", Fail: gpg::keys;
    Fast "gpg.tty", "gpg can ask for the passphrase", "git config and GPG_TTY", Warn: gpg::terminal;
    Fast "docker.cli", "there is a program for the docker engine", "the search path and docker's socket", Warn: docker::program;
    Fast "docker.daemon", "the docker engine answers", "docker's socket", Fail: engine::daemon;
    Fast "docker.perms", "you may use docker", "docker's socket and the groups", Fail: engine::permission;
    Fast "docker.session", "this session may use docker", "docker's socket and the groups of this session", Warn: engine::session;
    Fast "docker.config", "docker's settings can be used", "~/.docker/config.json", Fail: docker::config;
    Fast "docker.context", "docker asks an engine that is there", "docker's contexts and DOCKER_HOST", Fail: docker::context;
    Fast "docker.conflict", "docker is not podman beside an engine", "what `docker` is", Warn: docker::conflict;
    Fast "docker.compose", "what this folder is run with is there", "the folder one stands in and docker's plugins", Warn: docker::compose;
    Fast "ctr.subuid", "your containers have users to give", "/etc/subuid, /etc/subgid", Fail: container::numbers;
    Fast "ctr.uidmap", "what gives users to your containers is there", "the search path and the modes of newuidmap", Fail: container::tools;
    Fast "ctr.userns", "the kernel lets you make containers", "kernel settings", Fail: container::name_spaces;
    Slow "node.starts", "node starts", "node --version", Fail: node::starts;
    Fast "node.prefix", "npm can install programs for you", "npm's settings and its folder", Fail: node::global;
    Fast "node.cache", "npm's cache is yours", "the owners of npm's cache", Fail: node::cache;
    Fast "node.managers", "one manager at most brings node", "start-up files and the search path", Warn: node::managers;
    Fast "node.nvm", "nvm can choose a version", "~/.npmrc and nvm's folder", Fail: node::nvm_prefix;
    Fast "py.venv", "the active virtual environment works", "VIRTUAL_ENV", Fail: python::virtual_env;
    Fast "py.externally_managed", "pip leaves the system's Python alone", "pip's settings", Warn: python::guard;
    Fast "py.pip", "pip installs for the Python that is run", "the first line of pip", Fail: python::pip;
    Fast "py.home", "Python finds its own library", "PYTHONHOME", Fail: python::home;
    Slow "py.modules", "Python can fetch packages", "python3", Fail: python::modules;
    Fast "rust.linker", "Rust has what it links with", "the search path", Fail: rust::linker;
    Fast "rust.toolchain", "the chosen Rust is installed", "rustup's folder", Warn: rust::toolchain;
    Fast "rust.config", "cargo can read its settings", "cargo's settings", Fail: rust::config;
    Fast "rust.wrapper", "what cargo runs rustc through is there", "RUSTC_WRAPPER and cargo's settings", Fail: rust::wrapper;
    Fast "java.home", "JAVA_HOME points to a Java", "JAVA_HOME", Warn: java::home;
    Fast "java.mismatch", "build tools use the Java that is run", "JAVA_HOME and the search path", Warn: java::same;
    Fast "go.root", "GOROOT points to a Go", "GOROOT", Fail: go::root;
    Fast "go.path", "GOPATH does not depend on where one stands", "GOPATH", Fail: go::path;
    Fast "proj.file", "the files that say what the project needs can be used", "the files that pin versions", Fail: project::file;
    Fast "proj.pins", "the versions that the project pins agree", "the files that pin versions", Fail: project::pins;
    Slow "proj.tools", "the tools that the project pins are there", "the files that pin versions, and the tools", Fail: versions::tools;
    Fast "proj.env", "the variables that the project needs are set", "d1-doctor.toml, .env and the environment", Fail: project::variables;
    Fast "proj.services", "the services that the project needs answer", "d1-doctor.toml and who answers", Fail: doors::services;
    Fast "proj.ports", "the ports of the project are its own", "d1-doctor.toml and who listens", Warn: doors::ports;
    Fast "proj.lockfiles", "one package manager locks the versions", "the lock files of the project", Warn: project::lock_files;
    Fast "d1.state.perms", "nobody else can read our state", "the modes in the state directory", Fail: state::permissions;
    Fast "d1.daemon", "the daemon is well, if there is one", "the lock and the socket of the daemon", Warn: state::daemon;
    Slow "d1.db", "our databases are whole", "the databases in the state directory", Fail: databases::whole;
    Fast "d1.queue", "nothing was begun and left", "the journal in the state directory", Warn: databases::queue;
    Fast "d1.cert", "the certificate of this device is valid", "the certificate in the state directory", Fail: certificate::certificate;
    Slow "d1.leftovers", "little is left of what is over", "the state directory", Warn: databases::leftovers;
    Fast "d1.policy", "the owner's policy can be read", "policy.toml of the machine and of the user", Fail: own::policy;
    Fast "d1.acceptances", "what may stay wrong can be read", "doctor.toml of the machine and of the user", Fail: own::acceptances;
    Fast "ssh.perms", "nobody else can use the keys", "the modes in ~/.ssh", Fail: keys::ssh_modes;
    Fast "ssh.agent", "the ssh agent that is named is there", "SSH_AUTH_SOCK", Warn: ssh::agent;
    Fast "ssh.config", "ssh can read its settings", "ssh -G", Fail: ssh::config;
    Fast "ssh.known_hosts", "nobody else decides which machines you trust", "the mode of known_hosts", Fail: ssh::known_hosts;
    Fast "ssh.key", "your keys are strong enough", "public keys in ~/.ssh", Warn: ssh::strength;
    Fast "sec.sudo", "sudo can act for the administrator", "the mode of sudo", Fail: sudo::program;
    Fast "sec.sudoers", "nobody else can write sudo's rules", "the modes of sudo's rules", Fail: sudo::rules;
    Fast "sec.home.perms", "nobody else can put files into your home", "the mode of the home", Fail: sudo::home;
    Fast "sec.history", "nobody else can read what you typed", "the modes of shell histories", Warn: sudo::histories;
    Fast "sec.passwd.perms", "nobody else can read or change the password files", "the modes of the password files", Fail: shared::password_files;
    Fast "sec.creds.perms", "nobody else can read passwords and tokens", "the modes of files with secrets", Fail: keys::credentials;
}
