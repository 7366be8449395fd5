//! Who asks, where a proxy stands in front: the address that it names last, as it adds to what
//! it was sent. Without a proxy of ours anybody could name any address, and nobody is asked.

use crate::{compose::App, refusal::Refusal};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use d1_core::{Category, Problem};
use d1_protocol::api;
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Puts the address of whoever asks in the place of the proxy's.
pub(crate) async fn see_through(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    // Whoever looks after the machine asks for health without a proxy.
    if app.behind_proxy && !matches!(request.uri().path(), api::HEALTH | api::READY) {
        let Some(address) = last_named(request.headers()) else {
            return unnamed().into_response();
        };
        let whoever = SocketAddr::new(address, peer.port());
        request.extensions_mut().insert(ConnectInfo(whoever));
    }
    next.run(request).await
}

/// The last address of the last field: what comes before it was sent by whoever asks.
fn last_named(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

fn unnamed() -> Refusal {
    let title = "the proxy in front of this server does not say who asks";
    Problem::new("D1-API-006", Category::Bug, title)
        .because("the server was told that it is --behind-proxy, and there is no X-Forwarded-For")
        .leaving("nothing was changed")
        .next("have the proxy set X-Forwarded-For, or ask it and not the server")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(values: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        last_named(&headers).map(|address| address.to_string())
    }

    #[test]
    fn only_what_the_proxy_added_counts() {
        assert_eq!(named(&["192.0.2.7"]).unwrap(), "192.0.2.7");
        assert_eq!(named(&["10.0.0.1, 192.0.2.7"]).unwrap(), "192.0.2.7");
        assert_eq!(named(&["10.0.0.1", "127.0.0.1,2001:db8::1"]).unwrap(), "2001:db8::1");
        for bad in [&[][..], &[""], &["unknown"], &["192.0.2.7,"], &["192.0.2.7", "x"]] {
            assert_eq!(named(bad), None, "{bad:?}");
        }
    }
}
