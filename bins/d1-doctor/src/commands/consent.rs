//! A plan is shown, and a person says yes. Nothing happens before that.

use crate::{args::Consent, failure::Failure, terminal::Terminal, ui::plan_view};
use d1_core::{Category, Plan, Preview, Problem, Quote};
use d1_orchestrator::Draft;
use serde::Serialize;

/// What a person is asked to agree to, as one JSON document.
#[derive(Serialize)]
pub struct PlanDocument<'a> {
    /// `d1.plan.v1`
    pub schema: &'static str,
    /// The plan's digest.
    pub id: d1_core::Digest,
    /// Whether there is nothing to do.
    pub nothing_to_do: bool,
    /// The plan.
    pub plan: &'a Plan,
    /// What the machine said about each step.
    pub previews: &'a [Preview],
    /// What it costs.
    pub quote: &'a Quote,
    /// Why it cannot be begun with the rights at hand.
    pub lacks_rights: Option<Problem>,
}

impl<'a> PlanDocument<'a> {
    /// What a draft has to show; an error when nobody could carry it out.
    pub fn of(draft: &'a Draft) -> Result<Self, Failure> {
        if let Some(problem) = draft.blocked() {
            return Err(problem.clone().into());
        }
        Ok(Self {
            schema: "d1.plan.v1",
            id: draft.plan.id(),
            nothing_to_do: draft.nothing_to_do(),
            plan: &draft.plan,
            previews: &draft.previews,
            quote: &draft.quote,
            lacks_rights: draft.lacks_rights(),
        })
    }
}

/// Whether to go on after the plan was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Go,
    /// It was only to be shown.
    Stop,
}

/// Shows a plan, and asks, as far as that is wanted.
pub fn decide(
    terminal: &Terminal,
    consent: Consent,
    shown: &PlanDocument<'_>,
) -> Result<Decision, Failure> {
    if consent.dry_run && !terminal.is_text() {
        terminal.print_json(shown);
        return Ok(Decision::Stop);
    }
    let text = plan_view::plan(shown.plan, shown.previews, shown.quote, &terminal.glyphs);
    if consent.dry_run {
        terminal.print_text(&text);
        if let Some(problem) = &shown.lacks_rights {
            terminal.talk(&format!("note: {}; {}", problem.title, problem.next.join("; ")));
        }
        terminal.talk("a dry run: nothing was changed");
        return Ok(Decision::Stop);
    }
    if let Some(problem) = &shown.lacks_rights {
        return Err(problem.clone().into());
    }
    terminal.print_text(&text);
    agree(terminal, consent, "Do this? [y/N]")?;
    Ok(Decision::Go)
}

/// Asks for a yes, unless it was given beforehand.
pub fn agree(terminal: &Terminal, consent: Consent, question: &str) -> Result<(), Failure> {
    if consent.yes {
        return Ok(());
    }
    if !terminal.can_ask() {
        return Err(Problem::new(
            "D1-INPUT-001",
            Category::Usage,
            "this needs a yes, and nobody can be asked",
        )
        .because("standard input or standard error is not a terminal, or --no-input was given")
        .leaving("nothing was changed")
        .next("look at the plan with --dry-run, then add --yes")
        .into());
    }
    match terminal.ask(question).as_deref() {
        Some("y" | "yes") => Ok(()),
        Some(_) | None => {
            Err(Problem::new("D1-INPUT-002", Category::Denied, "you did not say yes")
                .leaving("nothing was changed")
                .into())
        }
    }
}
