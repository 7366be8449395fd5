//! What a browser keeps: who is signed in, or, before that, what makes its forms ours.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

/// The name of what is kept of somebody who is signed in. Browsers take a name that begins
/// like this only from a secure page of this very host, for all of it (RFC 6265bis).
pub(super) const VISIT: &str = "__Host-d1_visit";
/// The name of what is kept of somebody who is not.
pub(super) const FORM: &str = "__Host-d1_form";

/// What the browser keeps under a name.
pub(super) fn kept<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|it| it.split_once('='));
    pairs.find(|(known, _)| known.trim() == name).map(|(_, value)| value.trim())
}

/// Has the browser keep something until it is closed.
pub(super) fn keep(name: &str, value: &str) -> HeaderValue {
    told(&format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"))
}

/// Has the browser forget it.
pub(super) fn forget(name: &str) -> HeaderValue {
    told(&format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))
}

fn told(text: &str) -> HeaderValue {
    // Names and secrets of ours are plain ASCII.
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let line = HeaderValue::from_static("a=1; x__Host-d1_form=no; __Host-d1_form=yes; b=2");
        let headers = HeaderMap::from_iter([(COOKIE, line)]);
        assert_eq!(kept(&headers, FORM), Some("yes"));
        assert_eq!(kept(&headers, VISIT), None);
    }
}
