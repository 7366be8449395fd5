//! Faults of Linux inside of Windows, and of macOS, as recorded.

use super::{Fault, fails, warns};
use crate::patient::Patient;

const WSL: &str = "5.15.90.1-microsoft-standard-WSL2\n";

fn mac(patient: &Patient) {
    patient.write("/System/Library/CoreServices/SystemVersion.plist", "<plist/>\n");
    patient.write("/Library/Developer/CommandLineTools/usr/bin/cc", "");
    patient.program("xcode-select", "echo /Library/Developer/CommandLineTools");
    patient.program("sw_vers", "echo 26.1");
}

pub(super) const FAULTS: &[Fault] = &[
    warns(&["wsl.version"], |patient| {
        patient.write("/proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n");
    }),
    warns(&["wsl.systemd"], |patient| {
        patient.write("/proc/sys/kernel/osrelease", WSL);
        patient.write("/proc/1/comm", "init(Debian)\n");
    }),
    warns(&["wsl.path.mix"], |patient| {
        patient.write("/proc/sys/kernel/osrelease", WSL);
        patient.write("/proc/mounts", "/dev/sdc / ext4 rw 0 0\nC:\\134 /mnt/c 9p rw 0 0\n");
        patient.sight.cwd = Some(patient.at("/mnt/c/Users/maya/project"));
    }),
    fails(&["mac.clt"], |patient| {
        mac(patient);
        patient.program(
            "xcode-select",
            "echo 'xcode-select: error: unable to get active' >&2; exit 2",
        );
    }),
    fails(&["mac.clt"], |patient| {
        mac(patient);
        patient.program("xcode-select", "echo /Applications/Xcode.app/Contents/Developer");
    }),
    warns(&["mac.version"], |patient| {
        mac(patient);
        patient.program("sw_vers", "echo 12.7.6");
    }),
];

#[tokio::test]
async fn a_mac_and_a_linux_in_windows_that_are_well_are_left_in_peace() {
    let patient = Patient::healthy();
    mac(&patient);
    patient.write("/proc/sys/kernel/osrelease", WSL);
    let findings = patient.examine().await;
    for id in ["mac.clt", "mac.version", "wsl.version", "wsl.systemd", "wsl.path.mix"] {
        assert_eq!(findings[id].verdict, d1_core::Verdict::Ok, "{id}");
    }
}
