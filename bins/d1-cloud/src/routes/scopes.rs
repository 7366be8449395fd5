//! What each address needs: whoever has not got it is refused before anything is done.

use crate::{
    compose::App,
    refusal::Refusal,
    who::{self, Who},
};
use axum::{
    Extension,
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use d1_core::{Category, Problem, Scope};
use d1_protocol::{CreditsCall, SetupsCall, api};

/// What an address needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Somebody who may do this.
    Scope(Scope),
    /// Somebody we know.
    Anybody,
}

/// Lets through whoever may ask this. What is not in the table is let through for nobody.
pub(super) async fn check(
    State(_app): State<App>,
    path: Option<MatchedPath>,
    who: Option<Extension<Who>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(Extension(who)) = who else {
        return who::unknown(request.headers()).into_response();
    };
    let matched = path.as_ref().map_or("", MatchedPath::as_str);
    match need(request.method(), matched, request.uri().path()) {
        Some(Need::Anybody) => next.run(request).await,
        Some(Need::Scope(scope)) if who.scopes.has(scope) => next.run(request).await,
        Some(Need::Scope(scope)) => who::insufficient(scope).into_response(),
        None => {
            let title = format!("nobody has said who may ask for `{matched}`");
            Refusal::from(Problem::new("D1-AUTH-500", Category::Bug, title)).into_response()
        }
    }
}

/// What whoever asks for an address needs; nobody has said it of any other address.
pub(super) fn need(method: &Method, matched: &str, path: &str) -> Option<Need> {
    let scope = match matched {
        api::CREATE | api::CANCEL | api::PURGE => Scope::SetupWrite,
        api::APPROVE | api::RESUME | api::UNDO | api::SIGN => Scope::SetupApprove,
        api::TASKS | api::TASK | api::PLAN | api::EVENTS => Scope::SetupRead,
        api::BALANCE | api::ENTRIES | api::GRANTS | api::QUOTE | api::CAPS => Scope::CreditsRead,
        api::CAP | api::LEASES | api::LEASE => Scope::CreditsWrite,
        api::CREDITS_CALL if CreditsCall::at(path).is_some_and(CreditsCall::is_look) => {
            Scope::CreditsRead
        }
        api::CREDITS_CALL => Scope::CreditsWrite,
        api::SETUPS_CALL | api::DEVICES_CALL => match SetupsCall::at(path) {
            Some(call) => call.scope(),
            // It is told that there is no such call.
            None => return Some(Need::Anybody),
        },
        api::DEVICES => Scope::DeviceRead,
        api::ENROLMENTS => Scope::DeviceRead,
        api::LINK | api::ENROLMENT | api::ENROLMENT_TOKENS | api::ENROLMENT_TOKEN => {
            Scope::DeviceLink
        }
        api::TOKENS | api::TOKEN => Scope::TokenWrite,
        api::SESSIONS if *method == Method::GET => return Some(Need::Anybody),
        api::SESSIONS | api::SESSION => return Some(Need::Anybody),
        api::ME | api::REFLECTION_CALL => return Some(Need::Anybody),
        _ => return None,
    };
    Some(Need::Scope(scope))
}
