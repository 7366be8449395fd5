//! One request of plain HTTP: whether it names the host that was called, and how it is asked anew.

use super::name::DomainName;
use crate::doctor::Proxy;
use d1_core::NetworkReason;
use hyper::{
    Method, Request, Uri, Version,
    header::{self, HeaderMap, HeaderName},
};

/// Fields that are about one connection, and end at us (RFC 9110, 7.6.1).
const OF_CONNECTION: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// Those without a name in the list of hyper.
const OF_CONNECTION_TOO: [&str; 3] = ["keep-alive", "proxy-connection", "http2-settings"];

/// Whether a request names the host it called, once, and wants nothing but an answer.
pub(super) fn check<B>(
    request: &Request<B>,
    host: &DomainName,
    port: u16,
) -> Result<(), (String, NetworkReason)> {
    let other = |asked: &str| (shown(asked), NetworkReason::OtherHost);
    let mut fields = request.headers().get_all(header::HOST).iter();
    let named = match (fields.next(), fields.next()) {
        (Some(field), None) => field.to_str().map_err(|_| other("?"))?,
        (Some(_), Some(_)) => return Err(other("several")),
        (None, _) => return Err(other("")),
    };
    if !is_for(named, host, port) {
        return Err(other(named));
    }
    if let Some(authority) = request.uri().authority() {
        if request.uri().scheme_str().is_some_and(|scheme| scheme != "http") {
            return Err(other(&request.uri().to_string()));
        }
        if !is_for(authority.as_str(), host, port) {
            return Err(other(authority.as_str()));
        }
    }
    let upgrade = request.headers().get(header::UPGRADE);
    // Whoever offers HTTP/2 is content without it.
    let wants_more = upgrade.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"h2c"));
    if request.method() == Method::CONNECT || wants_more {
        return Err((host.to_string(), NetworkReason::Upgrade));
    }
    Ok(())
}

/// Whether `named`, a host and perhaps a port, is what was called.
fn is_for(named: &str, host: &DomainName, port: u16) -> bool {
    let (name, given) =
        named.split_once(':').map_or((named, None), |(name, port)| (name, Some(port)));
    let same_port = given.is_none_or(|given| {
        given.bytes().all(|byte| byte.is_ascii_digit()) && given.parse() == Ok(port)
    });
    same_port && DomainName::written(name).as_ref() == Some(host)
}

/// What somebody asked for, cut to what a line can bear.
fn shown(asked: &str) -> String {
    const LONGEST: usize = 253;
    asked.chars().filter(|c| c.is_ascii_graphic()).take(LONGEST).collect()
}

/// The request as it is asked outside; a proxy has to be told whom to ask.
pub(super) fn anew<B>(
    request: &mut Request<B>,
    path: &Uri,
    via: Option<(&Proxy, &DomainName)>,
) -> Result<(), NetworkReason> {
    strip(request.headers_mut());
    *request.version_mut() = Version::HTTP_11;
    *request.uri_mut() = path.clone();
    if let Some((proxy, host)) = via {
        *request.uri_mut() =
            format!("http://{host}{path}").parse().map_err(|_| NetworkReason::NotHttp)?;
        if let Some(secret) = &proxy.authorization {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, secret.clone());
        }
    }
    Ok(())
}

/// Takes away what is about one connection only, also what a field says is.
pub(super) fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        // Who is asked is no matter of the connection, whatever somebody says.
        if name != header::HOST && name != header::CONTENT_LENGTH {
            headers.remove(name);
        }
    }
    for name in OF_CONNECTION {
        headers.remove(name);
    }
    for name in OF_CONNECTION_TOO {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn checked(
        head: &[(&str, &str)],
        uri: &str,
        method: Method,
    ) -> Result<(), (String, NetworkReason)> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in head {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap(), &"example.org".parse().unwrap(), 80)
    }

    #[test]
    fn a_request_names_the_host_it_called_and_no_other() {
        for host in ["example.org", "EXAMPLE.org", "example.org.", "example.org:80"] {
            assert_eq!(checked(&[("host", host)], "/", Method::GET), Ok(()), "{host}");
        }
        let absolute = "http://example.org/x";
        assert_eq!(checked(&[("host", "example.org")], absolute, Method::GET), Ok(()));
        for host in [
            "evil.org",
            "example.org.evil.org",
            "example.org:81",
            "a@example.org",
            "127.0.0.1",
            "",
            "example.org:80:80",
            "example.org, evil.org",
        ] {
            let (_, reason) = checked(&[("host", host)], "/", Method::GET).unwrap_err();
            assert_eq!(reason, NetworkReason::OtherHost, "{host}");
        }
        for uri in [
            "http://evil.org/",
            "https://example.org/",
            "http://example.org:81/",
            "ftp://example.org/",
        ] {
            let (_, reason) = checked(&[("host", "example.org")], uri, Method::GET).unwrap_err();
            assert_eq!(reason, NetworkReason::OtherHost, "{uri}");
        }
        let twice = [("host", "example.org"), ("host", "example.org")];
        assert_eq!(
            checked(&twice, "/", Method::GET),
            Err(("several".into(), NetworkReason::OtherHost))
        );
        assert_eq!(checked(&[], "/", Method::GET), Err((String::new(), NetworkReason::OtherHost)));
    }

    #[test]
    fn what_turns_a_connection_into_something_else_is_refused() {
        let host = ("host", "example.org");
        let (_, reason) = checked(&[host, ("upgrade", "websocket")], "/", Method::GET).unwrap_err();
        assert_eq!(reason, NetworkReason::Upgrade);
        let (_, reason) = checked(&[host], "example.org:80", Method::CONNECT).unwrap_err();
        assert_eq!(reason, NetworkReason::Upgrade);
        assert_eq!(checked(&[host, ("upgrade", "h2c")], "/", Method::GET), Ok(()));
    }

    #[test]
    fn nothing_about_one_connection_is_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-secret, host"),
            ("x-secret", "1"),
            ("keep-alive", "5"),
            ("proxy-authorization", "me"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("host", "example.org"),
            ("accept", "*/*"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        strip(&mut headers);
        let left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["host", "accept"]);
    }
}
