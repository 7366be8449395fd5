//! `d1-doctor credits caps`: what may be spent at most.

use crate::{
    args::CapChange,
    commands::cloud::failure,
    failure::{ExitCode, Failure},
    terminal::Terminal,
};
use d1_core::{Amount, CapScope};
use d1_protocol::{
    ApiClient,
    api::{CapRequest, CapView},
};

/// Shows what may be spent, after changing it when that is asked for.
pub(super) async fn run(
    terminal: &Terminal,
    client: &ApiClient,
    change: Option<CapChange>,
) -> Result<ExitCode, Failure> {
    let caps = match change {
        None => client.credit_caps().await,
        Some(CapChange::Set { scope, most }) => {
            let cap = CapRequest { most_micro: most.as_micro() };
            client.set_credit_cap(scope.into(), cap).await
        }
        Some(CapChange::Lift { scope }) => client.lift_credit_cap(scope.into()).await,
    };
    let caps = caps.map_err(failure)?;
    if !terminal.is_text() {
        terminal.print_json(&caps);
    } else if caps.caps.is_empty() {
        terminal.print("no caps; set one with: d1-doctor credits caps set day 10\n");
    } else {
        let lines: String = caps.caps.iter().map(|cap| format!("{}\n", line(cap))).collect();
        terminal.print(&lines);
    }
    Ok(ExitCode::Ok)
}

/// One cap, in words.
pub(super) fn line(cap: &CapView) -> String {
    let (most, used) = (Amount::micro(cap.most_micro), cap.used_micro.map(Amount::micro));
    let counts = match cap.scope {
        CapScope::Task => "for each setup",
        CapScope::Device => "a day for each device",
        CapScope::Day => "a day",
        CapScope::Account => "in all",
        CapScope::Organisation => "a day for the organisation",
    };
    let used = used.map_or_else(String::new, |used| format!("; {used} used"));
    format!("{most} {counts}{used}")
}
