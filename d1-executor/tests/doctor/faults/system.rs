//! Faults of the system: room, memory, limits, shared places.

use super::{Fault, fails, warns};
use d1_executor::Space;

const DISKS: &[&str] = &["sys.disk.home", "sys.disk.root", "sys.disk.tmp", "sys.disk.var"];

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
];
