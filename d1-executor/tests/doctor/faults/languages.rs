//! Faults of Python, Rust, Java and Go.

use super::{Fault, fails, warns};
use crate::patient::Patient;
use std::fs;

/// A Python of the distribution, whose packages are not pip's to change.
fn with_guard(patient: &Patient) {
    patient.write("/usr/lib/python3.11/EXTERNALLY-MANAGED", "[externally-managed]\n");
}

/// A program that is no script.
fn binary(patient: &Patient, path: &str) {
    patient.write(path, b"\x7fELF");
    patient.mode(path, 0o755);
}

/// A pip that is run by this Python.
fn pip(patient: &Patient, python: &str) {
    patient.write("/tools/pip", format!("#!{python}\nimport pip\n"));
    patient.mode("/tools/pip", 0o755);
}

fn java(patient: &Patient, home: &str, version: &str) {
    binary(patient, &format!("{home}/bin/java"));
    patient.write(&format!("{home}/release"), format!("JAVA_VERSION=\"{version}\"\n"));
}

pub(super) const FAULTS: &[Fault] = &[
    fails(&["py.venv"], |patient| {
        patient.set("VIRTUAL_ENV", "/home/maya/venv");
        patient.link("/home/maya/venv/bin/python", "/usr/bin/python-that-was");
    }),
    warns(&["py.externally_managed"], |patient| {
        with_guard(patient);
        let settings = "[global]\nbreak-system-packages = true\n";
        patient.write("/home/maya/.config/pip/pip.conf", settings);
    }),
    warns(&["py.externally_managed"], |patient| {
        with_guard(patient);
        patient.set("PIP_BREAK_SYSTEM_PACKAGES", "1");
    }),
    fails(&["py.pip"], |patient| pip(patient, "/usr/bin/python3.9")),
    warns(&["py.pip"], |patient| {
        binary(patient, "/usr/local/bin/python3.12");
        binary(patient, "/usr/bin/python3.11");
        patient.link("/tools/python3", patient.at("/usr/bin/python3.11"));
        pip(patient, "/usr/local/bin/python3.12");
    }),
    fails(&["py.home"], |patient| patient.set("PYTHONHOME", "/opt/python-that-was")),
    fails(&["py.modules"], |patient| {
        let said = "ModuleNotFoundError: No module named '_ssl'";
        patient.program("python3", &format!("echo \"{said}\" >&2; exit 1"));
    }),
    fails(&["rust.linker"], |patient| patient.remove("/tools/cc")),
    warns(&["rust.toolchain"], |patient| {
        patient.program("rustup", "");
        let settings = "default_toolchain = \"stable-x86_64-unknown-linux-gnu\"\n";
        patient.write("/home/maya/.rustup/settings.toml", settings);
        fs::create_dir_all(patient.at("/home/maya/.rustup/toolchains/nightly")).unwrap();
    }),
    fails(&["rust.config"], |patient| {
        patient.program("cargo", "");
        patient.write("/home/maya/.cargo/config.toml", "[build\n");
    }),
    fails(&["rust.wrapper"], |patient| {
        patient.program("cargo", "");
        let settings = "[build]\nrustc-wrapper = \"cache-that-was\"\n";
        patient.write("/home/maya/.cargo/config.toml", settings);
    }),
    fails(&["rust.wrapper"], |patient| {
        patient.program("cargo", "");
        patient.set("RUSTC_WRAPPER", "/opt/cache-that-was");
    }),
    warns(&["java.home"], |patient| patient.set("JAVA_HOME", "/opt/java-that-was")),
    warns(&["java.mismatch"], |patient| {
        java(patient, "/opt/java-8", "1.8.0_392");
        java(patient, "/opt/java-17", "17.0.2");
        patient.link("/tools/java", patient.at("/opt/java-17/bin/java"));
        patient.set("JAVA_HOME", "/opt/java-8");
    }),
    fails(&["go.root"], |patient| {
        patient.program("go", "");
        patient.set("GOROOT", "/opt/go-that-was");
    }),
    fails(&["go.path"], |patient| {
        patient.program("go", "");
        patient.write("/home/maya/.config/go/env", "GOPATH=go\n");
    }),
];

/// What looks like a fault and is none.
#[tokio::test]
async fn languages_that_fit_together_are_no_faults() {
    let mut patient = Patient::healthy();
    with_guard(&patient);
    let settings = "[global]\n# break-system-packages = true\nbreak-system-packages = no\n";
    patient.write("/home/maya/.pip/pip.conf", settings);
    binary(&patient, "/usr/bin/python3.11");
    patient.link("/tools/python3", patient.at("/usr/bin/python3.11"));
    pip(&patient, "/usr/bin/python3.11");
    patient.program("rustup", "");
    patient.write("/home/maya/.rustup/settings.toml", "default_toolchain = \"stable\"\n");
    let toolchain = "/home/maya/.rustup/toolchains/stable-x86_64-unknown-linux-gnu";
    fs::create_dir_all(patient.at(toolchain)).unwrap();
    java(&patient, "/opt/java-17", "17.0.2");
    java(&patient, "/opt/java-17-too", "17.0.9");
    patient.link("/tools/java", patient.at("/opt/java-17/bin/java"));
    patient.set("JAVA_HOME", "/opt/java-17-too");
    let findings = patient.examine().await;
    let wrong: Vec<_> = findings.values().filter(|finding| finding.is_trouble()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
