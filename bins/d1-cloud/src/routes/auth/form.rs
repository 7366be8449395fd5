//! The body of a request to an authorization server: a form, each field once (RFC 6749 §3.1).

use super::answer::OAuthRefusal;
use crate::compose::App;
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header::CONTENT_TYPE,
};
use d1_orchestrator::SignInError;
use std::collections::BTreeMap;

/// The media type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A form, each field once.
#[derive(Debug, Default)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a form, or what comes after the `?` of an address.
    pub(crate) fn read(text: &[u8]) -> Result<Self, SignInError> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text) {
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(SignInError::InvalidRequest("a parameter is there twice"));
            }
        }
        Ok(Self(fields))
    }

    /// A field, unless it is empty: that is as good as not there (RFC 6749 §3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A field that has to be there.
    pub(crate) fn need(&self, name: &str, why: &'static str) -> Result<&str, SignInError> {
        self.get(name).ok_or(SignInError::InvalidRequest(why))
    }
}

impl FromRequest<App> for Form {
    type Rejection = OAuthRefusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, OAuthRefusal> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case(FORM) {
            return Err(OAuthRefusal::another_type());
        }
        let body = Bytes::from_request(request, app).await;
        let body = body.map_err(|_too_long| OAuthRefusal::too_long())?;
        Ok(Self::read(&body)?)
    }
}
