//! A machine on which everything is as it should be, until a test breaks it.

use crate::cable::Cable;
use d1_core::{Finding, SystemClock};
use d1_executor::{Doctor, History, Host, Selection, Sight, Space, SqliteJournal};
use futures_util::StreamExt as _;
use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// What a clean Debian has in these places.
const CLEAN: [(&str, &str); 27] = [
    ("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 lab\n"),
    ("/etc/resolv.conf", "# by hand\nnameserver 9.9.9.9\n"),
    ("/etc/shadow", "maya:!:1:0:99999:7:::\n"),
    ("/etc/group", "maya:x:1000:\n"),
    ("/usr/share/zoneinfo/Europe/Paris", "TZif"),
    ("/proc/mounts", "/dev/vda / ext4 rw,relatime 0 0\ntmpfs /tmp tmpfs rw,nosuid 0 0\n"),
    (
        "/proc/self/status",
        "Name:\td1\nUmask:\t0022\nGid:\t1000\t1000\t1000\t1000\nGroups:\t1000 \n",
    ),
    ("/home/maya/.bashrc", "export EDITOR=vi\n"),
    ("/run/agent.sock", ""),
    ("/etc/shells", "/bin/sh\n/bin/bash\n"),
    ("/usr/bin/bash", ""),
    ("/etc/d1-doctor/policy.toml", "allow_shell = false\n"),
    ("/etc/apt/sources.list", "deb http://deb.example/debian bookworm main contrib\n"),
    (
        "/etc/apt/sources.list.d/more.list",
        "deb [arch=amd64 signed-by=/usr/share/keyrings/x.asc] http://x.example y z\n",
    ),
    ("/proc/sys/kernel/hostname", "lab\n"),
    ("/proc/meminfo", "MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: 6000000 kB\n"),
    ("/proc/pressure/memory", "some avg10=0.00 avg60=0.10 avg300=0.00 total=1\n"),
    ("/proc/self/limits", "Max open files            1048576   1048576   files\n"),
    ("/proc/sys/fs/inotify/max_user_watches", "524288\n"),
    (
        "/var/lib/dpkg/status",
        "Package: bash\nStatus: install ok installed\n\nPackage: old\nStatus: deinstall ok config-files\n",
    ),
    (
        "/var/lib/apt/lists/deb.example_dists_bookworm_InRelease",
        "Origin: Debian\nCodename: bookworm\n",
    ),
    ("/usr/share/keyrings/x.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"),
    ("/home/maya/.gitconfig", "[user]\n\tname = Maya\n\temail = maya@lab.example\n"),
    ("/home/maya/.ssh/known_hosts", "lab.example ssh-ed25519 AAAA\n"),
    ("/home/maya/.ssh/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n"),
    ("/home/maya/.ssh/id_ed25519.pub", "ssh-ed25519 AAAA maya\n"),
    ("/home/maya/.netrc", "machine example login maya password secret\n"),
];

/// What it has for the network, and what its kernel tells.
const CLEAN_SYSTEM: &[(&str, &str)] = &[
    (
        "/etc/os-release",
        "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\n",
    ),
    ("/etc/pip.conf", "[global]\nindex-url = https://index.example/simple\n"),
    ("/etc/nsswitch.conf", "passwd: files\nhosts: files dns # in this order\n"),
    ("/etc/ssl/certs/ca-certificates.crt", "-----BEGIN CERTIFICATE-----\nx\n"),
    (
        "/proc/net/route",
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
         eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n",
    ),
    (
        "/proc/net/if_inet6",
        "20010db8000000000000000000000002 02 40 00 80 eth0\n\
         00000000000000000000000000000001 01 80 10 80 lo\n",
    ),
    ("/proc/vmstat", "nr_free_pages 7\noom_kill 0\n"),
    ("/proc/uptime", "86400.12 100000.00\n"),
    ("/proc/loadavg", "0.10 0.20 1.50 2/400 4711\n"),
    ("/proc/cpuinfo", "processor\t: 0\n\nprocessor\t: 1\n"),
    ("/proc/sys/kernel/pid_max", "4194304\n"),
    ("/sys/fs/cgroup/pids.current", "400\n"),
    ("/sys/fs/cgroup/pids.max", "max\n"),
    ("/proc/1/stat", "1 (init) S 0 1 1 0\n"),
    ("/proc/1/comm", "systemd\n"),
    ("/proc/sys/kernel/osrelease", "6.1.0-9-amd64\n"),
    ("/usr/lib/modules/6.1.0-9-amd64/modules.dep", "kernel/x.ko:\n"),
    ("/run/systemd/system/x", ""),
    ("/usr/lib/systemd/system/systemd-timesyncd.service", ""),
    ("/run/systemd/timesync/synchronized", ""),
    ("/etc/fstab", "# as it was made\n/dev/vda / ext4 rw 0 1\n/dev/vdb /srv ext4 defaults 0 2\n"),
];

/// Its programs that tell of the system.
const PROGRAMS: &[(&str, &str)] =
    &[("locale", "printf 'C\\nC.utf8\\nen_US.utf8\\nPOSIX\\n'"), ("systemctl", "exit 0")];

/// What a project whose needs are met has in these places; its manifest names a port, too.
const PROJECT: [(&str, &str); 7] = [
    ("/home/maya/app/.nvmrc", "lts/iron\n"),
    ("/home/maya/app/.python-version", "3.11\n"),
    ("/home/maya/app/.tool-versions", "nodejs 20.11.1\nmystery-tool 1.2\n"),
    ("/home/maya/app/package.json", "{ \"engines\": { \"node\": \">=18\", \"npm\": \">=9\" } }\n"),
    ("/home/maya/app/package-lock.json", "{}\n"),
    ("/home/maya/app/.env.example", "DATABASE_URL=postgres://127.0.0.1/app\nAPI_KEY=\n"),
    ("/home/maya/app/.env", "export DATABASE_URL=postgres://maya:secret@127.0.0.1/app\nAPI_KEY=\n"),
];

/// A machine of one's own.
pub(crate) struct Patient {
    folder: TempDir,
    outside: TempDir,
    _services: (UnixListener, TcpListener),
    /// The port on which a service answers.
    pub(crate) port: u16,
    pub(crate) sight: Sight,
}

impl Patient {
    /// One with nothing wrong.
    pub(crate) fn healthy() -> Self {
        let folder = scratch();
        let at = |path: &str| folder.path().join(path.trim_start_matches('/'));
        let mut host = Host::this(Arc::new(SystemClock::new()));
        (host.root, host.path) = (folder.path().to_path_buf(), text(&at("/tools")));
        let mut sight = Sight::this(host, &at("/state"));
        sight.home = Some(at("/home/maya"));
        sight.uid = own_uid();
        sight.cwd = Some(at("/home/maya/app/src"));
        sight.env = Arc::new(BTreeMap::from([
            ("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into()),
            ("HOME".into(), at("/home/maya").into_os_string()),
            ("LANG".into(), "en_US.UTF-8".into()),
            ("SSH_AUTH_SOCK".into(), "/run/agent.sock".into()),
        ]));
        let roomy =
            Space { free_bytes: 50 << 30, total_bytes: 100 << 30, free_files: Some(1 << 20) };
        sight.space = Arc::new(move |_| Ok(roomy));
        sight.net = Arc::new(Cable::default());
        for folder in ["/run", "/home/maya/app/src"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        let services = (
            UnixListener::bind(at("/run/app.sock")).unwrap(),
            TcpListener::bind("127.0.0.1:0").unwrap(),
        );
        let port = services.1.local_addr().unwrap().port();
        let patient = Self { folder, outside: scratch(), _services: services, port, sight };
        patient.has_a_project();
        patient.has_a_past();
        for (path, content) in CLEAN.iter().chain(CLEAN_SYSTEM) {
            patient.write(path, content);
        }
        for (name, script) in PROGRAMS {
            patient.program(name, script);
        }
        patient.write("/bin/bash", "");
        let uid = own_uid();
        patient.write("/etc/passwd", format!("maya:x:{uid}:{uid}::/home/maya:/bin/bash\n"));
        patient.link("/etc/localtime", "/usr/share/zoneinfo/Europe/Paris");
        patient.mode("/etc/shadow", 0o640);
        patient.git("");
        for (name, script) in [("bash", ""), ("rustc", ""), ("cc", ""), ("apt-get", "exit 100")] {
            patient.program(name, script);
        }
        for folder in ["/tmp", "/dev/shm", "/usr/local/bin", "/usr/bin", "/bin"] {
            fs::create_dir_all(patient.at(folder)).unwrap();
        }
        patient.mode("/tmp", 0o1777);
        patient.mode("/dev/shm", 0o1777);
        patient.mode("/home/maya/.ssh", 0o700);
        patient.mode("/home/maya/.ssh/id_ed25519", 0o600);
        patient.mode("/home/maya/.netrc", 0o600);
        patient
    }

    /// The user stands in a project that has all it needs.
    fn has_a_project(&self) {
        for (path, content) in PROJECT {
            self.write(path, content);
        }
        self.has_manifest("");
        for (name, version) in [("node", "v20.11.1"), ("python3", "Python 3.11.2")] {
            self.program(name, &format!("echo {version}"));
        }
    }

    /// Gives the project its usual manifest, with more at the end.
    pub(crate) fn has_manifest(&self, more: &str) {
        let port = self.port;
        let manifest = format!(
            "[tools]\npython = \">=3.10\"\n\n[services]\napp = {{ socket = \"/run/app.sock\" }}\n\
             postgres = {{ port = {port} }}\n\n[env]\nrequired = [\"DATABASE_URL\", \"API_KEY\"]\n\
             \n[ports]\nweb = 3000\n{more}"
        );
        self.write("/home/maya/app/d1-doctor.toml", manifest);
    }

    /// We have been at work here before, and all of it has ended.
    fn has_a_past(&self) {
        drop(SqliteJournal::open(&self.at("/state/journal.db")).unwrap());
        drop(History::open(&self.at("/state/diagnoses.db")).unwrap());
        self.write("/state/agent.lock", "4242\n");
        self.certificate(include_str!("../fixtures/certificates/valid.pem"));
        self.mode("/state", 0o700);
        self.write("/proc/net/tcp", "  sl  local_address rem_address   st\n");
    }

    /// Gives the device a certificate.
    pub(crate) fn certificate(&self, text: &str) {
        self.write("/state/certificate.pem", text);
    }

    /// Has a program listen on a port, as the kernel tells of it.
    pub(crate) fn listens(&self, port: u16, pid: u32, program: &str, folder: &str) {
        let line = format!("   0: 0100007F:{port:04X} 00000000:0000 0A 0:0 0:0 0 0 0 777 1 0\n");
        self.write("/proc/net/tcp", format!("  sl  local_address rem_address   st\n{line}"));
        self.write(&format!("/proc/{pid}/comm"), format!("{program}\n"));
        fs::create_dir_all(self.at(&format!("/proc/{pid}/fd"))).unwrap();
        let link = |to: &Path, name: &str| {
            std::os::unix::fs::symlink(to, self.at(&format!("/proc/{pid}/{name}"))).unwrap();
        };
        link(Path::new("socket:[777]"), "fd/3");
        link(&self.at(folder), "cwd");
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// A folder that is not part of the machine.
    pub(crate) fn outside(&self) -> &Path {
        self.outside.path()
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A program that the doctor finds and asks.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = format!("/tools/{name}");
        self.write(&path, format!("#!/bin/sh\n{script}\n"));
        self.mode(&path, 0o755);
    }

    /// The real git, with the patient's settings alone; `cases` of a shell come before it.
    pub(crate) fn git(&self, cases: &str) {
        let path = std::env::var("PATH").unwrap();
        let script = format!(
            "export GIT_CONFIG_NOSYSTEM=1 PATH='{path}'\ncase \"$*\" in\n{cases}\nesac\nexec git \"$@\""
        );
        self.program("git", &script);
    }

    /// Has the user stand in a repository of their own.
    pub(crate) fn enter_repository(&mut self) {
        let folder = self.at("/home/maya/shop");
        let init = std::process::Command::new("git").arg("init").arg("-q").arg(&folder).output();
        assert!(init.unwrap().status.success());
        self.sight.cwd = Some(folder);
    }

    /// Has somebody ask who is not the administrator.
    pub(crate) fn as_user(&mut self) {
        self.sight.uid = 1000;
        self.write("/etc/passwd", "maya:x:1000:1000::/home/maya:/bin/bash\n");
        std::os::unix::fs::chown(self.at("/home/maya"), Some(1000), Some(1000)).unwrap();
    }

    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _not_there = fs::remove_file(&path);
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }

    /// Changes the environment of the user who asks.
    pub(crate) fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        let mut env: BTreeMap<OsString, OsString> = (*self.sight.env).clone();
        env.insert(name.into(), value.as_ref().into());
        self.sight.env = Arc::new(env);
    }

    /// Puts it on another network.
    pub(crate) fn plug_in(&mut self, cable: Cable) {
        self.sight.net = Arc::new(cable);
    }

    /// Has every file system have this much room.
    pub(crate) fn has_room(&mut self, space: Space) {
        self.sight.space = Arc::new(move |_| Ok(space));
    }

    /// What the doctor says, by check.
    pub(crate) async fn examine(&self) -> BTreeMap<String, Finding> {
        self.examine_as(&Selection { deep: true, ..Selection::default() }).await
    }

    pub(crate) async fn examine_as(&self, selection: &Selection) -> BTreeMap<String, Finding> {
        let findings = Doctor::new(self.sight.clone()).examine(selection);
        findings.map(|finding| (finding.check.to_string(), finding)).collect().await
    }

    /// Every path below the root with its permissions and its content: what a doctor must not change.
    pub(crate) fn snapshot(&self) -> Vec<(PathBuf, u32, Vec<u8>)> {
        let mut found = Vec::new();
        walk(self.folder.path(), &mut found);
        found.sort();
        found
    }
}

/// A folder in memory, where there is one that programs can be run from: a disk has to find
/// room for every file of every patient, and that takes longer than all examinations.
fn scratch() -> TempDir {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let memory = mounts.lines().rfind(|line| line.split(' ').nth(1) == Some("/dev/shm"));
    match memory.filter(|line| !line.contains("noexec")) {
        Some(_) => tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap(),
        None => tempfile::tempdir().unwrap(),
    }
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, u32, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let mode = entry.metadata().unwrap().permissions().mode();
        if entry.file_type().unwrap().is_dir() {
            walk(&path, found);
            found.push((path, mode, Vec::new()));
        } else {
            let content = fs::read(&path).unwrap_or_default();
            found.push((path, mode, content));
        }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Who runs the tests.
fn own_uid() -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").unwrap().uid()
}
