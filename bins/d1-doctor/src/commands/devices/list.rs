//! `d1-doctor devices`: who is linked, and how they are.

use crate::{
    commands::cloud::failure,
    failure::{ExitCode, Failure},
    terminal::Terminal,
    ui::{
        text::{count, inert, when},
        vitals_view,
    },
};
use d1_core::{Clock as _, SystemClock, Timestamp};
use d1_protocol::{
    ApiClient,
    api::{DeviceView, HealthView},
};

/// Lists the devices that are linked.
pub(super) async fn run(terminal: &Terminal, client: &ApiClient) -> Result<ExitCode, Failure> {
    let devices = client.devices().await.map_err(failure)?;
    if !terminal.is_text() {
        terminal.print_json(&devices);
    } else if devices.devices.is_empty() {
        terminal.print("no device is linked; start one with: d1-daemon --cloud URL\n");
    } else {
        let now = SystemClock::new().now();
        let text: String = devices.devices.iter().map(|device| lines(device, now)).collect();
        terminal.print(&text);
    }
    if !devices.complete {
        terminal
            .talk("note: a server of the cloud did not answer, so there may be more; ask again");
    }
    Ok(ExitCode::Ok)
}

fn lines(device: &DeviceView, now: Timestamp) -> String {
    let by = if device.certified { "certificate" } else { "token" };
    let since = when(now.since(Timestamp(device.since)));
    let (system, version) = (inert(&device.system), inert(&device.version));
    let health =
        device.health.as_ref().map_or_else(|| "\n  has not told yet how it is".to_owned(), how);
    format!("{}  {system}, version {version}, by {by}, linked {since}{health}\n", device.id)
}

fn how(health: &HealthView) -> String {
    let tasks = match (health.running, health.waiting) {
        (0, 0) => "idle".to_owned(),
        (running, waiting) => {
            format!("{} running, {waiting} waiting", count(running as usize, "task"))
        }
    };
    let troubles = vitals_view::troubles(&health.symptoms, "\n  ");
    format!("\n  {tasks} · {}{troubles}", vitals_view::line(&health.vitals))
}

#[cfg(test)]
mod tests {
    use super::*;
    use d1_core::{DeviceId, Symptom, Verdict, Vitals};

    fn device(health: Option<HealthView>) -> DeviceView {
        DeviceView {
            id: DeviceId::from_bytes([1; 16]),
            version: "0.1.0".to_owned(),
            system: "Debian x86_64".to_owned(),
            since: 0,
            heard: 0,
            certified: true,
            health,
        }
    }

    #[test]
    fn a_device_is_told_with_how_it_is_and_what_is_wrong() {
        let symptom = Symptom {
            check: "health.memory".parse().unwrap(),
            verdict: Verdict::Warn,
            summary: "memory is low: 1.0 GiB left of 64.0 GiB".to_owned(),
        };
        let health = HealthView {
            at: 0,
            vitals: Vitals { load: 1.5, ..Vitals::default() },
            running: 2,
            waiting: 1,
            symptoms: vec![symptom],
        };
        let first = "01010101-0101-4101-8101-010101010101  Debian x86_64, version 0.1.0, by \
                     certificate, linked 2 min ago\n";
        assert_eq!(
            lines(&device(Some(health)), Timestamp(120_000)),
            format!(
                "{first}  2 tasks running, 1 waiting · load 1.50 · 0 B memory free · 0 B disk \
                 free\n  to look at: memory is low: 1.0 GiB left of 64.0 GiB (health.memory)\n"
            )
        );
        let silent = format!("{first}  has not told yet how it is\n");
        assert_eq!(lines(&device(None), Timestamp(120_000)), silent);
    }
}
