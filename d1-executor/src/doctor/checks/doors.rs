//! The services that a project needs, and the ports that it needs for itself.

use super::{
    super::{
        check::Found,
        project::{Door, Project},
        sight::Sight,
    },
    project::no_project,
};
use futures_util::{StreamExt as _, stream};
use std::{
    collections::BTreeSet,
    fs,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};
use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout,
};

/// How long a service of this machine may take to let anybody in.
const KNOCK: Duration = Duration::from_millis(300);
/// How many services are asked at once.
const AT_ONCE: usize = 16;
/// More processes than this are not looked through for the holder of a port.
const MOST_PROCESSES: usize = 4096;
/// More open files of one process than this are not looked through.
const MOST_FILES: usize = 4096;

/// Services we know to install, how their programs are called, and their unit.
const KNOWN: [(&str, &[&str], &str); 4] = [
    ("postgresql", &["postgres", "postmaster"], "postgresql"),
    ("redis", &["redis-server", "valkey-server"], "redis-server"),
    ("mariadb", &["mariadbd", "mysqld"], "mariadb"),
    ("docker", &["dockerd"], "docker"),
];

/// The name among [`KNOWN`] of a service, by whatever name a project calls it.
fn known(name: &str) -> Option<&'static (&'static str, &'static [&'static str], &'static str)> {
    let usual = match name {
        "postgres" | "pg" => "postgresql",
        "mysql" => "mariadb",
        "valkey" => "redis",
        other => other,
    };
    KNOWN.iter().find(|(known, ..)| *known == usual)
}

pub(super) async fn services(sight: Sight) -> Found {
    let Some(project) = Project::of(&sight) else { return no_project() };
    let services = &project.manifest.services;
    if services.is_empty() {
        return Found::skipped("the project asks for none");
    }
    let asking: Vec<_> = services.values().map(|door| answers(&sight, door)).collect();
    let answers: Vec<bool> = stream::iter(asking).buffered(AT_ONCE).collect().await;
    let silent = services.iter().zip(answers).filter(|(_, answers)| !answers);
    let silent: Vec<(&String, &Door)> = silent.map(|(service, _)| service).collect();
    if silent.is_empty() {
        return Found::ok(match services.len() {
            1 => "the one that is needed does".to_owned(),
            several => format!("all {several} do"),
        });
    }
    let told = silent.iter().map(|(name, door)| match door {
        Door::Port(port) => format!("{name}: nobody answers on port {port} of this machine"),
        Door::Socket(path) => format!("{name}: nobody answers on {path}"),
    });
    let mut found =
        Found::fail("services that the project needs do not answer").details(told.take(64));
    let compose = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
    if compose.iter().any(|file| project.has(file)) {
        found = found.remedy("docker compose up --detach");
    }
    let mut all_known = true;
    let mut steps = Vec::new();
    for (name, _) in &silent {
        let Some((known, _, unit)) = known(name) else {
            all_known = false;
            continue;
        };
        found = found.remedy(format!("d1-doctor install {known}"));
        steps.extend(start(&sight, unit));
    }
    if !all_known {
        found = found.remedy("start what is named, as the project's documentation says");
    }
    // Some of it mended would still be found.
    if steps.len() == silent.len() { found.mend(steps) } else { found }
}

/// The step that starts a unit, where systemd runs and knows it.
fn start(sight: &Sight, unit: &str) -> Option<d1_core::Step> {
    let places = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];
    let is_there = |place: &str| sight.host.file(&format!("{place}/{unit}.service")).exists();
    let is_known = places.iter().any(|place| is_there(place));
    let runs = sight.host.file("/run/systemd/system").exists();
    (runs && is_known).then(|| sight.start_service(unit)).flatten()
}

/// Whether anybody lets us in. Nothing is said, and only this machine is asked.
async fn answers(sight: &Sight, door: &Door) -> bool {
    match door {
        Door::Socket(path) => {
            let open = UnixStream::connect(sight.host.file(path));
            matches!(timeout(KNOCK, open).await, Ok(Ok(_)))
        }
        Door::Port(port) => {
            let here: [SocketAddr; 2] =
                [(Ipv4Addr::LOCALHOST, *port).into(), (Ipv6Addr::LOCALHOST, *port).into()];
            for address in here {
                if matches!(timeout(KNOCK, TcpStream::connect(address)).await, Ok(Ok(_))) {
                    return true;
                }
            }
            false
        }
    }
}

pub(super) async fn ports(sight: Sight) -> Found {
    let Some(project) = Project::of(&sight) else { return no_project() };
    let mut wanted: Vec<(&str, u16, &[&str])> = Vec::new();
    for (name, port) in &project.manifest.ports {
        wanted.push((name, *port, &[]));
    }
    for (name, door) in &project.manifest.services {
        if let (Door::Port(port), Some((_, programs, _))) = (door, known(name)) {
            wanted.push((name, *port, programs));
        }
    }
    if wanted.is_empty() {
        return Found::skipped("the project names none of its own");
    }
    let listening = match listening(&sight) {
        Ok(Some(listening)) => listening,
        Ok(None) => return Found::skipped("this system does not tell"),
        Err(error) => return Found::unreadable("/proc/net/tcp", &error),
    };
    let mut taken = Vec::new();
    for (name, port, programs) in &wanted {
        let sockets: BTreeSet<u64> =
            listening.iter().filter(|(p, _)| p == port).map(|(_, inode)| *inode).collect();
        // Whose it is can be seen of one's own programs only; whoever cannot be seen may be right.
        let Some(holder) = holder(&sight, &sockets) else { continue };
        if !holder.is_expected(&project, programs) {
            let Holder { pid, program, .. } = holder;
            taken.push(format!("{name}: port {port} is held by {program} (process {pid})"));
        }
    }
    if taken.is_empty() {
        return Found::ok("nobody else has them");
    }
    Found::warn("ports of the project are held by other programs")
        .details(taken)
        .remedy("stop the program that is named, or have the project use another port")
}

/// Who listens on a port.
struct Holder {
    pid: u32,
    program: String,
    /// Where it was started; `None` when that cannot be seen.
    folder: Option<std::path::PathBuf>,
}

/// Programs that hold a port for another one, which cannot be seen from here.
const FORWARDERS: [&str; 9] = [
    "docker-proxy",
    "rootlessport",
    "rootlesskit",
    "conmon",
    "ssh",
    "sshd",
    "kubectl",
    "socat",
    "systemd",
];

impl Holder {
    fn is_expected(&self, project: &Project, programs: &[&str]) -> bool {
        let is_own = self.folder.as_ref().is_some_and(|folder| folder.starts_with(&project.folder));
        let is_it = programs.contains(&self.program.as_str());
        is_own || is_it || FORWARDERS.contains(&self.program.as_str())
    }
}

/// Every listening port with the number of its socket (`proc_pid_net(5)`).
fn listening(sight: &Sight) -> std::io::Result<Option<Vec<(u16, u64)>>> {
    let Some(mut text) = sight.text("/proc/net/tcp")? else { return Ok(None) };
    text += &sight.text("/proc/net/tcp6")?.unwrap_or_default();
    let listening = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        if *state != LISTEN {
            return None;
        }
        let (_, port) = local.rsplit_once(':')?;
        Some((u16::from_str_radix(port, 16).ok()?, inode.parse().ok()?))
    });
    Ok(Some(listening.collect()))
}

/// The state of a socket on which somebody listens.
const LISTEN: &str = "0A";

fn holder(sight: &Sight, sockets: &BTreeSet<u64>) -> Option<Holder> {
    if sockets.is_empty() {
        return None;
    }
    let entries = fs::read_dir(sight.host.file("/proc")).ok()?;
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    pids.take(MOST_PROCESSES).find_map(|pid| {
        let process = sight.host.file(&format!("/proc/{pid}"));
        if !has_one_of(&process.join("fd"), sockets) {
            return None;
        }
        let program = sight.text(&format!("/proc/{pid}/comm")).ok().flatten()?;
        let program = program.trim().chars().filter(|c| !c.is_control()).collect();
        let folder = fs::read_link(process.join("cwd")).ok();
        Some(Holder { pid, program, folder })
    })
}

fn has_one_of(folder: &Path, sockets: &BTreeSet<u64>) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().take(MOST_FILES).any(|entry| {
        let Ok(target) = fs::read_link(entry.path()) else { return false };
        let inode = target
            .to_str()
            .and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
        inode.is_some_and(|inode: u64| sockets.contains(&inode))
    })
}
