//! `d1-doctor daemon enroll`: makes this device known at a cloud, by a certificate.
//!
//! 1. The keys are made here, and the server is known by its authority before it is told
//!    anything.
//! 2. What it gives is kept whole; then the daemon takes it up by itself. Whoever is refused
//!    has changed nothing here.

use crate::{
    args::Enroll,
    audit,
    failure::{ExitCode, Failure},
    home::{Home, state_failure},
    terminal::Terminal,
    ui::text::inert,
};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use d1_core::{
    AccountId, AuditLog as _, Category, Clock as _, DeviceId, OrderTrust, OrderTrustStore as _,
    OrderTrustStoreError, Problem, Timestamp, WallClock,
};
use d1_executor::{Enrolled, EnrolledError, FileAuditLog, GivenPapers, Newcomer, OrderKeysFile};
use d1_protocol::{
    EnrolmentClient,
    api::{EnrolRequest, OrderKeysView, PapersView},
    tls::Trust,
};
use serde::Serialize;
use std::{
    error::Error as _,
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
};

/// The most bytes of a token with its line end.
const MAX_LINE: u64 = 4_096;

#[derive(Serialize)]
struct Told<'a> {
    schema: &'static str,
    cloud: &'a str,
    device: DeviceId,
    account: AccountId,
    generation: u64,
    ends: u64,
}

/// Enrols this device.
pub async fn run(terminal: &Terminal, home: &Home, args: &Enroll) -> Result<ExitCode, Failure> {
    let trust = Trust::Pin(args.authority);
    let client = EnrolmentClient::new(&args.cloud, &trust);
    let client = client.map_err(|error| bad_address(&error))?;
    // What cannot be written down is not done: that is found out before the token is used up.
    let clock = WallClock::new();
    let log = audit::open(home, clock.now())?;
    let token = token(args)?;
    let device = home.state.device().map_err(|error| state_failure(&error))?;
    let newcomer = Newcomer::new(device).map_err(|error| broken(&error))?;
    let request = request(&newcomer, token).map_err(|error| broken(&error))?;
    let papers = client.enrol(&request).await.map_err(|error| stays(home, error.problem()))?;
    pin(home, &args.cloud, &papers, (&log, clock.now())).await?;
    let enrolled = Enrolled::new(newcomer, &args.cloud, &given(&papers)?);
    enrolled.save(&home.state).map_err(|error| broken(&error))?;
    tell(terminal, &args.cloud, &papers);
    Ok(ExitCode::Ok)
}

/// Whoever is refused stays what they were, which may be enrolled.
fn stays(home: &Home, problem: Problem) -> Problem {
    match Enrolled::load(&home.state) {
        Ok(Some(before)) => problem.leaving(format!("enrolled at {} as before", before.link)),
        Ok(None) | Err(_) => problem,
    }
}

/// What this device asks for.
fn request(newcomer: &Newcomer, token: String) -> Result<EnrolRequest, EnrolledError> {
    let request = newcomer.key.request()?;
    let proof = newcomer.proof(&token, &request)?;
    Ok(EnrolRequest {
        device: newcomer.device,
        request: BASE64.encode(request),
        bound_key: BASE64.encode(newcomer.bound.public()?),
        proof: BASE64.encode(proof),
        token,
    })
}

/// The token, from where others do not see it: a command line can be read by everybody here.
fn token(args: &Enroll) -> Result<String, Failure> {
    let mut line = String::new();
    let read = match &args.token_file {
        Some(path) => File::open(path)
            .and_then(|file| BufReader::new(file.take(MAX_LINE)).read_line(&mut line)),
        None => io::stdin().lock().take(MAX_LINE).read_line(&mut line),
    };
    let token = line.trim();
    let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    match read {
        Ok(_) if is_one => Ok(token.to_owned()),
        Ok(_) => Err(no_token("there is no line with one")),
        Err(error) => Err(no_token(&error.to_string())),
    }
}

fn no_token(why: &str) -> Failure {
    Problem::new("D1-ENROL-013", Category::Usage, "the enrolment token cannot be read")
        .because(why)
        .leaving("nothing was changed")
        .next("write it into a file of one line, and name that with --token-file")
        .into()
}

fn bad_address(error: &d1_core::TransportError) -> Failure {
    Problem::new("D1-NET-003", Category::Usage, error.to_string())
        .leaving("nothing was changed")
        .next("give the address that was told with the token: --cloud wss://host:port")
        .into()
}

/// Believes in the keys that the cloud signs orders with. First, so that a device which links
/// knows whose orders it heeds.
async fn pin(
    home: &Home,
    cloud: &str,
    papers: &PapersView,
    (log, now): (&FileAuditLog, Timestamp),
) -> Result<(), Failure> {
    let keys = papers.order_keys.as_ref().and_then(OrderKeysView::keys).ok_or_else(|| {
        Problem::new("D1-ENROL-014", Category::Network, "the cloud told no keys of its orders")
            .because("this device heeds orders of a cloud only when they are signed")
            .leaving("nothing was changed here; the token is used up")
            .next("upgrade the cloud, make another token, and enrol with it")
    })?;
    let (file, trust) = (OrderKeysFile::of(&home.state, cloud), OrderTrust::of(&keys));
    let before = file.load().map_err(|error| unpinned(&error))?;
    let entry =
        trust.record(&before, &format!("the cloud {cloud}, where {} enrolled", audit::me()));
    log.append(entry, now).await.map_err(|error| Failure::from(error.problem()))?;
    file.save(&trust).map_err(|error| unpinned(&error))
}

fn unpinned(error: &OrderTrustStoreError) -> Failure {
    Problem::new("D1-ENROL-012", Category::Task, error.to_string())
        .because(error.source().map_or_else(String::new, ToString::to_string))
        .into()
}

fn given(papers: &PapersView) -> Result<GivenPapers, Failure> {
    let der = |text: &String| {
        BASE64.decode(text).map_err(|error| {
            Problem::new("D1-NET-002", Category::Network, "the cloud's answer makes no sense")
                .because(error.to_string())
                .next("make another token, and enrol with it")
        })
    };
    Ok(GivenPapers {
        account: papers.account,
        generation: papers.generation,
        certificate: der(&papers.certificate)?,
        authorities: papers.authorities.iter().map(der).collect::<Result<_, _>>()?,
    })
}

fn broken(error: &EnrolledError) -> Failure {
    let text = error.to_string();
    let (title, remedy) = text.split_once("; ").unwrap_or((&text, ""));
    let cause = error.source().map_or_else(String::new, ToString::to_string);
    Problem::new("D1-ENROL-012", Category::Task, title).because(cause).next(remedy).into()
}

fn tell(terminal: &Terminal, cloud: &str, papers: &PapersView) {
    if terminal.is_text() {
        let done = terminal.glyphs.done;
        terminal.print_text(&format!(
            "{done} enrolled at {}\n  device {}\n  the daemon links by itself; see: d1-doctor status\n",
            inert(cloud),
            papers.device
        ));
        return;
    }
    terminal.print_json(&Told {
        schema: "d1.enrolled.v1",
        cloud,
        device: papers.device,
        account: papers.account,
        generation: papers.generation,
        ends: papers.ends,
    });
}
