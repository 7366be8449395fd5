//! Who asks: looked at once for each request, before anything is done for them.

use crate::{compose::App, refusal::Refusal};
use axum::http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE},
};
use d1_core::{AccountId, Category, Problem, Scope, Scopes, SessionId, UserId};
use d1_orchestrator::SignInError;
use std::error::Error as _;

/// How long a program waits before it asks again whether somebody is let in.
const AGAIN_AFTER: u64 = 2;

/// Somebody we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    /// The account that pays, and to which everything done belongs.
    pub(crate) account: AccountId,
    /// The person and their sign-in; nobody stands behind the development token.
    pub(crate) person: Option<(UserId, SessionId)>,
    /// What they may do.
    pub(crate) scopes: Scopes,
}

impl App {
    /// Who presents these headers; `None` when nobody we know.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<Option<Who>, Refusal> {
        let Some(token) = token(headers)? else { return Ok(None) };
        if let Some(account) = self.token.as_ref().and_then(|known| known.account(headers)) {
            return Ok(Some(Who { account, person: None, scopes: Scopes::all() }));
        }
        let principal = self.identity.authenticate(token).await.map_err(refused)?;
        Ok(principal.map(|it| Who {
            account: it.account,
            person: Some((it.user, it.session)),
            scopes: it.scopes,
        }))
    }
}

/// The one token that is presented (RFC 6750 §2.1).
fn token(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        let title = "the request presents two tokens, and one may be another's";
        let problem = Problem::new("D1-AUTH-003", Category::Usage, title);
        return Err(problem.leaving("nothing was changed").next("present one").into());
    }
    let value = first.to_str().ok().and_then(|value| value.split_once(' '));
    Ok(value.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, t)| t.trim()))
}

/// Nobody we know. Whoever presented a token is told that it is no good (RFC 6750 §3.1).
pub(crate) fn unknown(headers: &HeaderMap) -> Refusal {
    let presented = headers.contains_key(AUTHORIZATION);
    let told = if presented { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    let fields = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static(told))]);
    let title = "the request presents no token, or one that is not known or over";
    Refusal::from(
        Problem::new("D1-AUTH-001", Category::Auth, title)
            .leaving("nothing was changed")
            .next("sign in: d1-doctor login")
            .next("or present a token: Authorization: Bearer …"),
    )
    .with(fields)
}

/// Somebody we know, who may not (RFC 6750 §3.1).
pub(crate) fn insufficient(scope: Scope) -> Refusal {
    let value = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    let fields = HeaderValue::from_str(&value).map(|value| (WWW_AUTHENTICATE, value));
    let title = format!("this needs `{scope}`: to {}", scope.plainly());
    Refusal::from(
        Problem::new("D1-AUTH-004", Category::Denied, title)
            .because("the token was not given that, or its person may not do it here")
            .leaving("nothing was changed")
            .next("sign in with a browser on the same machine: d1-doctor login")
            .next("or ask an owner of the organisation for another role"),
    )
    .with(fields.into_iter().collect())
}

/// Why somebody is not let in, as a problem.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(crate) fn refused(error: SignInError) -> Refusal {
    if let SignInError::Unavailable(cause) = &error {
        let source = error.source().and_then(std::error::Error::source);
        tracing::warn!(%cause, ?source, "nobody can be let in");
        let fields = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(AGAIN_AFTER))]);
        let problem =
            Problem::new("D1-AUTH-503", Category::Network, "nobody can be let in at this moment");
        let problem = problem
            .because("where sign-ins are kept is down, and nobody is believed unseen")
            .leaving("nothing was changed")
            .next(format!("ask again in {AGAIN_AFTER} s"));
        return Refusal::from(problem).with(fields);
    }
    Problem::new("D1-AUTH-005", Category::Usage, error.to_string())
        .leaving("nothing was changed")
        .into()
}
