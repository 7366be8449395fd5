//! How the pages look. What is shown of somebody else is text, whatever it has in it.

use axum::{
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{Html, IntoResponse as _, Response},
};
use d1_core::{AccountId, Scopes};
use d1_orchestrator::Visitor;
use d1_protocol::api;
use maud::{DOCTYPE, Markup, html};

/// Where the looks are.
pub(super) const STYLE_PATH: &str = "/style.css";

const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}
label,button,input,select{display:block;margin:.5rem 0;font:inherit}
input,select{padding:.4rem;width:100%;box-sizing:border-box}
button{padding:.5rem 1.2rem}
.code{font:600 1.6rem ui-monospace,monospace;letter-spacing:.1em}
dt{font-weight:600}
dd{margin:0 0 .6rem;overflow-wrap:anywhere}
.warn{border-left:.3rem solid #b45309;padding-left:.8rem}
";

/// The looks.
pub(super) async fn style() -> Response {
    let fields = [(CONTENT_TYPE, "text/css"), (CACHE_CONTROL, "public, max-age=3600")];
    (fields, STYLE).into_response()
}

/// A page.
pub(super) fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Day 1 Doctor" }
                link rel="stylesheet" href=(STYLE_PATH);
            }
            body {
                main {
                    h1 { (title) }
                    (body)
                }
            }
        }
    };
    (status, Html(page.into_string())).into_response()
}

/// A page that says why not.
pub(super) fn refusal(status: StatusCode, text: &str) -> Response {
    page(status, "This does not work", &html! { p { (text) } p { "Nothing was changed." } })
}

/// A field that the person does not see.
pub(super) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// What is granted, in plain words.
pub(super) fn scopes(scopes: &Scopes) -> Markup {
    html! { ul { @for scope in scopes.iter() { li { (scope.plainly()) } } } }
}

/// For which organisation; there is nothing to choose where there is one.
pub(super) fn organisations(visitor: &Visitor) -> Markup {
    let all: &[(AccountId, String)] = &visitor.organisations;
    html! {
        @if let [(account, name)] = all {
            (hidden("account", &account.to_string()))
            p { "For " strong { (name) } "." }
        } @else {
            label for="account" { "For which organisation?" }
            select id="account" name="account" {
                @for (account, name) in all { option value=(account) { (name) } }
            }
        }
    }
}

/// Who decides, and how to be somebody else.
pub(super) fn who(visitor: &Visitor, token: &str) -> Markup {
    html! {
        form method="post" action=(api::SIGN_OUT) {
            (hidden("form", token))
            p { "Signed in as " strong { (visitor.login) } "." }
            button { "Sign out" }
        }
    }
}
