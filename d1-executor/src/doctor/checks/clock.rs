//! The clock: whether it can be right, whether somebody keeps it, and what others say.

use super::{
    super::{check::Found, network::Answer, sight::Sight},
    reach,
};
use crate::facts::is_container;
use d1_core::Timestamp;
use futures_util::future::join_all;
use std::{
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

/// The first of January 2026, in milliseconds: no version of this program is older.
pub(super) const FIRST_VERSION: Timestamp = Timestamp(1_767_225_600_000);
/// Files may be this much newer than the clock says before it is wrong: two clocks differ.
const LEEWAY: Duration = Duration::from_secs(600);
/// Tickets and certificates are refused from about here on.
const MUCH: Duration = Duration::from_secs(60);
/// A time service gets so long after the start of the machine.
const PATIENCE: u64 = 900;

/// Files that are written while a machine is in use.
const WRITTEN: [&str; 6] = [
    "/var/lib/dpkg/status",
    "/var/log/dpkg.log",
    "/var/lib/systemd/timesync/clock",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/log/pacman.log",
    "/lib/apk/db/installed",
];

pub(super) async fn sane(sight: Sight) -> Found {
    let now = sight.host.clock.now();
    let wrong = |why: &str, detail: Option<String>| {
        Found::fail(why)
            .details(detail)
            .remedy("set it: sudo timedatectl set-ntp true, or: sudo date -s \"…\"")
            .mend(idle(&sight).and_then(|service| sight.start_service(service.unit)))
    };
    if now < FIRST_VERSION {
        return wrong("the clock says a time before this program was made", None);
    }
    let files: Vec<PathBuf> = WRITTEN.iter().map(|file| sight.host.file(file)).collect();
    let written = files.iter().filter_map(|file| {
        let since = std::fs::metadata(file).ok()?.modified().ok()?.duration_since(UNIX_EPOCH);
        Some((Timestamp(u64::try_from(since.ok()?.as_millis()).ok()?), file))
    });
    match written.max() {
        Some((newest, file)) if newest.since(now) > LEEWAY => {
            let detail = format!("{} is {} newer", sight.shown(file), span(newest.since(now)));
            wrong("the clock was set back: files are newer than it says", Some(detail))
        }
        Some(_) | None => Found::ok("it can"),
    }
}

/// A time as people say it.
fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// A service that keeps the clock, and what is there while it runs.
struct TimeService {
    unit: &'static str,
    running: &'static [&'static str],
}

const CHRONY: &[&str] = &["/run/chrony/chronyd.pid", "/run/chronyd.pid"];
const NTP: &[&str] = &["/run/ntpd.pid", "/run/ntpsec/ntpd.pid", "/var/run/ntpd.pid"];

/// By the names that distributions give them.
const SERVICES: [TimeService; 6] = [
    TimeService { unit: "systemd-timesyncd", running: &["/run/systemd/timesync"] },
    TimeService { unit: "chrony", running: CHRONY },
    TimeService { unit: "chronyd", running: CHRONY },
    TimeService { unit: "ntpsec", running: NTP },
    TimeService { unit: "ntpd", running: NTP },
    TimeService { unit: "openntpd", running: &["/run/openntpd.sock", "/var/run/ntpd.sock"] },
];

impl TimeService {
    fn is_running(&self, sight: &Sight) -> bool {
        self.running.iter().any(|file| sight.host.file(file).exists())
    }

    /// Whether it is there, and its owner did not forbid it (systemctl(1), `mask`).
    fn is_installed(&self, sight: &Sight) -> bool {
        let at = |folder: &str| sight.host.file(&format!("{folder}/{}.service", self.unit));
        let folders = ["/usr/lib/systemd/system", "/lib/systemd/system"];
        let forbidden = std::fs::read_link(at("/etc/systemd/system"));
        let is_forbidden = forbidden.is_ok_and(|target| target == Path::new("/dev/null"));
        !is_forbidden && folders.iter().any(|folder| at(folder).exists())
    }
}

fn is_booted_by_systemd(sight: &Sight) -> bool {
    sight.host.file("/run/systemd/system").exists()
}

/// The time service that is there and does not run; none when one does.
fn idle(sight: &Sight) -> Option<&'static TimeService> {
    let runs = SERVICES.iter().any(|service| service.is_running(sight));
    if runs || !is_booted_by_systemd(sight) || is_container(&sight.host) {
        return None;
    }
    SERVICES.iter().find(|service| service.is_installed(sight))
}

pub(super) async fn kept(sight: Sight) -> Found {
    if is_container(&sight.host) {
        return Found::skipped("a container goes by the clock of another machine");
    }
    if !is_booted_by_systemd(&sight) {
        return Found::skipped("systemd does not run here");
    }
    if let Some(service) = idle(&sight) {
        let unit = service.unit;
        return Found::warn(format!("nobody keeps the clock: {unit} is there and does not run"))
            .remedy(format!("sudo systemctl enable --now {unit}"))
            .mend(sight.start_service(unit));
    }
    let Some(service) = SERVICES.iter().find(|service| service.is_running(&sight)) else {
        return Found::skipped("no time service is installed");
    };
    let uptime = sight.text("/proc/uptime").ok().flatten().unwrap_or_default();
    let up = uptime.split('.').next().and_then(|seconds| seconds.trim().parse::<u64>().ok());
    let is_new = up.is_none_or(|up| up < PATIENCE);
    let says_so = service.unit == "systemd-timesyncd" && !sight.offline;
    if says_so && !is_new && !sight.host.file("/run/systemd/timesync/synchronized").exists() {
        return Found::warn("the time service runs, and no time server has answered it")
            .remedy("see why: timedatectl timesync-status; journalctl -u systemd-timesyncd")
            .remedy("it asks over UDP, port 123; a network may want its own server to be asked");
    }
    Found::ok(format!("{} does", service.unit))
}

/// How far our clock is from an answer's; by nothing, when it lies between the moment the answer
/// was made and the moment it came.
fn distance(answer: &Answer, before: Timestamp, after: Timestamp) -> Option<(Duration, bool)> {
    let date = answer.date?;
    // A store on the way may keep the first date, and tells for how long it has kept it.
    let latest = date.after(answer.age);
    Some(if after < date { (date.since(after), false) } else { (before.since(latest), true) })
}

/// RFC 9110, 6.6.1: every answer says when it was made. The clock is right as long as anybody
/// agrees with it.
pub(super) async fn skew(sight: Sight) -> Found {
    let mut targets = match reach::tried(&sight) {
        Ok(targets) => targets,
        Err(found) => return found,
    };
    targets.retain(|target| !target.is("ssh") && target.can_be_asked());
    if targets.is_empty() {
        return Found::skipped("no host is used here that tells the time");
    }
    let before = sight.host.clock.now();
    let asking = targets.into_iter().map(|target| async {
        let answer = sight.net.head(&target.to).await;
        (target, answer)
    });
    let answers = match reach::answers(join_all(asking).await) {
        Ok(answers) => answers,
        Err(found) => return found,
    };
    let after = sight.host.clock.now();
    let heard = answers.iter().filter_map(|(target, answer)| {
        let (off, is_ahead) = distance(answer.as_ref().ok()?, before, after)?;
        Some((off, is_ahead, target.host()))
    });
    let Some((off, is_ahead, host)) = heard.min() else {
        return Found::unknown("no host says what time it is");
    };
    if off <= MUCH {
        return Found::ok("others agree");
    }
    let which = if is_ahead { "ahead" } else { "behind" };
    Found::fail(format!("the clock is {} {which}, and certificates are refused", span(off)))
        .details([format!("compared with {host}")])
        .remedy("set it: sudo timedatectl set-ntp true")
        .mend(idle(&sight).and_then(|service| sight.start_service(service.unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_lay_in_a_store_is_as_good_as_its_age() {
        let answer = |age| Answer {
            status: 200,
            date: Some(Timestamp(1_000_000)),
            age: Duration::from_secs(age),
            sent_to: None,
        };
        let off = |age, now| distance(&answer(age), Timestamp(now), Timestamp(now)).unwrap();
        assert_eq!(off(0, 1_000_000), (Duration::ZERO, true));
        assert_eq!(off(0, 1_090_000), (Duration::from_secs(90), true));
        assert_eq!(off(100, 1_090_000), (Duration::ZERO, true));
        assert_eq!(off(100, 910_000), (Duration::from_secs(90), false));
    }
}
