//! Faults of docker and of containers without an administrator.

use super::{Fault, fails, warns};
use crate::patient::Patient;
use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixListener,
};

const SOCKET: &str = "/var/run/docker.sock";
const SETTINGS: &str = "/home/maya/.docker/config.json";
const FINE: &str = "HTTP/1.0 200 OK\r\nApi-Version: 1.43\r\n\r\nOK";

/// A socket at which every question gets this answer; one that is empty never comes.
pub(crate) fn listen(patient: &Patient, path: &str, answer: &'static str) {
    let path = patient.at(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(path).unwrap();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if answer.is_empty() {
                held.push(stream);
                continue;
            }
            let mut asked = [0; 512];
            let _end = stream.read(&mut asked);
            let _gone = stream.write_all(answer.as_bytes());
        }
    });
}

/// A whole docker.
fn docker(patient: &Patient) {
    patient.program("docker", "exit 1");
    patient.program("dockerd", "");
    listen(patient, SOCKET, FINE);
}

/// One whose socket is for the group docker, and somebody who may not use it.
fn for_its_group(patient: &mut Patient, members: &str) {
    docker(patient);
    std::os::unix::fs::chown(patient.at(SOCKET), None, Some(999)).unwrap();
    patient.mode(SOCKET, 0o660);
    patient.write("/etc/group", format!("maya:x:1000:\ndocker:x:999:{members}\n"));
    patient.as_user();
}

/// What runs containers without an administrator, and lacks nothing.
fn podman(patient: &mut Patient) {
    for name in ["podman", "newuidmap", "newgidmap"] {
        patient.program(name, "");
    }
    patient.write("/etc/subuid", "ray:100000:65536\nmaya:165536:65536\n");
    patient.write("/etc/subgid", "ray:100000:65536\n1000:165536:65536\n");
    patient.as_user();
}

pub(super) const FAULTS: &[Fault] = &[
    warns(&["docker.cli"], |patient| {
        docker(patient);
        patient.remove("/tools/docker");
    }),
    fails(&["docker.daemon"], |patient| {
        docker(patient);
        patient.remove(SOCKET);
    }),
    fails(&["docker.daemon"], |patient| {
        docker(patient);
        patient.remove(SOCKET);
        // Nobody is behind it any more.
        drop(UnixListener::bind(patient.at(SOCKET)).unwrap());
    }),
    fails(&["docker.daemon"], |patient| {
        patient.program("docker", "");
        listen(patient, SOCKET, "HTTP/1.1 503 Service Unavailable\r\n\r\n");
    }),
    fails(&["docker.daemon"], |patient| {
        patient.program("docker", "");
        listen(patient, SOCKET, "");
    }),
    fails(&["docker.perms"], |patient| for_its_group(patient, "")),
    warns(&["docker.session"], |patient| for_its_group(patient, "ray,maya")),
    fails(&["docker.config"], |patient| {
        docker(patient);
        patient.write(SETTINGS, "{ \"auths\": {}, }");
        patient.mode(SETTINGS, 0o600);
    }),
    fails(&["docker.config"], |patient| {
        docker(patient);
        patient.write(SETTINGS, "{ \"credsStore\": \"desktop\" }");
        patient.mode(SETTINGS, 0o600);
    }),
    fails(&["docker.context"], |patient| {
        docker(patient);
        patient.write(SETTINGS, "{ \"currentContext\": \"lab-that-was\" }");
        patient.mode(SETTINGS, 0o600);
    }),
    fails(&["docker.context"], |patient| {
        docker(patient);
        patient.set("DOCKER_HOST", "unix:///run/user/1000/docker.sock");
    }),
    warns(&["docker.conflict"], |patient| {
        docker(patient);
        patient.program("docker", "exec /usr/bin/podman \"$@\"");
    }),
    warns(&["docker.compose"], |patient| {
        docker(patient);
        patient.write("/home/maya/app/src/compose.yaml", "services: {}\n");
    }),
    fails(&["ctr.subuid"], |patient| {
        podman(patient);
        patient.write("/etc/subuid", "ray:100000:65536\nzoe:231072:65536\n");
        patient.remove("/etc/subgid");
    }),
    fails(&["ctr.uidmap"], |patient| {
        podman(patient);
        patient.remove("/tools/newuidmap");
    }),
    fails(&["ctr.userns"], |patient| {
        podman(patient);
        patient.write("/proc/sys/user/max_user_namespaces", "0\n");
    }),
];

/// What looks like a fault and is none.
#[tokio::test]
async fn a_docker_that_works_is_left_in_peace_however_it_is_reached() {
    let mut patient = Patient::healthy();
    docker(&patient);
    podman(&mut patient);
    patient.write("/usr/libexec/docker/cli-plugins/docker-compose", "");
    patient.write("/home/maya/app/src/compose.yaml", "services: {}\n");
    let wrong = async |patient: &Patient| {
        let findings = patient.examine().await;
        assert_eq!(findings["docker.daemon"].summary, "it does", "{:?}", findings["docker.daemon"]);
        findings.into_values().filter(d1_core::Finding::is_trouble).collect::<Vec<_>>()
    };
    assert_eq!(wrong(&patient).await, []);
    // A context of the user's own, its folder named by the digest of its name.
    let digest = d1_core::Digest::of(b"rootless");
    let meta = r#"{"Name":"rootless","Endpoints":{"docker":{"Host":"unix:///run/own.sock"}}}"#;
    patient.write(&format!("/home/maya/.docker/contexts/meta/{digest}/meta.json"), meta);
    patient.write(SETTINGS, "{ \"currentContext\": \"rootless\" }");
    patient.mode(SETTINGS, 0o600);
    patient.remove(SOCKET);
    listen(&patient, "/run/own.sock", FINE);
    assert_eq!(wrong(&patient).await, []);
}

#[tokio::test]
async fn an_engine_on_another_machine_is_not_ours_to_judge() {
    let mut patient = Patient::healthy();
    patient.program("docker", "");
    patient.set("DOCKER_HOST", "ssh://maya@lab.example");
    let findings = patient.examine().await;
    assert_eq!(findings["docker.daemon"].summary, "the engine is on another machine");
    let wrong: Vec<_> = findings.values().filter(|finding| finding.is_trouble()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn an_engine_that_a_question_would_start_is_not_asked() {
    let patient = Patient::healthy();
    patient.program("docker", "");
    patient.program("dockerd", "");
    listen(&patient, SOCKET, "HTTP/1.0 500 It was asked\r\n\r\n");
    let unit = "/etc/systemd/system/sockets.target.wants/docker.socket";
    patient.link(unit, "/lib/systemd/system/docker.socket");
    let findings = patient.examine().await;
    assert_eq!(findings["docker.daemon"].verdict, d1_core::Verdict::Skipped);
    patient.write("/proc/88/comm", "dockerd\n");
    assert!(patient.examine().await["docker.daemon"].is_trouble(), "now it can be asked");
}
