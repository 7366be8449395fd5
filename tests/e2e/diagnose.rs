//! The doctor at a real terminal, on this machine.

use d1_world::Desk;
use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt as _, chown},
};

#[test]
fn looking_needs_no_rights_no_home_and_no_network_and_leaves_no_trace() {
    let desk = Desk::at_this_machine();
    let mut command = desk.program_at("unshare");
    command.args(["--net", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    let reachable = tempfile::tempdir().unwrap();
    std::fs::copy(Desk::built("d1-doctor"), reachable.path().join("d1-doctor")).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(reachable.path(), open).unwrap();
    command.arg(reachable.path().join("d1-doctor")).args(["diagnose", "--offline", "--json"]);
    command.env_remove("HOME").env_remove("D1_STATE_DIR");
    let ran = d1_world::run(command);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = ran.json();
    assert_eq!(document["schema"], "d1.diagnosis.v1");
    let findings = document["findings"].as_array().unwrap();
    let of = |id: &str| findings.iter().find(|finding| finding["check"] == id).unwrap();
    assert_eq!(of("ssh.perms")["verdict"], "unknown");
    assert_eq!(of("apt.broken")["verdict"], "ok");
}

#[test]
fn what_may_not_be_read_is_not_determined_and_a_closed_home_is_left_as_it_is() {
    let desk = Desk::at_this_machine();
    let reachable = tempfile::tempdir().unwrap();
    let home = reachable.path().join("home");
    fs::create_dir_all(home.join(".ssh")).unwrap();
    let files = [".bashrc", ".gitconfig", ".npmrc", ".ssh/config", ".ssh/id_rsa.pub"];
    for name in files {
        fs::write(home.join(name), "x\n").unwrap();
        fs::set_permissions(home.join(name), Permissions::from_mode(0o000)).unwrap();
    }
    let owned = files.iter().copied().chain([".ssh", ""]);
    owned.for_each(|name| chown(home.join(name), Some(65534), Some(65534)).unwrap());
    fs::set_permissions(home.join(".ssh"), Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(&home, Permissions::from_mode(0o500)).unwrap();
    fs::copy(Desk::built("d1-doctor"), reachable.path().join("d1-doctor")).unwrap();
    fs::set_permissions(reachable.path(), Permissions::from_mode(0o755)).unwrap();
    let mut command = desk.program_at("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.arg(reachable.path().join("d1-doctor")).args(["diagnose", "--offline", "--json"]);
    command
        .env("HOME", &home)
        .env_remove("D1_STATE_DIR")
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/");
    let ran = d1_world::run(command);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let document = ran.json();
    let findings = document["findings"].as_array().unwrap();
    let of = |id: &str| findings.iter().find(|finding| finding["check"] == id).unwrap();
    assert_eq!(of("ssh.config")["verdict"], "unknown", "{document:#}");
    let wrong = findings.iter().filter(|finding| finding["verdict"] == "fail");
    let wrong: Vec<&serde_json::Value> = wrong.map(|finding| &finding["check"]).collect();
    assert_eq!(wrong, ["sys.home.writable"], "{document:#}");
    let count = |folder: &std::path::Path| fs::read_dir(folder).unwrap().count();
    assert_eq!((count(&home), count(&home.join(".ssh"))), (4, 2), "nothing was written there");
}

#[test]
fn trouble_is_told_first_with_what_to_do_and_a_script_can_ask_for_it() {
    let desk = Desk::at_this_machine().with("PATH", ".:/usr/bin:/bin");
    let ran = desk.doctor(&["diagnose", "path"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let first = "\
✖ path.relative  a program of the folder one stands in would be run instead of
                 the real one
                 .
                 do   take it out of PATH; look for it in ~/.profile, ~/.bashrc and ~/.zshrc
";
    assert!(ran.stdout.starts_with(first), "{}", ran.stdout);
    assert!(ran.stdout.ends_with(" 1 wrong\nnothing was changed\n"), "{}", ran.stdout);
    assert_eq!(desk.doctor(&["diagnose", "path", "--exit-code"]).code, 9);
    assert_eq!(desk.doctor(&["diagnose", "sys.tmp.sticky", "--exit-code"]).code, 0);
}

#[test]
fn lines_are_documents_and_the_last_one_counts() {
    let desk = Desk::at_this_machine();
    let ran = desk.doctor(&["diagnose", "sys", "--offline", "--output", "ndjson"]);
    let documents: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, findings) = documents.split_last().unwrap();
    assert!(findings.iter().all(|finding| finding["schema"] == "d1.finding.v1"));
    let count = last["count"].as_object().unwrap();
    let sum: u64 = count.values().map(|number| number.as_u64().unwrap()).sum();
    assert_eq!(sum, u64::try_from(findings.len()).unwrap());
}

#[test]
fn a_check_that_is_not_there_is_refused_with_the_areas() {
    let ran = Desk::at_this_machine().doctor(&["diagnose", "nonsense"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.starts_with("error[D1-CHECK-001]: there is no check and no area `nonsense`\n")
    );
    assert!(ran.stderr.contains("next   d1-doctor diagnose --list\n"));
}

/// A home in which somebody left a password for all to read.
fn careless() -> Desk {
    let desk = Desk::at_this_machine();
    fs::write(desk.state(".netrc"), "machine example login maya password secret\n").unwrap();
    fs::set_permissions(desk.state(".netrc"), Permissions::from_mode(0o644)).unwrap();
    desk
}

#[test]
fn what_is_different_since_the_last_look_is_told_and_nothing_else() {
    let desk = careless();
    let look =
        || desk.doctor(&["diagnose", "sec.creds.perms", "sys.tmp.sticky", "--since", "last"]);
    let first = look().stdout;
    assert!(first.starts_with("these checks have not looked before; "), "{first}");
    assert!(first.contains("✖ sec.creds.perms  others on this machine can read"), "{first}");
    let same = "since the last look (now): 0 different · 2 as before\n\
                1 fine · 1 wrong\nnothing was changed\n";
    assert_eq!(look().stdout, same);
    fs::set_permissions(desk.state(".netrc"), Permissions::from_mode(0o600)).unwrap();
    let mended = "\
✔ sec.creds.perms  the one file with secrets is private
                   before: wrong

since the last look (now): 1 different · 1 as before
2 fine
nothing was changed
";
    assert_eq!(look().stdout, mended);
    let document = desk.doctor(&["diagnose", "sys.tmp.sticky", "--since", "last", "--json"]).json();
    assert!(document["since"]["at"].is_u64());
    assert_eq!(document["since"]["differences"], serde_json::json!([]));
}

#[test]
fn a_memory_that_cannot_be_used_keeps_nobody_from_looking() {
    let desk = careless();
    fs::write(desk.state("diagnoses.db"), "not a database at all, but long enough".repeat(99))
        .unwrap();
    let ran = desk.doctor(&["diagnose", "sys.tmp.sticky"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 fine\nnothing was changed\n"));
    assert!(ran.stderr.starts_with("note: what was found is not remembered: "), "{}", ran.stderr);
    let compared = desk.doctor(&["diagnose", "sys.tmp.sticky", "--since", "last"]);
    assert_eq!((compared.code, compared.stdout.as_str()), (1, ""));
    assert!(compared.stderr.starts_with("error[D1-CHECK-002]: "), "{}", compared.stderr);
    assert!(compared.stderr.contains("move `diagnoses.db` away"), "{}", compared.stderr);
}

#[test]
fn a_report_tells_everything_but_who_it_is_about() {
    let desk = careless().with("USER", "workhorse-maya");
    fs::create_dir_all(desk.state(".ssh")).unwrap();
    // Mending this would write the file anew, and what else is in it is nobody's business.
    let settings = "[core]\n\tautocrlf = true\n[alias]\n\tmine = !echo nobodys-business\n";
    fs::write(desk.state(".gitconfig"), settings).unwrap();
    let home = desk.state_dir().display().to_string();
    let proxies = desk
        .with("http_proxy", "http://workhorse-maya:hunter22@proxy.example:3128")
        .with("JAVA_HOME", &format!("{home}/java"));
    let args = ["diagnose", "--offline", "--report"];
    for name in ["report.txt", "report.json"] {
        let file = proxies.state(name);
        let ran = proxies.doctor(&[&args[..], &[file.to_str().unwrap()]].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let report = fs::read_to_string(&file).unwrap();
        for personal in ["workhorse-maya", "hunter22", "nobodys-business", home.as_str()] {
            assert!(!report.contains(personal), "{name} has {personal}: {report}");
        }
        assert!(report.contains("~/java"), "{report}");
        for fine in ["sys.disk.root", "sec.creds.perms", "java.home", "git.newlines"] {
            assert!(report.contains(fine), "{name} has {fine}: {report}");
        }
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let told = format!("report: {}; the home, names,", file.display());
        assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    }
    let text = proxies.doctor(&[&args[..], &["-"]].concat());
    assert!(text.stdout.starts_with("d1-doctor "), "{}", text.stdout);
    let lost = proxies.doctor(&[&args[..], &["/nowhere/at/all"]].concat());
    assert_eq!(lost.code, 1);
    assert!(lost.stderr.contains("error[D1-CHECK-003]: the report cannot be written to /nowhere"));
}

/// Every write lands in the upper layer of an overlay, so that layer tells what was written.
#[test]
fn nothing_is_written_outside_the_state_directory() {
    let desk = careless();
    let layers = tempfile::tempdir_in("/dev/shm").unwrap();
    let script = r#"
        set -eu
        mount -t tmpfs none "$1"
        mkdir "$1/upper" "$1/work" "$1/root"
        mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" none "$1/root"
        mount -t proc proc "$1/root/proc"
        mount --rbind /dev "$1/root/dev"
        chroot "$1/root" "$2" diagnose --deep --offline --state-dir /state-of-d1 >/dev/null
        cd "$1/upper"
        find . -mindepth 1 | sort
    "#;
    let mut command = desk.program_at("unshare");
    command.args(["--mount", "--net", "--fork", "--pid", "sh", "-c", script, "sh"]);
    command.arg(layers.path()).arg(Desk::built("d1-doctor"));
    let ran = d1_world::run(command);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let ours = |line: &&str| line.starts_with("./state-of-d1");
    let (ours, others): (Vec<&str>, Vec<&str>) = ran.stdout.lines().partition(ours);
    assert!(ours.contains(&"./state-of-d1/diagnoses.db"), "what is found is remembered: {ours:?}");
    assert_eq!(others, [""; 0], "only the state directory was written");
}

#[test]
fn words_fit_every_terminal_with_and_without_colour() {
    let desk = careless().with("PATH", ".:/usr/bin:/bin");
    let mut told = String::new();
    for width in ["40", "80", "120"] {
        for colour in ["never", "always"] {
            let mut command = desk.program("d1-doctor");
            command.env("COLUMNS", width).args(["--color", colour, "diagnose"]);
            command.args(["path.relative", "sec.creds.perms", "sys.tmp.sticky"]);
            let ran = d1_world::run(command);
            told += &format!("{width} columns, colour {colour}\n{}\n", ran.stdout);
        }
    }
    insta::with_settings!({
        snapshot_path => "words",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("diagnosis", told.replace('\u{1b}', "ESC"));
    });
}

#[test]
fn what_its_owner_accepts_is_shown_and_is_no_finding() {
    let desk = careless();
    let accept = |until: &str| {
        let file = desk.state(".config/d1-doctor/doctor.toml");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let text = "[[accept]]\ncheck = \"sec.creds.perms\"\nreason = \"a lab\"\nuntil = ";
        fs::write(file, format!("{text}{until}\n")).unwrap();
        desk.doctor(&["diagnose", "sec.creds.perms", "d1.acceptances", "--exit-code"])
    };
    let day = std::process::Command::new("date").args(["-u", "-d", "tomorrow", "+%F"]).output();
    let tomorrow = String::from_utf8(day.unwrap().stdout).unwrap().trim().to_owned();
    let accepted = accept(&tomorrow);
    assert_eq!(accepted.code, 0, "{}{}", accepted.stdout, accepted.stderr);
    let told = format!("accepted until {tomorrow}: a lab\n");
    assert!(accepted.stdout.contains(&told), "{}", accepted.stdout);
    assert_eq!(accept("2020-01-01").code, 9);
    let nonsense = accept("tomorrow");
    assert_eq!(nonsense.code, 9);
    assert!(nonsense.stdout.contains("d1.acceptances"), "{}", nonsense.stdout);
}
