//! `d1-doctor diagnose net` on networks of its own: one that is not there, and one with a name
//! server and web servers that these tests make. Nobody outside is asked.
//!
//! Needs root, iproute2 and python3.

use d1_world::{Desk, Ran};
use std::fs;

/// Has names, and hosts by them: says when it is ready, and ends with its input.
const LAB: &str = r#"
import email.utils, http.server, socket, struct, sys, threading, time

ahead = int(sys.argv[1])
hosts = {"deb.example": "127.0.0.11", "security.example": "127.0.0.12"}

class Web(http.server.BaseHTTPRequestHandler):
    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + ahead, usegmt=True)
    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass

def names(at):
    while True:
        asked, whom = at.recvfrom(512)
        labels, here = [], 12
        while asked[here]:
            labels.append(asked[here + 1:here + 1 + asked[here]].decode())
            here += asked[here] + 1
        kind, = struct.unpack(">H", asked[here + 1:here + 3])
        address = hosts.get(".".join(labels).lower())
        answer = b""
        if address and kind == 1:
            answer = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address)
        flags = 0x8180 if address else 0x8183
        head = asked[:2] + struct.pack(">HHHHH", flags, 1, bool(answer), 0, 0)
        at.sendto(head + asked[12:here + 5] + answer, whom)

at = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
at.bind(("127.0.0.1", 53))
threading.Thread(target=names, args=(at,), daemon=True).start()
for address in hosts.values():
    web = http.server.ThreadingHTTPServer((address, 80), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"#;

/// A machine that takes its packages from two hosts and asks this machine for their names; `$1`
/// is a folder for its files, and what comes after is run on it.
const MACHINE: &str = r#"
    set -eu
    folder=$1 lab=$2 ahead=$3
    shift 3
    mkdir -p "$folder/apt/sources.list.d"
    echo 'deb http://deb.example/debian bookworm main' >"$folder/apt/sources.list"
    printf 'Types: deb\nURIs: http://security.example/debian\nSuites: bookworm\n' \
        >"$folder/apt/sources.list.d/security.sources"
    echo 'nameserver 127.0.0.1' >"$folder/resolv.conf"
    mount --bind "$folder/apt" /etc/apt
    mount --bind "$folder/resolv.conf" /etc/resolv.conf
    if [ -n "$ahead" ]; then
        ip link set lo up
        ip route add default dev lo
        mkfifo "$folder/ready" "$folder/end"
        python3 -c "$lab" "$ahead" <"$folder/end" >"$folder/ready" &
        exec 9>"$folder/end"
        read -r _ <"$folder/ready"
    fi
    "$@"
"#;

/// What the doctor says of such a machine: with nobody on its network, or with hosts whose clocks
/// are ahead by so many seconds.
fn diagnose(ahead: Option<i32>) -> Ran {
    let desk = Desk::at_this_machine();
    let folder = tempfile::tempdir().unwrap();
    // The project one stands in has hosts, too.
    fs::create_dir(folder.path().join("nowhere")).unwrap();
    let mut command = desk.program_at("unshare");
    command.current_dir(folder.path().join("nowhere"));
    command.args(["--net", "--mount", "sh", "-c", MACHINE, "sh"]).arg(folder.path());
    command.arg(LAB).arg(ahead.map(|seconds| seconds.to_string()).unwrap_or_default());
    command.arg(Desk::built("d1-doctor"));
    command.args(["diagnose", "net", "sys.clock.skew", "--json"]);
    let ran = d1_world::run(command);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran
}

/// The checks that came to one of these ends.
fn those(ran: &Ran, verdicts: &[&str]) -> Vec<String> {
    let document = ran.json();
    let findings = document["findings"].as_array().unwrap();
    let is = |finding: &&serde_json::Value| verdicts.iter().any(|v| finding["verdict"] == *v);
    findings.iter().filter(is).map(|f| f["check"].as_str().unwrap().to_owned()).collect()
}

const TROUBLE: &[&str] = &["warn", "fail", "unknown"];

#[test]
fn without_a_network_one_finding_says_so() {
    assert_eq!(those(&diagnose(None), TROUBLE), ["net.route"]);
}

#[test]
fn the_hosts_that_a_machine_uses_are_tried_for_real() {
    let ran = diagnose(Some(0));
    assert_eq!(those(&ran, TROUBLE), [""; 0], "{}", ran.stdout);
    let fine = those(&ran, &["ok"]);
    for id in ["net.route", "net.dns", "net.connect", "net.captive", "sys.clock.skew"] {
        assert!(fine.iter().any(|own| own == id), "{id}: {}", ran.stdout);
    }
}

#[test]
fn a_clock_that_nobody_agrees_with_is_found_for_real() {
    assert_eq!(those(&diagnose(Some(400)), TROUBLE), ["sys.clock.skew"]);
}
