//! `d1-doctor setups`: what a person does with setups of their account in a cloud.
//!
//! A plan is signed on the machine of whoever signs it, from the same text that the device checks:
//! the cloud hands the plan out, and takes the signature along.

use super::cloud;
use crate::{
    args::{Setups, SetupsCommand},
    failure::{ExitCode, Failure},
    home::Home,
    terminal::Terminal,
    ui::{exact_view, text::inert},
};
use d1_core::{
    Category, Clock as _, Plan, PlanGrant, Problem, SealedGrant, SetupId, UserKey, WallClock,
};
use d1_executor::{UserKeyFile, UserKeyFileError};
use d1_protocol::{
    ApiClient,
    api::{PlanView, ResumeRequest, SetupView, SignRequest},
};
use std::error::Error as _;

/// Does it.
pub async fn run(terminal: &Terminal, home: Home, args: &Setups) -> Result<ExitCode, Failure> {
    let SetupsCommand::Sign { setup } = args.what;
    if !terminal.can_ask() {
        return Err(nobody_to_ask(setup));
    }
    let key = own_key(&home)?;
    let client = cloud::client(&args.cloud, || Ok(home)).await?;
    let view = client.plan(setup).await.map_err(cloud::failure)?;
    let plan = read(&view)?;
    terminal.talk(&text(&view, &plan));
    match terminal.ask("Sign exactly this with your key? [y/N]").as_deref() {
        Some("y" | "yes") => {}
        Some(_) | None => {
            return Err(Problem::new("D1-INPUT-002", Category::Denied, "you did not say yes")
                .leaving("nothing was signed")
                .into());
        }
    }
    let grant = sealed(&view, &plan, &key)?;
    let signed = begin(&client, setup, grant).await?;
    if terminal.is_text() {
        let done = terminal.glyphs.done;
        let minutes = PlanGrant::LIFE.as_secs() / 60;
        terminal.print_text(&format!(
            "{done} signed, and on its way: {}\n  good   for {minutes} min, each step once\n",
            signed.state
        ));
    } else {
        terminal.print_json(&signed);
    }
    Ok(ExitCode::Ok)
}

/// The plan, if it is the one that the cloud says it is.
fn read(view: &PlanView) -> Result<Plan, Failure> {
    let plan: Result<Plan, _> = serde_json::from_str(&view.plan);
    let plan = plan.map_err(|error| strange(error.to_string()))?;
    if plan.id() != view.digest {
        return Err(strange("the plan is another one than its digest says".to_owned()));
    }
    plan.validate().map_err(|error| strange(error.to_string()))?;
    Ok(plan)
}

fn sealed(view: &PlanView, plan: &Plan, key: &UserKey) -> Result<SealedGrant, Failure> {
    let now = WallClock::new().now();
    let grant = PlanGrant::of(plan, view.setup, view.device, now);
    grant.and_then(|grant| grant.seal(key)).map_err(|error| {
        let text = error.to_string();
        let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
        let problem = Problem::new("D1-GRANT-016", Category::Task, title);
        problem.leaving("nothing was signed").next(remedy).into()
    })
}

/// Sends the signature, and says yes to what was signed.
async fn begin(
    client: &ApiClient,
    setup: SetupId,
    grant: SealedGrant,
) -> Result<SetupView, Failure> {
    let signed = client.sign(setup, &SignRequest { grant }).await.map_err(cloud::failure)?;
    let begun = match signed.state.as_str() {
        "awaiting approval" => client.approve(setup).await,
        "failed" | "cancelled" => client.resume(setup, ResumeRequest::default()).await,
        _ => return Ok(signed),
    };
    begun.map_err(cloud::failure)
}

fn text(view: &PlanView, plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        text += &format!("{}\n", exact_view::step(step));
    }
    text += &format!("\n  {}\n", inert(&plan.intent.to_string()));
    text += &format!("  device  {}\n  setup   {}\n", view.device, view.setup);
    text + &format!("  plan    {}, {} steps\n", plan.id(), plan.steps.len())
}

/// The key of whoever is here.
pub(super) fn own_key_file(home: &Home) -> UserKeyFile {
    UserKeyFile::at(home.state.path().join("user-key.json"))
}

fn own_key(home: &Home) -> Result<UserKey, Failure> {
    let file = own_key_file(home);
    file.load().map_err(|error| key_failure(&error))?.ok_or_else(|| {
        Problem::new("D1-GRANT-017", Category::Usage, "there is no key of yours here to sign with")
            .leaving("nothing was signed")
            .next("d1-doctor keys make")
            .into()
    })
}

/// A key of a person that cannot be used.
pub(super) fn key_failure(error: &UserKeyFileError) -> Failure {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    Problem::new("D1-GRANT-017", Category::Usage, title).because(cause).next(remedy).into()
}

fn strange(why: String) -> Failure {
    Problem::new("D1-NET-002", Category::Network, "the cloud's answer makes no sense")
        .because(why)
        .leaving("nothing was signed")
        .next("see that the cloud is of this version, and look who is between here and there")
        .into()
}

fn nobody_to_ask(setup: SetupId) -> Failure {
    Problem::new("D1-INPUT-001", Category::Usage, "this needs a yes, and nobody can be asked")
        .because("standard input or standard error is not a terminal, or --no-input was given")
        .leaving("nothing was signed")
        .next(format!("type it at a terminal: d1-doctor setups sign {setup}"))
        .into()
}
