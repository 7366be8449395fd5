//! A repository of tiny packages in a folder, and a dpkg and apt that keep to a root of their
//! own. It is part of several test programs.

use std::{fs, path::Path, process::Command};

/// Lays out the folders of dpkg and apt below `root`, with nothing installed.
pub(crate) fn lay_out(root: &Path) {
    for folder in [
        "etc/apt/apt.conf.d",
        "etc/apt/preferences.d",
        "etc/apt/trusted.gpg.d",
        "var/lib/dpkg/info",
        "var/lib/dpkg/updates",
        "var/lib/dpkg/triggers",
        "var/lib/apt/lists/partial",
        "var/cache/apt/archives/partial",
        "var/log/apt",
        "usr",
        "tmp",
    ] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    let shown = root.display();
    fs::write(
        root.join("etc/apt/apt.conf"),
        format!(
            "Dir \"{shown}/\";\nDir::State::status \"{shown}/var/lib/dpkg/status\";\n\
             APT::Sandbox::User \"root\";\nAcquire::Languages \"none\";\n\
             DPkg::Options {{ \"--root={shown}\"; \"--force-script-chrootless\"; \"--log=/dev/null\"; }};\n"
        ),
    )
    .unwrap();
}

/// Puts a package into `repository`: `tree` has its files, and `DEBIAN/control` among them.
pub(crate) fn pack(repository: &Path, tree: &Path, name: &str, version: &str) {
    let target = repository.join(format!("{name}_{version}_all.deb"));
    let words = ["--build", "--root-owner-group", "-Znone"];
    must(Command::new("dpkg-deb").args(words).arg(tree).arg(target));
}

/// Writes the index of the packages in `repository`.
pub(crate) fn index(repository: &Path) {
    let mut packages = String::new();
    for entry in fs::read_dir(repository).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "deb") {
            continue;
        }
        let control = must(Command::new("dpkg-deb").arg("-f").arg(&path));
        let bytes = fs::read(&path).unwrap();
        let digest = d1_core::Digest::of(&bytes);
        let file = path.file_name().unwrap().to_string_lossy();
        packages += &format!(
            "{}\nFilename: ./{file}\nSize: {}\nSHA256: {digest}\n\n",
            control.trim_end(),
            bytes.len()
        );
    }
    fs::write(repository.join("Packages"), packages).unwrap();
}

fn must(command: &mut Command) -> String {
    let out = command.env("LC_ALL", "C.UTF-8").output().unwrap();
    let error = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{command:?}\n{error}");
    String::from_utf8_lossy(&out.stdout).into_owned()
}
