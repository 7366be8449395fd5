//! One fault for every check: put in, found by that check, and by no other.

use crate::patient::Patient;
use d1_core::Verdict;
use d1_executor::{Space, all_checks};
use std::fs;

/// A fault: which checks find it, how bad they call it, and how it is put in.
pub(crate) struct Fault {
    found_by: &'static [&'static str],
    verdict: Verdict,
    pub(crate) put_in: fn(&mut Patient),
}

const fn fails(found_by: &'static [&'static str], put_in: fn(&mut Patient)) -> Fault {
    Fault { found_by, verdict: Verdict::Fail, put_in }
}

const fn warns(found_by: &'static [&'static str], put_in: fn(&mut Patient)) -> Fault {
    Fault { found_by, verdict: Verdict::Warn, put_in }
}

const DISKS: &[&str] = &["sys.disk.home", "sys.disk.root", "sys.disk.tmp", "sys.disk.var"];

pub(crate) const FAULTS: &[Fault] = &[
    fails(DISKS, |patient| {
        patient.has_room(Space {
            free_bytes: 500 << 20,
            total_bytes: 100 << 30,
            free_files: Some(1 << 20),
        });
    }),
    warns(DISKS, |patient| {
        patient.has_room(Space {
            free_bytes: 3 << 30,
            total_bytes: 100 << 30,
            free_files: Some(1 << 20),
        });
    }),
    fails(&["sys.disk.inodes"], |patient| {
        patient.has_room(Space {
            free_bytes: 50 << 30,
            total_bytes: 100 << 30,
            free_files: Some(3),
        });
    }),
    warns(&["sys.mem.available"], |patient| {
        patient.write("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 100000 kB\n");
    }),
    warns(&["sys.mem.pressure"], |patient| {
        let text = "some avg10=90.00 avg60=45.20 avg300=1.00 total=1\n";
        patient.write("/proc/pressure/memory", text);
    }),
    warns(&["sys.reboot.required"], |patient| {
        patient.write("/run/reboot-required", "*** System restart required ***\n");
        patient.write("/run/reboot-required.pkgs", "linux-image\nlibc6\nlibc6\n");
    }),
    warns(&["sys.limits.nofile"], |patient| {
        patient.write("/proc/self/limits", "Max open files            256    4096   files\n");
    }),
    warns(&["sys.inotify.watches"], |patient| {
        patient.write("/proc/sys/fs/inotify/max_user_watches", "4096\n");
    }),
    fails(&["sys.tmp.sticky"], |patient| patient.mode("/tmp", 0o777)),
    warns(&["sys.hostname"], |patient| {
        patient.write("/etc/hosts", "127.0.0.1 localhost # lab\n");
    }),
    fails(&["path.relative"], |patient| patient.set("PATH", "/usr/bin:.:/bin")),
    fails(&["path.relative"], |patient| patient.set("PATH", "/usr/bin::/bin")),
    fails(&["path.writable"], |patient| patient.mode("/usr/local/bin", 0o777)),
    fails(&["apt.broken"], |patient| {
        let status = "Package: bad\nStatus: install ok half-configured\n";
        patient.write("/var/lib/dpkg/status", status);
    }),
    fails(&["apt.broken"], |patient| {
        let status = "Package: bad\nStatus: install reinstreq installed\n";
        patient.write("/var/lib/dpkg/status", status);
    }),
    warns(&["apt.held"], |patient| {
        let status = "Package: kept\nStatus: hold ok installed\n";
        patient.write("/var/lib/dpkg/status", status);
    }),
    warns(&["apt.index.age"], |patient| {
        patient.remove("/var/lib/apt/lists/deb.example_dists_bookworm_InRelease");
    }),
    warns(&["apt.index.age"], |patient| {
        let list = patient.at("/var/lib/apt/lists/deb.example_dists_bookworm_InRelease");
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        fs::File::options().write(true).open(list).unwrap().set_modified(old).unwrap();
    }),
    warns(&["apt.sources.dup"], |patient| {
        let again = "deb [ arch=amd64 ] http://deb.example/debian/ bookworm contrib\n";
        patient.write("/etc/apt/sources.list.d/again.list", again);
    }),
    fails(&["ssh.perms"], |patient| patient.mode("/home/maya/.ssh/id_ed25519", 0o644)),
    fails(&["ssh.perms"], |patient| patient.mode("/home/maya/.ssh", 0o777)),
    fails(&["sec.creds.perms"], |patient| patient.mode("/home/maya/.netrc", 0o644)),
    fails(&["net.resolver"], |patient| patient.remove("/etc/resolv.conf")),
    fails(&["net.resolver"], |patient| patient.write("/etc/resolv.conf", "search example\n")),
    warns(&["net.proxy"], |patient| {
        patient.set("https_proxy", "http://one.example:3128");
        patient.set("HTTPS_PROXY", "http://two.example:3128");
    }),
    fails(&["shell.login"], |patient| patient.remove("/bin/bash")),
    warns(&["shell.login"], |patient| patient.write("/etc/shells", "/bin/sh\n")),
    warns(&["git.present"], |patient| patient.remove("/tools/git")),
    warns(&["git.identity"], |patient| patient.program("git", "exit 1")),
    warns(&["java.home"], |patient| patient.set("JAVA_HOME", "/opt/java-that-was")),
    fails(&["py.venv"], |patient| {
        patient.set("VIRTUAL_ENV", "/home/maya/venv");
        fs::create_dir_all(patient.at("/home/maya/venv/bin")).unwrap();
        let python = patient.at("/home/maya/venv/bin/python");
        std::os::unix::fs::symlink("/usr/bin/python-that-was", python).unwrap();
    }),
    fails(&["d1.policy"], |patient| {
        patient.write("/etc/d1-doctor/policy.toml", "allow_shell = maybe\n");
    }),
    fails(&["sys.root.writable"], |patient| {
        patient.write("/proc/mounts", "/dev/vda / ext4 rw 0 0\n/dev/vda / ext4 ro,relatime 0 0\n");
    }),
    warns(&["sys.tmp.noexec"], |patient| {
        patient.write("/proc/mounts", "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw,noexec 0 0\n");
    }),
    warns(&["sys.umask"], |patient| patient.write("/proc/self/status", "Umask:\t0000\n")),
    warns(&["sys.timezone"], |patient| patient.remove("/usr/share/zoneinfo/Europe/Paris")),
    fails(&["net.localhost"], |patient| {
        patient.write("/etc/hosts", "127.0.1.1 lab # localhost\n10.0.0.1 localhost\n");
    }),
    fails(&["sec.passwd.perms"], |patient| patient.mode("/etc/shadow", 0o644)),
    fails(&["sec.passwd.perms"], |patient| patient.mode("/etc/passwd", 0o666)),
    fails(&["rust.linker"], |patient| patient.remove("/tools/cc")),
    fails(&["shell.startup"], |patient| {
        patient.program("bash", "echo \"$2: line 3: syntax error\" >&2; exit 2");
    }),
    warns(&["ssh.agent"], |patient| patient.remove("/run/agent.sock")),
    fails(&["d1.acceptances"], |patient| {
        patient.write("/etc/d1-doctor/doctor.toml", "[[accept]]\ncheck = \"sys.umask\"\n");
    }),
    fails(&["path.dup", "path.missing", "path.relative", "path.writable"], |patient| {
        patient.sight.env = std::sync::Arc::default();
    }),
];

#[tokio::test]
async fn every_fault_is_found_by_its_checks_and_by_no_other() {
    for (number, fault) in FAULTS.iter().enumerate() {
        let mut patient = Patient::healthy();
        (fault.put_in)(&mut patient);
        let findings = patient.examine().await;
        let mut found_by: Vec<&str> =
            findings.values().filter(|f| f.is_trouble()).map(|f| f.check.as_str()).collect();
        found_by.sort_unstable();
        assert_eq!(found_by, fault.found_by, "fault {number}");
        for id in fault.found_by {
            let finding = &findings[*id];
            assert_eq!(finding.verdict, fault.verdict, "fault {number}: {finding:?}");
            assert!(!finding.remedy.is_empty(), "{id} tells what to do: {finding:?}");
        }
    }
}

#[test]
fn no_check_is_without_a_fault() {
    let proven: Vec<&str> = FAULTS.iter().flat_map(|fault| fault.found_by).copied().collect();
    let unproven: Vec<&str> =
        all_checks().map(|about| about.id).filter(|id| !proven.contains(id)).collect();
    assert_eq!(unproven, [""; 0]);
}

#[tokio::test]
async fn evidence_names_what_is_wrong() {
    let patient = Patient::healthy();
    patient.mode("/home/maya/.ssh/id_ed25519", 0o640);
    let findings = patient.examine().await;
    assert_eq!(findings["ssh.perms"].details, ["~/.ssh/id_ed25519: its mode is 0640"]);
    let patient = Patient::healthy();
    let status = "Package: bad\nStatus: install ok unpacked\n\nPackage: worse\nStatus: install ok half-installed\n";
    patient.write("/var/lib/dpkg/status", status);
    let findings = patient.examine().await;
    assert_eq!(findings["apt.broken"].details, ["bad: unpacked", "worse: half-installed"]);
}
