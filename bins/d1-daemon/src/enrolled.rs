//! The link of a device that is enrolled: by TLS, with its certificate, renewed in time.
//!
//! 1. Whoever runs `d1-doctor daemon enroll` puts what the device has into the state directory;
//!    it is taken up within [`LOOK`].
//! 2. After half of its life the next certificate is fetched, and the link made anew with it.
//!    The key of it is kept before anybody is asked, so that an answer that is lost is got again.
//! 3. A device that slept until its certificate was over recovers with the key that it keeps.
//! 4. A cloud that will not have the device any more is asked again now and then only: somebody
//!    has to enrol it again, which is seen when they do.

use crate::{
    cloud::{LONGEST_WAIT, patience},
    orders,
};
use backon::ExponentialBackoff;
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use d1_core::{
    Category, Clock as _, Problem, ReplayLedger, Supervisor, SystemClock, Timestamp,
    Transport as _, TransportError,
};
use d1_executor::{
    Agent, CloudTerms, Enrolled, EnrolledError, GivenPapers, HeededOrders, LinkStanding, LinkState,
    Owner, StateDir,
};
use d1_protocol::{
    EnrolmentClient, EnrolmentError,
    api::{PapersView, RecoverRequest, RenewRequest},
    tls::{Credentials, Trust, is_alert},
    websocket::Dial,
};
use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// How often it is looked whether the device is enrolled.
const LOOK: Duration = Duration::from_secs(10);
/// How long a cloud is left alone that will not have the device.
const REFUSED_FOR: Duration = Duration::from_secs(15 * 60);

/// Why there is no link now.
#[derive(Debug)]
enum NoLink {
    /// It may come back by itself.
    Away(Problem),
    /// The cloud will not have this device.
    Refused(Problem),
}

/// Keeps the device linked where it is enrolled, for as long as the daemon lives.
pub(crate) fn start(
    agent: &Agent,
    state: &StateDir,
    (ledger, owner): (Arc<dyn ReplayLedger>, Owner),
    supervisor: &Supervisor,
) {
    let keeper = Keeper {
        agent: agent.clone(),
        state: state.clone(),
        ledger,
        owner,
        supervisor: supervisor.clone(),
        // By chance, and the same for as long as this process lives.
        chance: chance(),
        told: None,
    };
    let (stopping, left) = (supervisor.stopping(), state.clone());
    supervisor.run("cloud link by certificate", async move {
        let mut keeper = keeper;
        tokio::select! {
            () = keeper.keep() => {}
            () = stopping.cancelled() => {}
        }
        if keeper.told.is_some() {
            tell(&left, standing(LinkState::Stopped, None));
        }
    });
}

struct Keeper {
    agent: Agent,
    state: StateDir,
    /// The orders that were heeded.
    ledger: Arc<dyn ReplayLedger>,
    /// What is wanted besides the word of the cloud.
    owner: Owner,
    supervisor: Supervisor,
    chance: f64,
    /// What was written down last.
    told: Option<(LinkState, Option<String>)>,
}

impl Keeper {
    async fn keep(&mut self) {
        let mut waits = patience();
        loop {
            let wait = match Enrolled::load(&self.state) {
                Ok(None) => LOOK,
                Ok(Some(enrolled)) => self.turn(enrolled, &mut waits).await,
                Err(error) => {
                    tracing::error!(%error, "the device cannot link");
                    self.told(LinkState::Refused, Some(error.to_string()));
                    LONGEST_WAIT
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// One link, with what has to be done before; tells how long to wait before the next.
    async fn turn(&mut self, mut enrolled: Enrolled, waits: &mut ExponentialBackoff) -> Duration {
        let began = Instant::now();
        match self.link(&mut enrolled).await {
            Ok(()) => {
                if began.elapsed() >= LONGEST_WAIT {
                    *waits = patience();
                }
                waits.next().unwrap_or(LONGEST_WAIT)
            }
            Err(NoLink::Away(problem)) => {
                tracing::warn!(%problem, "the cloud cannot be reached; trying again");
                self.told(LinkState::Unreachable, Some(problem.title));
                waits.next().unwrap_or(LONGEST_WAIT)
            }
            Err(NoLink::Refused(problem)) => {
                tracing::error!(%problem, "the cloud will not have this device");
                self.told(LinkState::Refused, Some(problem.title));
                self.until_enrolled_again(&enrolled).await;
                *waits = patience();
                Duration::ZERO
            }
        }
    }

    /// Links, and stays linked until the link is lost or the next certificate is due.
    async fn link(&mut self, enrolled: &mut Enrolled) -> Result<(), NoLink> {
        let (_, until) = enrolled.validity();
        if now() >= until {
            self.recover(enrolled).await?;
        } else if now() >= enrolled.renew_at(self.chance) {
            self.renew(enrolled).await?;
        }
        let (trust, credentials) = papers(enrolled).map_err(broken)?;
        let dial = Dial::secure(&enrolled.link, &trust, &credentials, self.supervisor.clone());
        let dial = dial.map_err(|error| away(&error))?;
        let link = match dial.connect().await {
            Ok(link) => link,
            Err(error) => return Err(self.why_not(enrolled, &error).await),
        };
        self.told(LinkState::Linked, None);
        let by = format!("the cloud {}", enrolled.link);
        let guard = orders::guard(&self.state, &enrolled.link, &self.ledger);
        let terms = CloudTerms { guard: Some(guard), owner: Some(self.owner.clone()) };
        let due = enrolled.renew_at(self.chance).since(now());
        tokio::select! {
            served = self.agent.serve_cloud(link, &by, terms) => {
                if let Err(problem) = served {
                    tracing::error!(%problem, "the link to the cloud was given up");
                    self.told(LinkState::Unreachable, Some(problem.to_string()));
                }
            }
            // The link is made anew with the next certificate; what runs goes on.
            () = tokio::time::sleep(due) => self.renew(enrolled).await?,
        }
        Ok(())
    }

    /// Asks why there is no link, by asking for the next certificate: a device that is locked
    /// or revoked is told so there. One whose certificate is not believed any more recovers.
    async fn why_not(&self, enrolled: &mut Enrolled, error: &TransportError) -> NoLink {
        let asked = if is_alert(error) {
            self.recover(enrolled).await
        } else if matches!(error, TransportError::Refused { .. }) {
            self.renew(enrolled).await
        } else {
            Ok(())
        };
        match asked {
            Err(refused @ NoLink::Refused(_)) => refused,
            Ok(()) | Err(NoLink::Away(_)) => away(error),
        }
    }

    async fn renew(&self, enrolled: &mut Enrolled) -> Result<(), NoLink> {
        let (trust, credentials) = papers(enrolled).map_err(broken)?;
        let client = EnrolmentClient::known(&enrolled.link, &trust, &credentials);
        let client = client.map_err(|error| away(&error))?;
        let key = enrolled.prepare(&self.state).map_err(broken)?;
        let request = BASE64.encode(key.request().map_err(broken)?);
        let given = client.renew(&RenewRequest { request }).await.map_err(no_papers)?;
        self.take(enrolled, &given)
    }

    async fn recover(&self, enrolled: &mut Enrolled) -> Result<(), NoLink> {
        let (trust, _) = papers(enrolled).map_err(broken)?;
        let client = EnrolmentClient::new(&enrolled.link, &trust).map_err(|error| away(&error))?;
        let request = enrolled.prepare(&self.state).map_err(broken)?.request().map_err(broken)?;
        let proof = enrolled.recovery_proof(&request).map_err(broken)?;
        let asked = RecoverRequest {
            device: enrolled.device,
            generation: enrolled.generation,
            request: BASE64.encode(request),
            proof: BASE64.encode(proof),
        };
        let given = client.recover(&asked).await.map_err(no_papers)?;
        self.take(enrolled, &given)
    }

    fn take(&self, enrolled: &mut Enrolled, given: &PapersView) -> Result<(), NoLink> {
        let given = given_papers(given).map_err(NoLink::Away)?;
        enrolled.take(&self.state, &given).map_err(broken)?;
        tracing::info!(generation = enrolled.generation, "this device has its next certificate");
        Ok(())
    }

    /// Waits until somebody has enrolled the device again, or it is time to ask again.
    async fn until_enrolled_again(&self, before: &Enrolled) {
        let began = Instant::now();
        while began.elapsed() < REFUSED_FOR {
            tokio::time::sleep(LOOK).await;
            let there = Enrolled::load(&self.state).ok().flatten();
            if there.is_none_or(|there| there.bound != before.bound) {
                return;
            }
        }
    }

    fn told(&mut self, state: LinkState, why: Option<String>) {
        let told = Some((state, why.clone()));
        if self.told != told {
            tell(&self.state, standing(state, why));
            self.told = told;
        }
    }
}

/// How a link stands that is made with a certificate.
fn standing(state: LinkState, why: Option<String>) -> LinkStanding {
    LinkStanding { state, since: now(), why, cloud: None, orders: HeededOrders::Signed }
}

pub(crate) fn tell(to: &StateDir, standing: LinkStanding) {
    if let Err(error) = standing.save(to) {
        tracing::warn!(%error, "how the link stands is not written down");
    }
}

/// The time of the machine's own clock: one that counts since this process began stands still
/// while the machine sleeps.
fn now() -> Timestamp {
    SystemClock::new().now()
}

/// A number from 0 to 1 by the randomness that the standard library seeds its maps with: it
/// spreads load, and guards nothing.
fn chance() -> f64 {
    let seed = RandomState::new().hash_one(std::process::id());
    f64::from(u32::try_from(seed >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

fn papers(enrolled: &Enrolled) -> Result<(Trust, Credentials), EnrolledError> {
    let trust = Trust::Authorities(enrolled.authorities_der()?);
    let (certificate, key) = (enrolled.certificate_der()?, enrolled.key.pkcs8()?);
    Ok((trust, Credentials { certificate, key }))
}

/// What a cloud gave, as it is kept.
fn given_papers(given: &PapersView) -> Result<GivenPapers, Problem> {
    let der = |text: &String| {
        BASE64.decode(text).map_err(|error| {
            Problem::new("D1-NET-002", Category::Network, "the cloud's answer makes no sense")
                .because(error.to_string())
        })
    };
    Ok(GivenPapers {
        account: given.account,
        generation: given.generation,
        certificate: der(&given.certificate)?,
        authorities: given.authorities.iter().map(der).collect::<Result<_, _>>()?,
    })
}

fn away(error: &TransportError) -> NoLink {
    let cause = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
    NoLink::Away(Problem::new("D1-NET-001", Category::Network, error.to_string()).because(cause))
}

/// Being refused is an answer; everything else passes.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn no_papers(error: EnrolmentError) -> NoLink {
    let problem = error.problem();
    if problem.category == Category::Denied && problem.code.starts_with("D1-ENROL-") {
        return NoLink::Refused(problem);
    }
    NoLink::Away(problem)
}

#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
fn broken(error: EnrolledError) -> NoLink {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    NoLink::Refused(Problem::new("D1-ENROL-012", Category::Task, title).next(remedy))
}
