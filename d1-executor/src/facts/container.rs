//! Whether this is a container, and what runs services in it.

use super::Host;
use d1_core::ServiceManager;

/// Whether any of the usual marks of a container is here.
pub(crate) fn is_container(host: &Host) -> bool {
    let marked = ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"];
    marked.iter().any(|file| host.file(file).exists()) || told_at_start(host) || in_its_cgroup(host)
}

/// Container managers tell the first process by `container=`.
fn told_at_start(host: &Host) -> bool {
    let environment = std::fs::read(host.file("/proc/1/environ")).unwrap_or_default();
    let mut pairs = environment.split(|byte| *byte == 0);
    pairs.any(|pair| pair.strip_prefix(b"container=").is_some_and(|value| !value.is_empty()))
}

fn in_its_cgroup(host: &Host) -> bool {
    let cgroup = host.read("/proc/1/cgroup").unwrap_or_default();
    let hints =
        ["/docker/", "/docker-", "/lxc/", "/kubepods", "/libpod", "/containerd", "/machine.slice/"];
    hints.iter().any(|hint| cgroup.contains(hint))
}

/// What runs services here.
pub(crate) fn services(host: &Host) -> ServiceManager {
    if cfg!(target_os = "macos") {
        return ServiceManager::Launchd;
    }
    if cfg!(windows) {
        return ServiceManager::Windows;
    }
    let here = |file: &str| host.file(file).exists();
    // The one test that systemd itself documents: sd_booted(3).
    if here("/run/systemd/system") {
        ServiceManager::Systemd
    } else if here("/run/openrc") || here("/sbin/openrc-run") || here("/usr/sbin/openrc-run") {
        ServiceManager::Openrc
    } else if here("/etc/init.d") && host.find("service").is_some() {
        ServiceManager::Sysv
    } else {
        ServiceManager::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::SystemClock;
    use std::sync::Arc;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let host = Host {
            root: dir.path().into(),
            path: dir.path().join("bin").to_string_lossy().into_owned(),
            env: std::collections::BTreeMap::new(),
            is_root: false,
            clock: Arc::new(SystemClock::new()),
        };
        (dir, host)
    }

    #[tokio::test]
    async fn each_mark_of_a_container_is_seen_and_a_plain_machine_has_none() {
        for files in [
            vec![(".dockerenv", "")],
            vec![("run/.containerenv", "")],
            vec![("proc/1/environ", "HOME=/\0container=podman\0")],
            vec![("proc/1/cgroup", "0::/kubepods/burstable/pod1\n")],
        ] {
            let (_dir, host) = machine(&files);
            assert!(is_container(&host), "{files:?}");
        }
        let (_dir, host) =
            machine(&[("proc/1/environ", "HOME=/\0"), ("proc/1/cgroup", "0::/init.scope\n")]);
        assert!(!is_container(&host));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_runs_services_is_found_by_its_traces() {
        let of = |files: &[(&str, &str)]| {
            let (_dir, host) = machine(files);
            services(&host)
        };
        assert_eq!(of(&[("run/systemd/system/x", "")]), ServiceManager::Systemd);
        assert_eq!(of(&[("sbin/openrc-run", "")]), ServiceManager::Openrc);
        assert_eq!(of(&[("etc/init.d/cron", "")]), ServiceManager::None);
        assert_eq!(of(&[]), ServiceManager::None);
    }
}
