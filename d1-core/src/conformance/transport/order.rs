//! What is said is heard: exactly, in order, by the other end alone.

use super::*;
use crate::{
    AnnouncedKey, AuditChain, AuditKey, Category, DeviceId, Facts, Health, Hello, KeyStage,
    LinkChallenge, Order, OrderKey, OrderKeySet, Os, Outcome, PROTOCOL, ProbeAnswer, Problem,
    RequestId, Risk, SealRequest, SetupId, SignedHead, StopMode, Symptom, TaskResult, Timestamp,
    Verdict, Vitals, WaitingTask, Welcome,
};

/// More than the queues of a link hold.
const MANY: usize = 5 * DEPTH;

pub(super) async fn laws<F, L>(laws: &mut Laws, make: &F)
where
    F: Fn() -> L,
    L: Future<Output = Ends>,
{
    let (ours, theirs) = make().await;
    laws.check("a_device_hears_everything_in_order", patiently(in_order(ours, theirs))).await;
    let (ours, theirs) = make().await;
    let heard = patiently(in_order(theirs, ours));
    laws.check("an_orchestrator_hears_everything_in_order", heard).await;
    laws.check("both_ends_may_speak_at_once", patiently(at_once(make().await))).await;
    laws.check("a_word_arrives_exactly_as_it_was_said", patiently(exact(make().await))).await;
    let two = (make().await, make().await);
    laws.check("every_link_is_its_own_conversation", patiently(own_conversation(two))).await;
}

async fn in_order<A: Word, B: Word>(speaker: Link<A, B>, mut listener: Link<B, A>) {
    let speaks = say(&speaker.tx, words(MANY));
    let ((), heard) = tokio::join!(speaks, hear(&mut listener.rx, MANY));
    assert_eq!(heard, words(MANY));
}

/// Neither end listens before it has said all that a queue holds.
async fn at_once((mut ours, mut theirs): Ends) {
    tokio::join!(say(&ours.tx, words(DEPTH)), say(&theirs.tx, words(DEPTH)));
    let (here, there) = tokio::join!(hear(&mut ours.rx, DEPTH), hear(&mut theirs.rx, DEPTH));
    assert_eq!(here, words(DEPTH));
    assert_eq!(there, words(DEPTH));
}

async fn exact((mut ours, mut theirs): Ends) {
    let (orders, reports) = (orders(), reports());
    let ((), there) =
        tokio::join!(say(&ours.tx, orders.clone()), hear(&mut theirs.rx, orders.len()));
    let ((), here) =
        tokio::join!(say(&theirs.tx, reports.clone()), hear(&mut ours.rx, reports.len()));
    assert_eq!(there, orders);
    assert_eq!(here, reports);
}

async fn own_conversation(((mut a, mut a_device), (mut b, mut b_device)): (Ends, Ends)) {
    say(&a.tx, [ToDevice::counting(1)]).await;
    say(&b.tx, [ToDevice::counting(2)]).await;
    say(&b_device.tx, [FromDevice::counting(3)]).await;
    say(&a_device.tx, [FromDevice::counting(4)]).await;
    assert_eq!(hear(&mut a_device.rx, 1).await, [ToDevice::counting(1)]);
    assert_eq!(hear(&mut b_device.rx, 1).await, [ToDevice::counting(2)]);
    assert_eq!(hear(&mut b.rx, 1).await, [FromDevice::counting(3)]);
    assert_eq!(hear(&mut a.rx, 1).await, [FromDevice::counting(4)]);
    // The end of one is not the end of the other.
    drop(a);
    assert_eq!(hear_out(&mut a_device.rx).await, []);
    say(&b.tx, [ToDevice::counting(5)]).await;
    assert_eq!(hear(&mut b_device.rx, 1).await, [ToDevice::counting(5)]);
}

/// One of everything that an orchestrator says, with the largest there is.
fn orders() -> Vec<ToDevice> {
    let TaskCommand { task, setup, .. } = an_order();
    let request = RequestId::generate();
    let welcome =
        Welcome { protocol: *PROTOCOL.end(), version: "1.2.3-ü".into(), server_time: NOW };
    vec![
        ToDevice::Welcome(welcome),
        ToDevice::Run(Box::new(an_order())),
        ToDevice::heavy(1, File::MAX_BYTES),
        ToDevice::Cancel { task, setup, epoch: u64::MAX, mode: StopMode::Kill },
        ToDevice::ResultStored { task, attempt: 3 },
        ToDevice::Forget { task, attempt: 1 },
        ToDevice::Ask { request, queries: Vec::new() },
        ToDevice::Preview { request, proposals: vec![an_order().step.action.into()] },
        ToDevice::Confirmed { task, yes: true },
        ToDevice::Drain,
        ToDevice::Anchor(Box::new(a_head())),
        ToDevice::Error(a_problem()),
        ToDevice::Signed((0..=255).cycle().take(Order::MAX_BYTES).collect()),
        ToDevice::OrderKeys(OrderKeySet { version: u64::MAX, keys: vec![a_key(); 2] }),
        ToDevice::ShowWaiting { request, place: 7 },
        ToDevice::Decide { request, task, what: WaitingTask::of(&an_order()), yes: true },
    ]
}

/// One of everything that a device says, with the largest there is.
fn reports() -> Vec<FromDevice> {
    let order = an_order();
    let (task, attempt, request) = (order.task, order.attempt, RequestId::generate());
    let hello = Hello {
        device: DeviceId::generate(),
        protocol_min: *PROTOCOL.start(),
        protocol_max: *PROTOCOL.end(),
        version: String::new(),
        facts: Facts::bare(Os::Linux),
        epochs: vec![(SetupId::generate(), 7)],
        seal: Some(SealRequest {
            challenge: LinkChallenge::from_bytes([0xfe; LinkChallenge::BYTES]),
            keys: vec![a_key().key],
        }),
    };
    let probe = Some(ProbeAnswer::Unknown("half way; “nobody” knows".into()));
    let result = TaskResult { probe, ..ended(&order, Outcome::Interrupted) };
    let symptom = Symptom {
        check: "sys.disk.root".parse().unwrap(),
        verdict: Verdict::Fail,
        summary: "full".into(),
    };
    let vitals = Vitals { load: 0.25, cpu: Some(0.5), own_memory_bytes: 7, ..Vitals::default() };
    let health = Health {
        at: Timestamp(5),
        running: 1,
        vitals,
        symptoms: vec![symptom],
        ..Health::default()
    };
    vec![
        FromDevice::Hello(Box::new(hello)),
        FromDevice::Received { task, attempt },
        FromDevice::Started { task, attempt },
        FromDevice::heavy(1, OutputChunk::MAX_BYTES),
        FromDevice::Lease(vec![task]),
        FromDevice::Finished(Box::new(result)),
        FromDevice::Facts { request, facts: Box::new(Facts::bare(Os::Macos)) },
        FromDevice::Previews { request, previews: vec![a_preview()] },
        FromDevice::Refused { request, problem: a_problem() },
        FromDevice::Confirm { task, what: "run `rm`\nas root".into(), here: true },
        FromDevice::Waiting { request, count: 3, one: Some(Box::new(a_waiting_task(order))) },
        FromDevice::Health(Box::new(health)),
        FromDevice::Anchor(Box::new(a_head())),
        FromDevice::Error(a_problem()),
    ]
}

fn a_waiting_task(command: TaskCommand) -> WaitingTask {
    let (why, by) = ("`rm` destroys".to_owned(), "the cloud".to_owned());
    WaitingTask { command, risk: Risk::Grave, why, by, until: NOW }
}

fn a_key() -> AnnouncedKey {
    let key = OrderKey::from_seed(&[7; 32]).public();
    AnnouncedKey { key, stage: KeyStage::Retired, since: NOW }
}

fn a_head() -> SignedHead {
    AuditChain::begin("device:ü", AuditKey::from_seed(&[7; 32])).sign(NOW)
}

fn a_problem() -> Problem {
    Problem::new("D1-TEST-001", Category::Network, "it is loud")
        .because("a “voice”\nspoke")
        .leaving("the room is as it was")
        .next("listen")
        .next("speak")
}
