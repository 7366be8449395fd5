//! The doctor at a real terminal, on this machine.

use d1_world::Desk;

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
fn trouble_is_told_first_with_what_to_do_and_a_script_can_ask_for_it() {
    let desk = Desk::at_this_machine().with("PATH", ".:/usr/bin:/bin");
    let ran = desk.doctor(&["diagnose", "path"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let first = "✖ path.relative  a program of the folder one stands in would be run instead of \
                 the real one\n    .\n    do  take it out of PATH";
    assert!(ran.stdout.starts_with(first), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("; nothing was changed\n"), "{}", ran.stdout);
    assert_eq!(desk.doctor(&["diagnose", "path", "--exit-code"]).code, 9);
    assert_eq!(desk.doctor(&["diagnose", "sys.tmp.sticky", "--exit-code"]).code, 0);
}

#[test]
fn lines_are_documents_and_the_last_one_counts() {
    let desk = Desk::at_this_machine();
    let ran = desk.doctor(&["diagnose", "sys", "--output", "ndjson"]);
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
