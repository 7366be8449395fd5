//! Faults of the system: room, memory, limits, shared places.

use super::{Fault, fails, warns};
use crate::{cable::Cable, patient::Patient};
use d1_core::{Timestamp, memory::ManualClock};
use d1_executor::Space;
use std::sync::Arc;

const DISKS: &[&str] = &["sys.disk.home", "sys.disk.root", "sys.disk.tmp", "sys.disk.var"];

/// A day in 2001.
const LONG_AGO: Timestamp = Timestamp(1_000_000_000_000);

/// Has the patient be of an ordinary user, whoever runs the tests.
fn be_ordinary(patient: &mut Patient) {
    if patient.sight.uid == 0 {
        patient.sight.uid = 4242;
        std::os::unix::fs::chown(patient.at("/home/maya"), Some(4242), None).unwrap();
    }
}

pub(super) const FAULTS: &[Fault] = &[
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
        patient.program("sysctl", "");
    }),
    fails(&["sys.tmp.sticky"], |patient| patient.mode("/tmp", 0o777)),
    warns(&["sys.hostname"], |patient| {
        patient.write("/etc/hosts", "127.0.0.1 localhost # lab\n");
    }),
    fails(&["sys.root.writable"], |patient| {
        patient.write("/proc/mounts", "/dev/vda / ext4 rw 0 0\n/dev/vda / ext4 ro,relatime 0 0\n");
    }),
    warns(&["sys.tmp.noexec"], |patient| {
        patient.write("/proc/mounts", "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw,noexec 0 0\n");
    }),
    warns(&["sys.umask"], |patient| patient.write("/proc/self/status", "Umask:\t0000\n")),
    warns(&["sys.timezone"], |patient| patient.remove("/usr/share/zoneinfo/Europe/Paris")),
    warns(&["sys.timezone"], |patient| {
        std::fs::remove_dir_all(patient.at("/usr/share/zoneinfo")).unwrap();
    }),
    fails(&["sys.home.writable"], |patient| {
        let table = "/dev/vda / ext4 rw 0 0\n/dev/vdc /home ext4 ro 0 0\n";
        patient.write("/proc/mounts", table);
    }),
    fails(&["sys.home.writable"], |patient| {
        be_ordinary(patient);
        patient.mode("/home/maya", 0o500);
    }),
    fails(&["sys.tmp.writable"], |patient| patient.set("TMPDIR", "/home/maya/gone")),
    fails(&["sys.tmp.writable"], |patient| {
        patient.write("/proc/mounts", "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs ro 0 0\n");
    }),
    fails(&["sys.disk.readonly"], |patient| {
        patient.write("/proc/mounts", "/dev/vda / ext4 rw 0 0\n/dev/vdb /srv ext4 ro 0 0\n");
    }),
    fails(&["sys.disk.readonly"], |patient| {
        let table = "/dev/vda / ext4 rw 0 0\n/dev/vdd /mnt ext4 rw,emergency_ro 0 0\n";
        patient.write("/proc/mounts", table);
    }),
    fails(&["sys.dev.null"], |patient| patient.write("/dev/null", "kept\n")),
    fails(&["sys.dev.shm"], |patient| patient.mode("/dev/shm", 0o755)),
    fails(&["sys.etc.readable"], |patient| patient.mode("/etc/nsswitch.conf", 0o600)),
    warns(&["sys.oom.recent"], |patient| {
        patient.write("/proc/vmstat", "oom_kill 3\n");
        let said = "[86000.5] Out of memory: Killed process 812 (chrome) total-vm:9kB";
        patient.program("dmesg", &format!("echo '{said}'"));
    }),
    warns(&["sys.load"], |patient| {
        patient.write("/proc/loadavg", "1.00 9.00 16.50 2/400 4711\n");
    }),
    fails(&["sys.pids"], |patient| patient.write("/proc/sys/kernel/pid_max", "420\n")),
    fails(&["sys.pids"], |patient| patient.write("/sys/fs/cgroup/pids.max", "401\n")),
    warns(&["sys.zombies"], |patient| {
        for number in 1000..1060 {
            let stat = format!("{number} (a) b) Z 1 1000 1000 0\n");
            patient.write(&format!("/proc/{number}/stat"), stat);
        }
    }),
    warns(&["sys.kernel.modules"], |patient| {
        patient.write("/proc/sys/kernel/osrelease", "6.1.0-8-amd64\n");
    }),
    warns(&["sys.services"], |patient| {
        patient.program("systemctl", "echo 'nginx.service loaded failed failed A web server'");
    }),
    warns(&["sys.locale"], |patient| {
        patient.set("LC_ALL", "de_DE.UTF-8");
        patient.write("/etc/locale.gen", "# en_US.UTF-8 UTF-8\n");
        patient.write("/usr/share/i18n/SUPPORTED", "de_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\n");
        patient.program("locale-gen", "");
    }),
    fails(&["sys.clock.sane"], |patient| {
        patient.sight.host.clock = Arc::new(ManualClock::starting_at(LONG_AGO));
        // Nobody can be asked, or they would know.
        patient.sight.offline = true;
    }),
    fails(&["sys.clock.sane"], |patient| {
        let status = std::fs::File::options().write(true).open(patient.at("/var/lib/dpkg/status"));
        let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
        status.unwrap().set_modified(later).unwrap();
    }),
    warns(&["sys.clock.sync"], |patient| {
        patient.remove("/run/systemd/timesync/synchronized");
        std::fs::remove_dir(patient.at("/run/systemd/timesync")).unwrap();
    }),
    warns(&["sys.clock.sync"], |patient| patient.remove("/run/systemd/timesync/synchronized")),
    fails(&["sys.clock.skew"], |patient| {
        patient.plug_in(Cable { ahead: 300, ..Cable::default() });
    }),
    fails(&["sys.clock.skew"], |patient| {
        patient.plug_in(Cable { ahead: -300, ..Cable::default() });
    }),
];

#[tokio::test]
async fn what_reached_a_limit_of_its_own_or_long_ago_did_not_take_the_machine_s_memory() {
    let patient = Patient::healthy();
    patient.write("/proc/vmstat", "oom_kill 3\n");
    patient.write("/proc/uptime", "9000000.12 1.00\n");
    let of_group = "[8999999.1] Memory cgroup out of memory: Killed process 7 (x) total-vm:9kB";
    let long_ago = "[  100.5] Out of memory: Killed process 812 (chrome) total-vm:9kB";
    patient.program("dmesg", &format!("echo '{of_group}'; echo '{long_ago}'"));
    let verdict = patient.examine().await["sys.oom.recent"].verdict;
    assert_eq!(verdict, d1_core::Verdict::Ok);
}

#[tokio::test]
async fn a_home_that_belongs_to_somebody_else_is_none() {
    let mut patient = Patient::healthy();
    patient.sight.uid += 4242;
    let finding = patient.examine().await.remove("sys.home.writable").unwrap();
    assert_eq!(finding.summary, "your home belongs to somebody else");
}
