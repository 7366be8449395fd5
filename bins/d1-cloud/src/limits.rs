//! How much anybody may ask in a time: before the token is looked at, and after.
//!
//! 1. Whoever asks is counted by their address, in this process: cheap, and before anything
//!    else is done for them.
//! 2. Whoever presents a token is counted by their account and the class of what they ask.
//! 3. What changes a device is counted by the device, too, once the body is read.
//!
//! Steps 2 and 3 are of all servers together when they share a Redis. When that is down, each
//! class does what [`POLICIES`] says. The limits are generous: they stop what went wrong, not
//! people. Health is never limited.

mod auth;

use crate::{compose::App, config::Config, refusal::Refusal};
use auth::AuthLimits;
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use d1_billing::{Guarded, MemoryLeases, MemoryLimiter, Policies, RedisLimits, Share, WhenDown};
use d1_core::{
    AccountId, Ask, Category, Class, Clock, Decision, DeviceId, Fallback, Leases, Limit,
    LimitError, LimitKey, LimiterError, Problem, RateLimiter, Standing,
};
use d1_protocol::{CreditsCall, SetupsCall, api};
use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

/// The period of every limit.
const MINUTE: Duration = Duration::from_secs(60);
/// The share of a budget that a server keeps to itself while Redis is down.
const HALF: Share = Share(NonZeroU32::MIN.saturating_add(1));
/// Of an IPv6 address, the part that one customer of a provider has.
const NETWORK: u128 = !0 << 64;

/// What is done while Redis is down. Looking goes on; work that is paid for goes on slowly;
/// links go on, as a fleet must not be lost with a counter.
const POLICIES: Policies = Policies {
    reads: WhenDown::Open,
    writes: WhenDown::LocalBudget(HALF),
    links: WhenDown::LocalBudget(HALF),
    // Counted in this process, which is down when its counter is.
    strangers: WhenDown::Closed,
};

/// Which limit it is.
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// How one stands with it.
static LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Every limit there is.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    here: Arc<MemoryLimiter>,
    shared: Arc<dyn RateLimiter>,
    pub(crate) leases: Arc<dyn Leases>,
    address: Limit,
    reads: Limit,
    writes: Limit,
    links: Limit,
    device: Limit,
    auth: AuthLimits,
}

/// Why limits cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum LimitsError {
    /// The address of the server makes no sense.
    #[error(transparent)]
    Server(#[from] LimiterError),
    /// A limit of ours makes no sense.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A name of ours makes no sense.
    #[error(transparent)]
    Name(#[from] d1_core::LimitKeyError),
}

impl Limits {
    /// Limits where the configuration says.
    pub(crate) fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, LimitsError> {
        let limit = |name: &str, class, burst: u32| -> Result<Limit, LimitsError> {
            Ok(Limit::new(name.parse()?, class, burst, MINUTE)?)
        };
        let most = &config.ceilings;
        let here = Arc::new(MemoryLimiter::new(Arc::clone(&clock)));
        let (shared, leases): (Arc<dyn RateLimiter>, Arc<dyn Leases>) = match &config.limits {
            Some(url) => {
                let server = RedisLimits::open(url)?;
                let guarded = Guarded::new(Arc::new(server.limiter()), POLICIES, clock);
                (Arc::new(guarded), Arc::new(server.leases()))
            }
            None => (Arc::clone(&here) as _, Arc::new(MemoryLeases::new(clock))),
        };
        Ok(Self {
            here,
            shared,
            leases,
            address: limit("address", Class::Strangers, most.most_address)?,
            reads: limit("reads", Class::Reads, most.most_reads)?,
            writes: limit("writes", Class::Writes, most.most_writes)?,
            links: limit("links", Class::Links, most.most_links)?,
            device: limit("device", Class::Writes, most.most_device)?,
            auth: AuthLimits::new()?,
        })
    }

    /// Counts a request by where it comes from.
    fn address(&self, address: IpAddr) -> Result<HeaderMap, Refusal> {
        let said = self.here.check_now(&stranger(address)?, &[Ask::one(&self.address)]);
        answer(said.map_err(|error| out_of_order(&error))?)
    }

    /// Counts one change to a device.
    pub(crate) async fn device(&self, account: AccountId, device: DeviceId) -> Result<(), Refusal> {
        let part = name(&device.to_string())?;
        let ask = Ask { part: Some(&part), ..Ask::one(&self.device) };
        self.shared(account, ask).await.map(drop)
    }

    async fn shared(&self, account: AccountId, ask: Ask<'_>) -> Result<HeaderMap, Refusal> {
        let owner = name(&format!("account:{account}"))?;
        let said = self.shared.check(&owner, &[ask]).await;
        answer(said.map_err(|error| out_of_order(&error))?)
    }

    /// The limit of what is asked.
    fn of(&self, request: &Request) -> &Limit {
        if request.uri().path() == api::LINK {
            &self.links
        } else if is_look(request) {
            &self.reads
        } else {
            &self.writes
        }
    }
}

/// Whether it changes nothing. Over gRPC everything is a POST, and the call tells.
fn is_look(request: &Request) -> bool {
    let path = request.uri().path();
    let look = CreditsCall::at(path).map(CreditsCall::is_look);
    match look.or_else(|| SetupsCall::at(path).map(SetupsCall::is_look)) {
        Some(look) => look,
        // What programs of gRPC ask of every server changes nothing.
        None if path.starts_with("/grpc.") => true,
        None => matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS),
    }
}

/// Counts a request, and tells in its answer how whoever asks stands.
pub(crate) async fn count(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    if matches!(request.uri().path(), api::HEALTH | api::READY) {
        return next.run(request).await;
    }
    let counted = match app.limits.address(peer.ip()) {
        // Only now is the token looked at.
        Ok(fields) => match app.identify(request.headers()).await {
            Ok(Some(who)) => {
                let limit = app.limits.of(&request).clone();
                let account = who.account;
                request.extensions_mut().insert(who);
                app.limits.shared(account, Ask::one(&limit)).await
            }
            Ok(None) => Ok(fields),
            Err(refusal) => Err(refusal),
        },
        Err(refusal) => Err(refusal),
    };
    match counted {
        Ok(fields) => {
            let mut response = next.run(request).await;
            for (name, value) in fields {
                // What a route refused by a limit of its own says more.
                if let Some(name) = name {
                    response.headers_mut().entry(name).or_insert(value);
                }
            }
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Counts a request of a device by where it comes from.
pub(crate) async fn count_stranger(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    match app.limits.address(peer.ip()) {
        Ok(_) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Who somebody is who has not said it.
fn stranger(address: IpAddr) -> Result<LimitKey, Refusal> {
    match address.to_canonical() {
        IpAddr::V4(address) => name(&format!("ip4:{address}")),
        IpAddr::V6(address) => name(&format!("ip6:{:x}", (address.to_bits() & NETWORK) >> 64)),
    }
}

fn name(text: &str) -> Result<LimitKey, Refusal> {
    text.parse().map_err(|error: d1_core::LimitKeyError| {
        Problem::new("D1-LIMIT-500", Category::Bug, error.to_string()).into()
    })
}

/// The fields of an answer to what passes, or the refusal.
fn answer(decision: Decision) -> Result<HeaderMap, Refusal> {
    match decision {
        Decision::Allow(standing) | Decision::Degraded(Fallback::Allowed(standing)) => {
            Ok(standing.as_ref().map(fields).unwrap_or_default())
        }
        Decision::Degraded(Fallback::Opened) => Ok(HeaderMap::new()),
        Decision::Deny { by, retry_after }
        | Decision::Degraded(Fallback::Denied { by, retry_after }) => {
            Err(too_many(&by, retry_after))
        }
        Decision::Degraded(Fallback::Closed) => Err(closed("nobody can be counted")),
    }
}

/// How somebody stands (draft-ietf-httpapi-ratelimit-headers-10).
fn fields(standing: &Standing) -> HeaderMap {
    let limit = &standing.limit;
    let (name, reset) = (limit.name(), seconds(standing.reset_after));
    let policy = format!("\"{name}\";q={};w={}", limit.burst(), seconds(limit.per()));
    let now = format!("\"{name}\";r={};t={reset}", standing.remaining);
    let value = |text: String| HeaderValue::from_str(&text).ok();
    let told = [(POLICY.clone(), value(policy)), (LIMIT.clone(), value(now))];
    told.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Whole seconds, rounded up: whoever waits as told must not be refused again.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn too_many(by: &Standing, wait: Duration) -> Refusal {
    let title = format!(
        "this is more than {burst} in {per} s of `{name}`",
        burst = by.limit.burst(),
        per = seconds(by.limit.per()),
        name = by.limit.name(),
    );
    // The exact wait, for programs that can wait so; the field has whole seconds only.
    let exact = wait.as_micros().div_ceil(1_000);
    let problem = Problem::new("D1-LIMIT-429", Category::Denied, title)
        .leaving("nothing was changed")
        .next(format!("ask again in {exact} ms"));
    let mut fields = fields(by);
    fields.insert(RETRY_AFTER, HeaderValue::from(seconds(wait).max(1)));
    Refusal::from(problem).with(fields)
}

/// How long a client leaves a server alone whose limiter is down.
const CLOSED_FOR: u64 = 5;

fn closed(why: &str) -> Refusal {
    let problem = Problem::new("D1-LIMIT-503", Category::Network, why)
        .because("where requests are counted is down, and this is not done uncounted")
        .leaving("nothing was changed")
        .next(format!("ask again in {CLOSED_FOR} s"));
    let fields = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from(CLOSED_FOR))]);
    Refusal::from(problem).with(fields)
}

fn out_of_order(error: &LimiterError) -> Refusal {
    tracing::warn!(%error, "a request could not be counted");
    closed("this cannot be counted")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(remaining: u32, reset: Duration) -> Standing {
        let limit = Limit::new("writes".parse().unwrap(), Class::Writes, 120, MINUTE).unwrap();
        Standing { limit, remaining, reset_after: reset }
    }

    #[test]
    fn fields_are_written_as_structured_fields() {
        let told = fields(&standing(119, Duration::from_millis(499)));
        assert_eq!(told[&POLICY], r#""writes";q=120;w=60"#);
        assert_eq!(told[&LIMIT], r#""writes";r=119;t=1"#);
    }

    #[test]
    fn a_wait_is_rounded_up_and_told_exactly_as_well() {
        for (wait, told, exact) in
            [(1, "1", "1 ms"), (1_000_000, "1", "1000 ms"), (1_000_001, "2", "1001 ms")]
        {
            let response = too_many(&standing(0, MINUTE), Duration::from_micros(wait));
            assert_eq!(response.problem().next, [format!("ask again in {exact}")]);
            assert_eq!(response.into_response().headers()[RETRY_AFTER], told);
        }
    }

    #[test]
    fn a_customer_is_one_stranger_however_many_addresses_they_have() {
        let name = |text: &str| stranger(text.parse().unwrap()).unwrap();
        assert_eq!(name("2001:db8::1"), name("2001:db8::ffff:1"));
        assert_ne!(name("2001:db8::1"), name("2001:db8:0:1::1"));
        assert_eq!(name("::ffff:10.0.0.1"), name("10.0.0.1"));
        assert_ne!(name("10.0.0.1"), name("10.0.0.2"));
    }
}
