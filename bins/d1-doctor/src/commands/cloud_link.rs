//! How the link to the cloud stands, for `d1-doctor status`: read from the state directory, and
//! from nobody else.

use crate::{
    home::Home,
    reach::DaemonState,
    ui::text::{inert, when},
};
use d1_core::Timestamp;
use d1_executor::{Enrolled, HeededOrders, LinkStanding, LinkState};
use serde::Serialize;
use std::time::Duration;

/// What is known of the link.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum CloudLink {
    /// This device is not enrolled.
    NotEnrolled,
    /// It serves a cloud by a token.
    ByToken { link: LinkStanding },
    /// What it has cannot be used.
    Unusable { why: String },
    /// It is enrolled.
    Enrolled {
        cloud: String,
        generation: u64,
        ends: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        link: Option<LinkStanding>,
    },
}

impl CloudLink {
    pub(super) fn of(home: &Home) -> Self {
        match Enrolled::load(&home.state) {
            Ok(None) => match LinkStanding::load(&home.state) {
                Some(link) if link.cloud.is_some() => Self::ByToken { link },
                Some(_) | None => Self::NotEnrolled,
            },
            Ok(Some(it)) => Self::Enrolled {
                generation: it.generation,
                ends: it.validity().1.0,
                cloud: it.link,
                link: LinkStanding::load(&home.state),
            },
            Err(error) => Self::Unusable { why: error.to_string() },
        }
    }

    /// One line, or nothing where there is nothing to tell.
    pub(super) fn text(&self, daemon: &DaemonState, now: Timestamp) -> Option<String> {
        match self {
            Self::NotEnrolled => None,
            Self::ByToken { link } => {
                let listens = matches!(daemon, DaemonState::Listening { .. });
                let cloud = link.cloud.as_deref().filter(|_| listens)?;
                let orders = heeded(link.orders);
                Some(format!("{} · {} · {orders}", inert(cloud), standing(link, now)))
            }
            Self::Unusable { why } => Some(inert(why).to_string()),
            Self::Enrolled { cloud, ends, link, .. } => {
                let listens = matches!(daemon, DaemonState::Listening { .. });
                let link = link.as_ref().filter(|_| listens);
                let standing = link.map_or_else(
                    || "no daemon keeps the link".to_owned(),
                    |link| standing(link, now),
                );
                let left = certificate(Timestamp(*ends), now);
                // Without its certificate this device has no link, and over that link it heeds
                // nothing else.
                let orders = heeded(HeededOrders::Signed);
                Some(format!("{} · {standing} · {left} · {orders}", inert(cloud)))
            }
        }
    }
}

fn standing(link: &LinkStanding, now: Timestamp) -> String {
    let why = link.why.as_deref().map(|why| format!(": {}", inert(why))).unwrap_or_default();
    let age = when(now.since(link.since));
    match link.state {
        LinkState::Linked => format!("linked ({age})"),
        LinkState::Unreachable => format!("trying again{why}"),
        LinkState::Refused => format!("refused{why}; enrol again: d1-doctor daemon enroll"),
        LinkState::Stopped => "no daemon keeps the link".to_owned(),
    }
}

const fn heeded(orders: HeededOrders) -> &'static str {
    match orders {
        HeededOrders::Signed => "heeds signed orders only",
        HeededOrders::Any => "orders are not signed",
    }
}

fn certificate(ends: Timestamp, now: Timestamp) -> String {
    const HOUR: Duration = Duration::from_secs(3_600);
    let left = ends.since(now);
    if left.is_zero() {
        return "its certificate is over; the daemon recovers by itself".to_owned();
    }
    match left.as_secs() / HOUR.as_secs() {
        0 => format!("certificate good for {} min", left.as_secs().div_ceil(60)),
        hours => format!("certificate good for {hours} h"),
    }
}
