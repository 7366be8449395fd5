//! How grave it is to change what is at a path.

use super::super::paths;
use d1_core::Risk;
use std::path::{Component, Path, PathBuf};

/// Where a change takes the machine over, opens it, or keeps it from starting.
const GRAVE: [&str; 52] = [
    "/boot",
    "/dev",
    "/efi",
    "/proc",
    "/sys",
    "/etc/apparmor",
    "/etc/apparmor.d",
    "/etc/apt",
    "/etc/audit",
    "/etc/bash.bashrc",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.hourly",
    "/etc/cron.monthly",
    "/etc/cron.weekly",
    "/etc/crontab",
    "/etc/d1-doctor",
    "/etc/default/grub",
    "/etc/doas.conf",
    "/etc/environment",
    "/etc/fstab",
    "/etc/group",
    "/etc/grub.d",
    "/etc/gshadow",
    "/etc/init.d",
    "/etc/inittab",
    "/etc/iptables",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/modprobe.d",
    "/etc/modules",
    "/etc/nftables.conf",
    "/etc/nsswitch.conf",
    "/etc/pam.d",
    "/etc/passwd",
    "/etc/polkit-1",
    "/etc/profile",
    "/etc/profile.d",
    "/etc/rc.local",
    "/etc/security",
    "/etc/selinux",
    "/etc/shadow",
    "/etc/ssh",
    "/etc/ssl",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/systemd",
    "/etc/udev",
    "/var/lib/d1-doctor",
];

/// The same, wherever such a folder is.
const GRAVE_BELOW: [&str; 8] = [
    "/lib/systemd",
    "/usr/lib/systemd",
    "/run/systemd",
    "/usr/local/lib/systemd",
    "/var/spool/cron",
    "/var/spool/at",
    "/usr/share/polkit-1",
    "/usr/share/dbus-1",
];

/// Names in anybody's home behind which secrets are, or what runs by itself.
const OF_A_HOME: [&str; 33] = [
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".netrc",
    ".pgpass",
    ".git-credentials",
    ".password-store",
    ".mozilla",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".kshrc",
    ".cshrc",
    ".tcshrc",
    ".login",
    ".pam_environment",
    ".xprofile",
    ".xinitrc",
    ".xsession",
    ".xsessionrc",
    ".forward",
    ".rhosts",
    ".shosts",
    ".d1-doctor",
];

/// The same, below `.config` and `.local`.
const OF_A_CONFIGURATION: [&str; 7] =
    ["d1-doctor", "autostart", "systemd", "fish", "gcloud", "google-chrome", "environment.d"];

/// Where the system is.
const SYSTEM: [&str; 14] = [
    "/bin", "/etc", "/lib", "/lib32", "/lib64", "/opt", "/root", "/run", "/sbin", "/snap", "/srv",
    "/usr", "/var", "/nix",
];

/// Where everybody writes, though it is below one of these.
const ANYBODYS: [&str; 2] = ["/var/tmp", "/run/user"];

/// How grave it is to change what is at `path`, by all names that it goes by.
pub(super) fn place(path: &Path, real: &dyn Fn(&Path) -> PathBuf) -> Risk {
    let written = paths::plain(path);
    named(&written).max(named(&real(&written)))
}

fn named(path: &Path) -> Risk {
    // The folders right below the root are as good as the root.
    let mut whole = SYSTEM.iter().chain(&["/", "/home"]);
    if whole.any(|place| path == Path::new(place)) {
        return Risk::Grave;
    }
    let below = |list: &[&str]| list.iter().any(|place| path.starts_with(place));
    if path == Path::new("/dev/null") {
        return Risk::Looks;
    }
    if below(&GRAVE) || below(&GRAVE_BELOW) || is_of_a_home(path) {
        return Risk::Grave;
    }
    if below(&SYSTEM) && !below(&ANYBODYS) { Risk::System } else { Risk::Own }
}

fn is_of_a_home(path: &Path) -> bool {
    let names: Vec<&str> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir => None,
        })
        .collect();
    let configured = names.windows(2).any(|two| {
        [".config", ".local", "share", "state"].contains(&two[0])
            && OF_A_CONFIGURATION.contains(&two[1])
    });
    configured || names.iter().any(|name| OF_A_HOME.contains(name))
}
