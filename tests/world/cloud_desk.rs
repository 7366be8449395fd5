//! A cloud of our own: the real server on a free port, with a token of its own.

use crate::{Desk, PATIENCE, Ran, Server};
use d1_core::{DeviceId, Journal as _, Stage};
use d1_executor::SqliteJournal;
use d1_protocol::ApiClient;
use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// A cloud of our own.
#[derive(Debug)]
pub struct CloudDesk {
    desk: Desk,
    server: Server,
}

/// A cloud that is gone, and what it left.
#[derive(Debug)]
pub struct GoneCloud {
    desk: Desk,
    address: String,
}

impl GoneCloud {
    /// Starts it again on the same state, at the same address.
    pub fn restart(self) -> CloudDesk {
        CloudDesk::serve(self.desk, &self.address, &[], None)
    }
}

impl CloudDesk {
    /// The token of every test cloud.
    pub const TOKEN: &'static str = "a-token-for-tests-only";

    /// Starts one.
    pub fn start() -> Self {
        Self::serve(Desk::at_this_machine(), "127.0.0.1:0", &[], None)
    }

    /// Starts one that is told this, too.
    pub fn start_with(args: &[&str]) -> Self {
        Self::serve(Desk::at_this_machine(), "127.0.0.1:0", args, None)
    }

    /// Starts one at this desk.
    pub fn at(desk: Desk) -> Self {
        Self::serve(desk, "127.0.0.1:0", &[], None)
    }

    /// Where it stands.
    pub const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Starts one that dies at `fault`: `<point>:<the how-manieth time it is passed>`.
    pub fn start_to_die(fault: &str) -> Self {
        Self::serve(Desk::at_this_machine(), "127.0.0.1:0", &[], Some(fault))
    }

    fn serve(desk: Desk, address: &str, more: &[&str], fault: Option<&str>) -> Self {
        let token = desk.state("token");
        std::fs::write(&token, Self::TOKEN).unwrap();
        let token = token.to_str().unwrap().to_owned();
        let args = ["--listen", address, "--token-file", &token];
        let mut program = desk.program("d1-cloud");
        program.envs(fault.map(|fault| ("D1_FAULT", fault)));
        let server = Server::start(program, &[&args, more].concat(), "ready on");
        Self { desk, server }
    }

    /// Whether it has died.
    pub fn is_dead(&mut self) -> bool {
        self.server.is_dead()
    }

    /// Kills it as a crash would, if it still lives, and starts it again on the same state at
    /// the same address.
    #[must_use]
    pub fn crash_and_restart(self) -> Self {
        self.crash().restart()
    }

    /// Kills it as a crash would, if it still lives.
    pub fn crash(self) -> GoneCloud {
        let address = self.http().replace("http://", "");
        let Self { desk, server } = self;
        server.kill();
        GoneCloud { desk, address }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Waits for its end, which something else brings about; tells its exit code.
    pub fn wait(self) -> Option<i32> {
        self.server.wait()
    }

    /// Its address, as `http://host:port`.
    pub fn http(&self) -> String {
        let at = self.server.ready.find("http://").unwrap();
        self.server.ready[at..].trim().to_owned()
    }

    /// What a daemon needs to serve it.
    pub fn daemon_args(&self) -> Vec<&'static str> {
        let url = self.http().replace("http://", "ws://");
        let token = self.desk.state("token").to_str().unwrap().to_owned();
        // A handful of small strings, for the length of a test.
        let keep = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        vec!["--cloud", keep(url), "--token-file", keep(token)]
    }

    /// What curl is answered, field names in lower case: the head, and the body.
    pub fn curl(&self, args: &[&str], path: &str) -> (String, String) {
        let url = format!("{}{path}", self.http());
        let asked = Command::new("curl").args(["-si"]).args(args).arg(url).output().unwrap();
        let text = String::from_utf8(asked.stdout).unwrap().replace('\r', "");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        (head.to_lowercase(), body.to_owned())
    }

    /// The password of everybody on every test cloud.
    pub const PASSWORD: &'static str = "correct horse battery";

    /// Runs a command of the cloud's program to its end, with these words on its standard input.
    pub fn operate(&self, args: &[&str], input: &str) -> Ran {
        let mut program = self.desk.program("d1-cloud");
        program.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().unwrap();
        // One that does not read what it is given may be gone.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        child.wait_with_output().unwrap().into()
    }

    /// Lets somebody sign in.
    pub fn add_user(&self, name: &str) {
        let added = self.operate(&["users", "add", name, "--gift", "5"], Self::PASSWORD);
        assert_eq!((added.code, added.stderr.as_str()), (0, ""));
    }

    /// A new token of somebody for these scopes.
    pub fn token_of(&self, name: &str, scopes: &str) -> String {
        let made = self.operate(&["users", "token", name, "--scopes", scopes], "");
        assert_eq!((made.code, made.stderr.as_str()), (0, ""));
        made.stdout.trim().to_owned()
    }

    /// The field by which curl is let in.
    pub fn bearer() -> String {
        format!("Authorization: Bearer {}", Self::TOKEN)
    }

    /// The one device that is linked, once it is.
    pub async fn device(&self, client: &ApiClient) -> DeviceId {
        let began = Instant::now();
        loop {
            if let [device] = client.devices().await.unwrap().devices.as_slice() {
                return device.id;
            }
            assert!(began.elapsed() < PATIENCE, "no device came");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until the machine was told that nothing it has will be sent again.
    pub async fn until_forgotten(&self, machine: &Desk) {
        let began = Instant::now();
        loop {
            let journal = SqliteJournal::open(&machine.state("journal.db")).unwrap();
            let open = journal.entries().await.unwrap();
            let left = open.iter().filter(|entry| !matches!(entry.stage, Stage::Forgotten(_)));
            if left.count() == 0 {
                return;
            }
            drop(journal);
            assert!(began.elapsed() < PATIENCE, "not everything was forgotten: {open:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
