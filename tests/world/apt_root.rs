//! A scratch Debian: real `apt-get` and `dpkg` on a root of their own, with a repository of
//! packages made on the spot. Nothing outside the temporary directory is touched, no network
//! is needed, and an installation takes a fraction of a second.
//!
//! apt is pointed there by `APT_CONFIG`, dpkg by `DPKG_ADMINDIR` and its `--root` option;
//! maintainer scripts run unconfined (`--force-script-chrootless`).

use d1_core::Digest;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// A package to be made.
#[derive(Clone, Debug, Default)]
pub struct Deb {
    pub name: &'static str,
    pub version: &'static str,
    pub depends: &'static str,
    pub conflicts: &'static str,
    /// A `postinst` script; none when empty.
    pub postinst: String,
    /// A command the package brings, printing its name; none when empty.
    pub command: &'static str,
}

impl Deb {
    pub fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, ..Self::default() }
    }

    pub fn depends(self, depends: &'static str) -> Self {
        Self { depends, ..self }
    }

    pub fn conflicts(self, conflicts: &'static str) -> Self {
        Self { conflicts, ..self }
    }

    pub fn postinst(self, postinst: impl Into<String>) -> Self {
        Self { postinst: postinst.into(), ..self }
    }

    pub fn command(self, command: &'static str) -> Self {
        Self { command, ..self }
    }
}

/// A scratch Debian.
#[derive(Debug)]
pub struct AptRoot {
    dir: TempDir,
}

impl AptRoot {
    /// A root with an empty package database, and these packages in its index.
    pub fn with(packages: &[Deb]) -> Self {
        let root = Self { dir: tempfile::tempdir().unwrap() };
        for folder in [
            "root/var/lib/dpkg/info",
            "root/var/lib/dpkg/updates",
            "root/var/lib/dpkg/triggers",
            "root/var/lib/apt/lists/partial",
            "root/var/cache/apt/archives/partial",
            "root/var/log/apt",
            "root/etc/apt/apt.conf.d",
            "root/etc/apt/preferences.d",
            "root/etc/apt/sources.list.d",
            "root/etc/apt/trusted.gpg.d",
            "repo",
        ] {
            fs::create_dir_all(root.path(folder)).unwrap();
        }
        fs::write(root.path("root/var/lib/dpkg/status"), "").unwrap();
        fs::write(root.path("root/var/lib/dpkg/available"), "").unwrap();
        root.configure();
        root.publish(packages);
        root.refresh();
        root
    }

    /// The usual packages of these tests: `greeter`, which needs `greeter-words`; `single`;
    /// `broken`, which cannot be installed; `failing`, whose script fails.
    pub fn usual() -> Self {
        Self::with(&Self::usual_packages())
    }

    pub fn usual_packages() -> Vec<Deb> {
        vec![
            Deb::new("greeter", "1.0").depends("greeter-words (>= 1)").command("greet"),
            Deb::new("greeter-words", "1.2"),
            Deb::new("single", "2.0"),
            Deb::new("broken", "1.0").depends("no-such-thing"),
            Deb::new("failing", "1.0").postinst("echo boom >&2\nexit 3\n"),
        ]
    }

    /// A path inside the scratch directory.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(inside)
    }

    /// The environment that points apt and dpkg here.
    pub fn env(&self) -> BTreeMap<String, String> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        BTreeMap::from([
            ("APT_CONFIG".to_owned(), text(self.path("root/apt.conf"))),
            ("DPKG_ADMINDIR".to_owned(), text(self.path("root/var/lib/dpkg"))),
        ])
    }

    /// `dpkg-query -W`: what is installed.
    pub fn installed(&self) -> String {
        let format = "${Package} ${db:Status-Abbrev} ${Version}\n";
        self.run("dpkg-query", &["-W", "-f", format])
    }

    /// Every path below the root's `etc` and `usr`, files with their digests.
    pub fn tree(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for top in ["root/etc", "root/usr"] {
            walk(&self.path(top), &mut lines);
        }
        lines.sort();
        lines
    }

    /// What `apt-mark showauto` says.
    pub fn automatic(&self) -> String {
        self.run("apt-mark", &["showauto"])
    }

    /// How often dpkg began to install a package.
    pub fn installations(&self, package: &str) -> usize {
        let log = fs::read_to_string(self.path("root/var/log/dpkg.log")).unwrap_or_default();
        let wanted = format!(" install {package}:");
        log.lines().filter(|line| line.contains(&wanted)).count()
    }

    /// Whether a package manager works on this root.
    pub fn is_busy(&self) -> bool {
        let root = self.dir.path().to_str().unwrap();
        let Ok(processes) = fs::read_dir("/proc") else { return false };
        processes.flatten().any(|process| {
            let words = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let env = fs::read(process.path().join("environ")).unwrap_or_default();
            let is_apt = words.starts_with(b"apt-get") || words.starts_with(b"/usr/bin/dpkg");
            is_apt && String::from_utf8_lossy(&env).contains(root)
        })
    }

    /// Puts more packages into the repository, and refreshes the index.
    pub fn add(&self, packages: &[Deb]) {
        self.publish(packages);
        self.refresh();
    }

    /// Installs behind everybody's back, as a person at another terminal would.
    pub fn install_by_hand(&self, package: &str) {
        self.run("apt-get", &["install", "-y", "-qq", package]);
    }

    /// Points the sources at an address where nobody answers, and empties the index.
    pub fn unplug(&self) {
        let line = "deb [trusted=yes] http://127.0.0.1:9/debian ./\n";
        fs::write(self.path("root/etc/apt/sources.list"), line).unwrap();
        for entry in fs::read_dir(self.path("root/var/lib/apt/lists")).unwrap().flatten() {
            if !entry.file_type().unwrap().is_dir() {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    /// Has its packages come from this address, and asks there for what there is.
    pub fn comes_from(&self, address: &str) {
        let line = format!("deb [trusted=yes] {address} ./\n");
        fs::write(self.path("root/etc/apt/sources.list"), line).unwrap();
        self.refresh();
    }

    /// Adds to the settings of apt.
    pub fn set(&self, settings: &str) {
        fs::write(self.path("root/etc/apt/apt.conf.d/99test"), settings).unwrap();
    }

    /// Takes away a package that is half done, as a person does by hand.
    pub fn give_up(&self, package: &str) {
        let root = format!("--root={}", self.path("root").display());
        self.run("dpkg", &[&root, "--force-script-chrootless", "--purge", package]);
    }

    fn configure(&self) {
        let root = self.path("root");
        let root = root.to_str().unwrap();
        let config = format!(
            "Dir \"{root}\";\n\
             Dir::State::status \"{root}/var/lib/dpkg/status\";\n\
             Dir::Bin::dpkg \"/usr/bin/dpkg\";\n\
             Dir::Bin::methods \"/usr/lib/apt/methods\";\n\
             Dir::Log \"{root}/var/log/apt\";\n\
             APT::Architecture \"amd64\";\n\
             APT::Sandbox::User \"root\";\n\
             Acquire::Languages \"none\";\n\
             DPkg::Options {{ \"--root={root}\"; \"--force-script-chrootless\"; \
             \"--log={root}/var/log/dpkg.log\"; \"--force-unsafe-io\"; }};\n"
        );
        fs::write(self.path("root/apt.conf"), config).unwrap();
        let sources = format!("deb [trusted=yes] file:{} ./\n", self.path("repo").display());
        fs::write(self.path("root/etc/apt/sources.list"), sources).unwrap();
    }

    fn publish(&self, packages: &[Deb]) {
        let mut index = fs::read_to_string(self.path("repo/Packages")).unwrap_or_default();
        for deb in packages {
            let control = control(deb);
            let file = self.build(deb, &control);
            let bytes = fs::read(self.path("repo").join(&file)).unwrap();
            let (size, digest) = (bytes.len(), Digest::of(&bytes));
            write!(index, "{control}Filename: ./{file}\nSize: {size}\nSHA256: {digest}\n\n")
                .unwrap();
        }
        fs::write(self.path("repo/Packages"), index).unwrap();
    }

    fn build(&self, deb: &Deb, control: &str) -> String {
        let folder = self.path("build").join(deb.name);
        let write = |path: &str, text: &str, mode: u32| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let name = deb.name;
        write("DEBIAN/control", control, 0o644);
        write("DEBIAN/conffiles", &format!("/etc/{name}/conf\n"), 0o644);
        write(&format!("etc/{name}/conf"), "setting = 1\n", 0o644);
        write(&format!("usr/share/{name}/data"), name, 0o644);
        if !deb.postinst.is_empty() {
            write("DEBIAN/postinst", &format!("#!/bin/sh\n{}", deb.postinst), 0o755);
        }
        if !deb.command.is_empty() {
            let script = format!("#!/bin/sh\necho {}\n", deb.command);
            write(&format!("usr/bin/{}", deb.command), &script, 0o755);
        }
        let file = format!("{name}_{}_all.deb", deb.version);
        let target = self.path("repo").join(&file);
        let (folder, target) = (folder.to_str().unwrap(), target.to_str().unwrap());
        self.run("dpkg-deb", &["--build", "--root-owner-group", "-Znone", folder, target]);
        file
    }

    fn refresh(&self) {
        self.run("apt-get", &["update", "-qq"]);
    }

    fn run(&self, program: &str, args: &[&str]) -> String {
        let output = Command::new(program)
            .args(args)
            .envs(self.env())
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap_or_else(|error| panic!("{program} is needed for these tests: {error}"));
        assert!(
            output.status.success(),
            "{program} {args:?} failed:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

fn control(deb: &Deb) -> String {
    let Deb { name, version, depends, conflicts, .. } = deb;
    let mut text = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: all\n\
         Maintainer: Tester <tester@example.org>\n"
    );
    for (field, value) in [("Depends", depends), ("Conflicts", conflicts)] {
        if !value.is_empty() {
            text += &format!("{field}: {value}\n");
        }
    }
    text + &format!("Description: the test package {name}\n")
}

fn walk(path: &Path, lines: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            lines.push(format!("{}/", path.display()));
            walk(&path, lines);
        } else if kind.is_symlink() {
            lines.push(format!(
                "{} -> {}",
                path.display(),
                fs::read_link(&path).unwrap().display()
            ));
        } else {
            lines.push(format!("{} {}", path.display(), Digest::of(&fs::read(&path).unwrap())));
        }
    }
}
