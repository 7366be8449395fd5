//! A cloud with a door for devices, and machines that enrol there.

use crate::sign_in::ask;
use d1_world::{AptRoot, CloudDesk, Desk, PATIENCE, Ran, Server};
use serde_json::{Value, json};
use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    time::{Duration, Instant},
};

pub(crate) const ENROLMENTS: &str = "/api/v1/enrolments";

/// What is told with a token: it, where to enrol, and the authority to know that by.
pub(crate) struct Invitation {
    pub(crate) secret: String,
    pub(crate) link: String,
    pub(crate) authority: String,
}

/// A machine that may enrol.
pub(crate) struct Machine {
    pub(crate) desk: Desk,
    _apt: AptRoot,
}

/// A port that nobody listens on at this moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The same desk with a door for devices, whose certificates are good for so many seconds.
pub(crate) fn with_door(desk: Desk, life: u64) -> Desk {
    let door = format!("127.0.0.1:{}", free_port());
    desk.with("D1_LINK_LISTEN", &door).with("D1_CERTIFICATE_LIFE", &life.to_string())
}

/// A cloud with a door for devices.
pub(crate) fn cloud(life: u64) -> CloudDesk {
    CloudDesk::at(with_door(Desk::at_this_machine(), life))
}

pub(crate) fn invite(cloud: &CloudDesk) -> Invitation {
    let body = json!({"minutes": 10}).to_string();
    let (status, told) =
        ask(cloud, CloudDesk::TOKEN, &["-d", &body], &format!("{ENROLMENTS}/tokens"));
    assert_eq!(status, 201, "{told}");
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    Invitation { secret: text("secret"), link: text("link"), authority: text("authority") }
}

/// The devices that enrolled, as the cloud tells them.
pub(crate) fn enrolments(cloud: &CloudDesk) -> Vec<Value> {
    let (status, told) = ask(cloud, CloudDesk::TOKEN, &[], ENROLMENTS);
    assert_eq!(status, 200, "{told}");
    told["enrolments"].as_array().unwrap().clone()
}

/// The devices that are linked, as the cloud tells them.
pub(crate) fn linked(cloud: &CloudDesk) -> Vec<Value> {
    let (status, told) = ask(cloud, CloudDesk::TOKEN, &[], "/api/v1/devices");
    assert_eq!(status, 200, "{told}");
    told["devices"].as_array().unwrap().clone()
}

pub(crate) fn revoke(cloud: &CloudDesk, device: &str) -> u16 {
    ask(cloud, CloudDesk::TOKEN, &["-X", "DELETE"], &format!("{ENROLMENTS}/{device}")).0
}

impl Machine {
    pub(crate) fn new() -> Self {
        let apt = AptRoot::usual();
        Self { desk: Desk::at(&apt), _apt: apt }
    }

    pub(crate) fn enrol(&self, invitation: &Invitation) -> Ran {
        let token = self.desk.state("token");
        fs::write(&token, &invitation.secret).unwrap();
        self.desk.doctor(&[
            "daemon",
            "enroll",
            "--cloud",
            &invitation.link,
            "--authority",
            &invitation.authority,
            "--token-file",
            token.to_str().unwrap(),
        ])
    }

    /// A machine that has enrolled.
    pub(crate) fn enrolled(cloud: &CloudDesk) -> Self {
        let machine = Self::new();
        let ran = machine.enrol(&invite(cloud));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        machine
    }

    pub(crate) fn daemon(&self) -> Server {
        self.desk.daemon(&[])
    }

    /// What it has that is enrolled.
    pub(crate) fn papers(&self) -> Value {
        let text = fs::read_to_string(self.desk.state("enrolment.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn device(&self) -> String {
        fs::read_to_string(self.desk.state("device")).unwrap().trim().to_owned()
    }

    /// How it says that its link stands.
    pub(crate) fn standing(&self) -> Value {
        let ran = self.desk.doctor(&["status", "--json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.json()["cloud"]["link"]["state"].clone()
    }

    /// Its certificate, its key and the authorities, in files for the programs of others.
    pub(crate) fn files(&self) -> (PathBuf, PathBuf, PathBuf) {
        let papers = self.papers();
        let write = |name: &str, text: &str| {
            let path = self.desk.state(name);
            fs::write(&path, text).unwrap();
            path
        };
        let authorities: Vec<_> = papers["authorities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap())
            .collect();
        (
            write("test.crt", papers["certificate"].as_str().unwrap()),
            write("test.key", papers["key"].as_str().unwrap()),
            write("test.ca", &authorities.join("")),
        )
    }

    /// Another machine with a copy of everything that this one has.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::new();
        for name in ["device", "enrolment.json"] {
            fs::copy(self.desk.state(name), copy.desk.state(name)).unwrap();
        }
        copy
    }
}

/// Waits until something holds that is asked for over the network.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
