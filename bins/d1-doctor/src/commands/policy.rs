//! `d1-doctor policy`: what the owner's policy says to a command, without running it; and a yes.

use crate::{
    args::{Policy as What, PolicyCheck, Run},
    commands::confined,
    failure::{ExitCode, Failure},
    terminal::Terminal,
    ui::text::inert,
};
use d1_core::{Argv, Category, Digest, Problem};
use d1_executor::{
    Access, Decision, Demand, Denial, Device, Granted, Policy, PolicyError, Profile, Reason,
    Request, Touch, Walls,
};
use serde::Serialize;
use std::path::PathBuf;

/// Does it.
pub fn run(terminal: &Terminal, what: &What) -> Result<ExitCode, Failure> {
    match what {
        What::Check(args) => check(terminal, args),
        What::Approve { digest } => approve(terminal, *digest),
    }
}

/// The owner's policy, as it is now.
pub fn of_owner() -> Result<Policy, Failure> {
    Policy::this().map_err(|error| failure(&error))
}

/// A file of the policy that cannot be used.
pub fn failure(error: &PolicyError) -> Failure {
    error.problem().into()
}

fn check(terminal: &Terminal, args: &PolicyCheck) -> Result<ExitCode, Failure> {
    let policy = of_owner()?;
    let request = request(args, &policy)?;
    let home = confined::home()?;
    let decision = policy.decide(&request, &Device::look(&request, &home));
    if terminal.is_text() {
        terminal.print(&text(&request, &decision, args.step));
    } else {
        terminal.print_json(&Document { schema: "d1.policy.v1", decision: &decision });
    }
    Ok(match decision {
        Decision::Allow { .. } => ExitCode::Ok,
        Decision::NeedsApproval { .. } => ExitCode::Findings,
        Decision::Deny(_) => ExitCode::Denied,
    })
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    decision: &'a Decision,
}

fn request(args: &PolicyCheck, policy: &Policy) -> Result<Request, Failure> {
    let words = match &args.shell {
        Some(text) => Request::script(text)
            .map(Vec::from)
            .map_err(|error| Problem::new("D1-CLI-002", Category::Usage, error.to_string()))?,
        None => args.command.clone(),
    };
    let PolicyCheck { profile, touch, hosts, best_effort, step, shell, .. } = args;
    let run = Run {
        profile: *profile,
        touch: touch.clone(),
        hosts: hosts.clone(),
        timeout: 1,
        best_effort: *best_effort,
        approve: None,
        command: words,
    };
    let request = confined::request(&run)?;
    let request = Request { is_script: shell.is_some(), ..request };
    if !step {
        return Ok(request);
    }
    let looks = *profile == crate::args::Profile::Diagnose;
    // A step that does not say where starts in the home, or nowhere when it only looks.
    let cwd = if looks { PathBuf::from("/") } else { confined::home()? };
    let walls = request.walls.map(|walls| {
        let access = if looks { Access::Read } else { Access::Write };
        let touches = walls.touches.into_iter().map(|touch| Touch { access, ..touch });
        Walls { touches: touches.collect(), demand: policy.demand(), ..walls }
    });
    let mut env = request.env;
    env.insert("HOME".into(), confined::home()?.to_string_lossy().into_owned());
    Ok(Request { walls, cwd, env, ..request })
}

fn text(request: &Request, decision: &Decision, step: bool) -> String {
    let command = command(&request.argv);
    let (mut text, digest, next) = match decision {
        Decision::Allow { digest, .. } => (format!("allowed: {command}\n"), Some(digest), None),
        Decision::NeedsApproval { grant, digest, reasons } => {
            let text = format!("needs a yes: {command}\n{}", reasons_text(reasons));
            let next = match step {
                true => format!("d1-doctor policy approve {digest}"),
                false => how_to_say_yes(grant, *digest, &command),
            };
            (text, Some(digest), Some(next))
        }
        Decision::Deny(denial) => return denied(denial),
    };
    text += &digest.map_or_else(String::new, |digest| format!("  grant  {digest}\n"));
    text + &next.map_or_else(String::new, |next| format!("  next   {next}\n"))
}

fn denied(denial: &Denial) -> String {
    let Denial { code, reason, cause, alternative, source } = denial;
    let mut text = format!("denied[{code}]: {}\n", inert(reason));
    for (name, what) in
        [("why", cause.as_str()), ("from", source.as_deref().unwrap_or("")), ("next", alternative)]
    {
        if !what.is_empty() {
            text += &format!("  {name:<5}  {}\n", inert(what));
        }
    }
    text
}

/// The reasons for a yes, a line each.
pub fn reasons_text(reasons: &[Reason]) -> String {
    let line = |reason: &Reason| format!("  why    {}\n", inert(&reason.to_string()));
    reasons.iter().map(line).collect()
}

/// What says yes to a grant.
pub fn how_to_say_yes(grant: &Granted, digest: Digest, command: &str) -> String {
    let Granted::Confined(grant) = grant else {
        return format!("d1-doctor policy approve {digest}");
    };
    let mut text = format!("d1-doctor run --approve {digest}");
    if grant.profile != Profile::Home {
        text += &format!(" --profile {}", grant.profile.as_str());
    }
    for touch in &grant.touches {
        text += &format!(" --touch {}", word(&touch.path.to_string_lossy()));
    }
    for host in &grant.network.hosts {
        text += &format!(" --allow-host {}", word(&host.to_string()));
    }
    for inside in &grant.network.inside {
        text += &format!(" --inside {inside}");
    }
    if grant.demand == Demand::BestEffort {
        text += " --best-effort";
    }
    format!("{text} -- {command}")
}

/// The words of a command, for people.
pub fn command(argv: &Argv) -> String {
    argv.words().iter().map(|text| word(text)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell would be given it.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", inert(&text.replace('\'', "'\\''")))
}

#[derive(Serialize)]
struct Approved {
    schema: &'static str,
    digest: Digest,
    file: PathBuf,
}

fn approve(terminal: &Terminal, digest: Digest) -> Result<ExitCode, Failure> {
    let file = of_owner()?.approve(digest).map_err(|error| {
        let problem = error.problem();
        let code = "D1-POL-010";
        Failure::from(Problem { code: code.into(), category: Category::Denied, ..problem })
    })?;
    if terminal.is_text() {
        terminal.print(&format!("said yes to {digest}\n  in     {}\n", file.display()));
    } else {
        terminal.print_json(&Approved { schema: "d1.policy.approved.v1", digest, file });
    }
    Ok(ExitCode::Ok)
}
