//! Packages come from their mirrors, and from nobody else: real apt on a scratch Debian, mirrors
//! and others of our own on the loopback address.
//!
//! Needs root, as walls around packages do.

use d1_world::{AptRoot, Deb, Desk, Pages};
use std::fs;

/// A script that calls whom it likes, and writes down who answered; it is content with nobody.
/// It is below a folder that its apt names, so we find what it wrote.
const CURIOUS: &str = r#"
    # Whoever answers has a name of its own here: it says its port.
    called=$(bash -c 'exec 3<>/dev/tcp/127.0.0.1/ELSEWHERE && echo yes' 2>/dev/null)
    address=$(bash -c 'exec 3<>/dev/tcp/192.0.2.7/MIRROR && echo >&3 && cat <&3' 2>/dev/null)
    name=$(getent hosts evil.example)
    mirror=$(bash -c 'exec 3<>/dev/tcp/127.0.0.1/MIRROR && printf "GET /repo/Packages HTTP/1.0\r\nHost: 127.0.0.1:MIRROR\r\n\r\n" >&3 && cat <&3' | head -n 1)
    echo "called=$called address=$address name=$name mirror=$mirror" >"$DPKG_ROOT/noted"
"#;

/// A scratch Debian whose packages come over HTTP from a mirror of its own.
fn mirrored(postinst: impl Fn(u16) -> String) -> (AptRoot, Pages) {
    let apt = AptRoot::with(&[]);
    let mirror = Pages::of(apt.path(""));
    apt.add(&[Deb::new("curious", "1.0").postinst(postinst(mirror.port()))]);
    apt.comes_from(&format!("http://{}/repo", mirror.at()));
    (apt, mirror)
}

#[test]
fn f24_packages_reach_their_mirror_and_their_scripts_reach_nobody_else() {
    let elsewhere = Pages::of("/nowhere");
    let (apt, mirror) = mirrored(|port| {
        let script = CURIOUS.replace("ELSEWHERE", &elsewhere.port().to_string());
        script.replace("MIRROR", &port.to_string())
    });
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "curious", "--yes"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    // The plan says whom it may call, the receipt whom it did.
    let allowed = format!("  network   {}, and no other host\n", mirror.at());
    assert!(ran.stdout.contains(&allowed), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("  network    reached 127.0.0.1; refused 192.0.2.7, evil.example\n"),
        "{}",
        ran.stdout
    );
    let fetched = mirror.asked().iter().any(|asked| asked.ends_with("curious_1.0_all.deb"));
    assert!(fetched, "{:?}", mirror.asked());
    let noted = fs::read_to_string(apt.path("root/noted")).unwrap();
    assert_eq!(noted.trim_end(), "called= address= name= mirror=HTTP/1.1 200 OK");
    assert_eq!(elsewhere.asked(), [] as [&str; 0]);
    let setup = desk.doctor(&["status", "last", "--json"]).json();
    let text = setup.to_string();
    for part in ["\"evil.example\"", "name_not_allowed", "no_name", "network by name"] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(desk.doctor(&["undo", "last", "--yes"]).code, 0);
    assert_eq!(apt.installed(), "");
}

#[test]
fn packages_from_a_folder_reach_nobody_and_what_their_scripts_try_is_told() {
    let apt =
        AptRoot::with(&[Deb::new("asks", "1.0").postinst("getent hosts evil.example\ntrue\n")]);
    let ran = Desk::at(&apt).doctor(&["install", "asks", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told = "  network    reached nobody; refused evil.example\n";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
}

#[test]
fn a_script_that_fails_for_want_of_a_host_is_told_with_the_host_and_the_command_that_allows_it() {
    let files = Pages::of("/nowhere");
    let script = format!(
        "exec 2>&1\ngetent hosts files.example || bash -c 'exec 3<>/dev/tcp/localhost/{}'\n",
        files.port()
    );
    let apt = AptRoot::with(&[Deb::new("needy", "1.0").postinst(script)]);
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "needy", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    for part in [
        "it was refused to call `files.example`, which nobody allowed it",
        "d1-doctor install needy --allow-host files.example",
    ] {
        assert!(ran.stderr.contains(part), "{part:?} is missing in:\n{}", ran.stderr);
    }
    apt.give_up("needy");
    let host = format!("localhost:{}", files.port());
    let ran = desk.doctor(&["install", "needy", "--yes", "--allow-host", &host]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("reached localhost; refused files.example"), "{}", ran.stdout);
}

#[test]
fn the_proxy_of_apt_leads_to_its_mirrors_and_to_nobody_else() {
    let apt = AptRoot::with(&[]);
    let proxy = Pages::of(apt.path(""));
    let at = proxy.at();
    apt.add(&[Deb::new("curious", "1.0").postinst(format!(
        "(bash -c 'exec 3<>/dev/tcp/127.0.0.1/{0} && echo reached >&3') 2>/dev/null &&\n\
         echo reached >\"$DPKG_ROOT/noted\"\ntrue\n",
        proxy.port()
    ))]);
    apt.set(&format!("Acquire::http::Proxy \"http://ada:secret@{at}\";\n"));
    apt.comes_from("http://mirror.example/repo");
    let desk = Desk::at(&apt);
    let ran = desk.doctor(&["install", "curious", "--yes"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("  network   mirror.example, and no other host\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("  network    reached mirror.example\n"), "{}", ran.stdout);
    let through = "http://mirror.example/repo/./curious_1.0_all.deb";
    assert!(proxy.asked().iter().any(|asked| asked == through), "{:?}", proxy.asked());
    assert!(!apt.path("root/noted").exists(), "the proxy itself is nobody's to call");
    let everything = desk.doctor(&["status", "last", "--json"]).stdout;
    assert!(everything.contains(&format!("proxy {at}")), "{everything}");
    assert!(!everything.contains("secret"), "{everything}");
}
