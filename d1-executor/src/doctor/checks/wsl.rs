//! Linux inside of Windows. Tested against recorded files only: we have no such machine.

use super::{
    super::{check::Found, sight::Sight},
    mounts,
};

/// The release of the kernel, when it is one of Windows.
fn release(sight: &Sight) -> Result<String, Found> {
    let elsewhere = || Found::skipped("this is not Linux inside of Windows");
    match sight.text("/proc/sys/kernel/osrelease") {
        Ok(Some(release)) if release.to_lowercase().contains("microsoft") => {
            Ok(release.trim().to_owned())
        }
        Ok(_) => Err(elsewhere()),
        Err(error) => Err(Found::unreadable("the release of the kernel", &error)),
    }
}

/// The first version imitates Linux, and calls itself `4.4.0-19041-Microsoft`; the second runs
/// it, as `5.15.90.1-microsoft-standard-WSL2`.
pub(super) async fn version(sight: Sight) -> Found {
    match release(&sight) {
        Ok(release) if release.ends_with("-Microsoft") => {
            Found::warn("this is the first version of WSL: no containers, and slow files")
                .details([release])
                .remedy("in Windows: wsl --set-version <distribution> 2")
        }
        Ok(release) => Found::ok(release),
        Err(found) => found,
    }
}

pub(super) async fn systemd(sight: Sight) -> Found {
    if let Err(found) = release(&sight) {
        return found;
    }
    match sight.text("/proc/1/comm") {
        Ok(Some(name)) if name.trim() == "systemd" => Found::ok("systemd does"),
        Ok(Some(_)) => Found::warn("systemd does not run, and services have to be started by hand")
            .remedy("in /etc/wsl.conf: [boot] systemd=true; then in Windows: wsl --shutdown"),
        Ok(None) => Found::unknown("nobody says what runs first"),
        Err(error) => Found::unreadable("/proc/1/comm", &error),
    }
}

/// Windows' own disks are reached over a protocol of the network.
pub(super) async fn path_mix(sight: Sight) -> Found {
    if let Err(found) = release(&sight) {
        return found;
    }
    let Some(place) = sight.cwd.as_ref().and_then(|cwd| sight.on_machine(cwd)) else {
        return Found::unknown("the folder you stand in is gone");
    };
    let mounts = match mounts::mounted(&sight) {
        Ok(mounts) => mounts.unwrap_or_default(),
        Err(error) => return Found::unreadable("/proc/mounts", &error),
    };
    match mounts::holding(&mounts, place.as_str()) {
        Some(mount) if ["9p", "drvfs", "virtiofs"].contains(&mount.kind.as_str()) => {
            Found::warn("this project is on a disk of Windows, where Linux programs are very slow")
                .details([place.as_str()])
                .remedy("move it into Linux: mv <project> ~/")
        }
        Some(_) | None => Found::ok("it is"),
    }
}
