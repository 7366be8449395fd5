//! A real terminal: progress survives resizes, and leaves what was there before.

use d1_world::{AptRoot, Deb, Desk, until};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

/// A terminal of its own (tmux), killed when dropped.
pub(crate) struct Terminal {
    socket: String,
}

impl Terminal {
    pub(crate) fn open(desk: &Desk, width: u16, height: u16) -> Self {
        let socket =
            format!("d1-{}-{}", std::process::id(), desk.state_dir().display()).replace('/', "-");
        let terminal = Self { socket };
        let size = [width.to_string(), height.to_string()];
        terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &size[0],
            "-y",
            &size[1],
            "sh",
        ]);
        terminal
    }

    fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-L", &self.socket])
            .args(args)
            .env("LANG", "C.UTF-8")
            .env_remove("TMUX")
            .output()
            .expect("these tests need tmux");
        assert!(
            output.status.success(),
            "tmux {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Takes everything off the screen, and waits until it has gone: what is waited for next must
    /// not be what was there before.
    pub(crate) fn clear(&self) {
        self.run("clear");
        until("the screen is empty", || !self.everything().contains("code="));
    }

    pub(crate) fn run(&self, line: &str) {
        self.tmux(&["send-keys", line, "Enter"]);
    }

    fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Everything on the screen and above it.
    pub(crate) fn everything(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-"])
    }

    fn resize(&self, width: u16) {
        self.tmux(&["resize-window", "-x", &width.to_string()]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _already_gone = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output();
    }
}

fn slow(apt: &AptRoot) -> (std::path::PathBuf, std::path::PathBuf) {
    let (begun, open) = (apt.path("root/begun"), apt.path("root/open"));
    let script = format!(
        "touch {}\nwhile [ ! -e {} ]; do echo working; sleep 0.1; done\n",
        begun.display(),
        open.display()
    );
    apt.add(&[Deb::new("slow", "1.0").postinst(script)]);
    (begun, open)
}

/// The command line for a terminal, with the desk's environment in front.
pub(crate) fn line(desk: &Desk, args: &str) -> String {
    let command = desk.program("d1-doctor");
    let program = command.get_program().to_str().unwrap().to_owned();
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_str()?, value?.to_str()?)));
    let set: Vec<String> = set.filter(|pair| !pair.starts_with("PATH=")).collect();
    format!("env {} {program} {args}", set.join(" "))
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn progress_survives_resizes_without_stale_copies_and_keeps_what_was_there() {
    let apt = AptRoot::usual();
    let (begun, open) = slow(&apt);
    let desk = Desk::at(&apt);
    let script = desk.state("go.sh");
    fs::write(&script, format!("{}\n", line(&desk, "install slow --yes"))).unwrap();
    let terminal = Terminal::open(&desk, 80, 24);
    terminal.run("echo earlier-output-1; echo earlier-output-2");
    terminal.run(&format!("sh {}", script.display()));
    until("the package is being set up", || begun.exists());
    until("the block is drawn", || terminal.everything().contains("Ctrl-C stops"));
    for width in [70, 60, 50, 60, 70, 80] {
        terminal.resize(width);
        until("the block is drawn again", || terminal.everything().contains("Ctrl-C stops"));
    }
    let screen = terminal.everything();
    assert_eq!(count(&screen, "Ctrl-C stops after this step"), 1, "stale copies:\n{screen}");
    fs::write(&open, "").unwrap();
    until("it is done", || terminal.everything().contains("d1-doctor undo"));
    let screen = terminal.everything();
    assert_eq!(count(&screen, "Ctrl-C stops after this step"), 0, "a block was left:\n{screen}");
    for kept in ["earlier-output-1", "earlier-output-2", "Plan ", "done in"] {
        assert!(screen.contains(kept), "{kept} is gone:\n{screen}");
    }
}

#[test]
fn a_person_is_asked_and_may_say_no() {
    let apt = AptRoot::usual();
    let desk = Desk::at(&apt);
    let terminal = Terminal::open(&desk, 80, 24);
    terminal.run(&format!("{}; echo code=$?", line(&desk, "install single")));
    until("it asks", || terminal.everything().contains("Do this? [y/N]"));
    terminal.press("n");
    terminal.press("Enter");
    until("it has ended", || terminal.everything().contains("code=6"));
    assert_eq!(apt.installed(), "");
    terminal.clear();
    terminal.run(&format!("{}; echo code=$?", line(&desk, "install single")));
    until("it asks again", || terminal.everything().contains("Do this? [y/N]"));
    terminal.press("y");
    terminal.press("Enter");
    until("it has ended", || terminal.everything().contains("code=0"));
    assert_eq!(apt.installed(), "single ii  2.0\n");
}

#[test]
fn a_command_that_needs_a_yes_runs_after_one_and_not_before() {
    let desk = Desk::at_this_machine();
    let folder = desk.state(".config/d1-doctor");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("policy.toml"), "default = 'ask'\n").unwrap();
    let terminal = Terminal::open(&desk, 120, 24);
    // What it prints is not what is typed.
    let run = line(&desk, "run --profile diagnose -- expr 40 + 2");
    for (answer, ended) in [("n", "code=6"), ("y", "code=0")] {
        terminal.clear();
        terminal.run(&format!("{run}; echo code=$?"));
        until("it asks", || terminal.everything().contains("Run it? [y/N]"));
        let screen = terminal.everything();
        assert!(screen.contains("this needs a yes: expr 40 + 2"), "{screen}");
        assert!(!screen.contains("\n42\n"), "it ran already:\n{screen}");
        terminal.press(answer);
        terminal.press("Enter");
        until("it has ended", || terminal.everything().contains(ended));
        assert_eq!(terminal.everything().contains("\n42\n"), answer == "y");
    }
}

#[test]
fn the_second_ctrl_c_offers_a_choice_and_leaving_loses_nothing() {
    let apt = AptRoot::usual();
    let (begun, open) = slow(&apt);
    let desk = Desk::at(&apt);
    let terminal = Terminal::open(&desk, 100, 30);
    terminal.run(&format!("{}; echo code=$?", line(&desk, "install slow --yes")));
    until("the package is being set up", || begun.exists());
    terminal.press("C-c");
    until("the first is heard", || terminal.everything().contains("stopping after this step"));
    terminal.press("C-c");
    until("the second is heard", || terminal.everything().contains("[l] leave it running"));
    terminal.press("l");
    terminal.press("Enter");
    until("it has ended", || terminal.everything().contains("code=8"));
    assert!(terminal.everything().contains("d1-doctor resume"), "{}", terminal.everything());
    release(&open);
    until("the package manager has ended", || !apt.is_busy());
    desk.doctor(&["resume", "last", "--yes"]);
    assert_eq!(apt.installed(), "slow ii  1.0\n");
    assert_eq!(apt.installations("slow"), 1);
}

fn release(gate: &Path) {
    fs::write(gate, "").unwrap();
}

#[test]
fn a_look_that_takes_long_tells_what_it_waits_for_and_ctrl_c_ends_it() {
    let desk = Desk::at_this_machine();
    let tools = desk.state("tools");
    fs::create_dir_all(&tools).unwrap();
    let git = tools.join("git");
    fs::write(&git, "#!/bin/sh\nexec sleep 100\n").unwrap();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    let terminal = Terminal::open(&desk, 80, 24);
    let look = line(&desk, "diagnose git");
    terminal.run(&format!("PATH={}:$PATH {look}; echo code=$?", tools.display()));
    until("it tells what it waits for", || terminal.everything().contains(", waiting for git."));
    terminal.press("C-c");
    until("it has ended", || terminal.everything().contains("code=130"));
    let screen = terminal.everything();
    assert!(screen.contains("stopped; nothing was changed"), "{screen}");
    assert_eq!(count(&screen, ", waiting for"), 0, "the line was left:\n{screen}");
}
