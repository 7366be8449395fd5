//! Arbitrary messages, of every kind there is.

use crate::{nouns::*, values::*};
use d1_core::*;
use proptest::{collection::vec, prelude::*, sample::select};

pub(crate) fn to_device() -> impl Strategy<Value = ToDevice> {
    let mode = select(vec![StopMode::AfterStep, StopMode::Now, StopMode::Kill]);
    let request = || id(RequestId::from_bytes);
    prop_oneof![
        (any::<u32>(), line(), at()).prop_map(|(protocol, version, server_time)| {
            ToDevice::Welcome(Welcome { protocol, version, server_time })
        }),
        command().prop_map(|command| ToDevice::Run(Box::new(command))),
        (task(), id(SetupId::from_bytes), any::<u64>(), mode)
            .prop_map(|(task, setup, epoch, mode)| ToDevice::Cancel { task, setup, epoch, mode }),
        (task(), any::<u32>()).prop_map(|(task, attempt)| ToDevice::ResultStored { task, attempt }),
        (task(), any::<u32>(), any::<u64>())
            .prop_map(|(task, attempt, seq)| ToDevice::OutputStored { task, attempt, seq }),
        (task(), any::<u32>()).prop_map(|(task, attempt)| ToDevice::Forget { task, attempt }),
        (request(), few(query())).prop_map(|(request, queries)| ToDevice::Ask { request, queries }),
        (request(), few(proposal()))
            .prop_map(|(request, proposals)| ToDevice::Preview { request, proposals }),
        (task(), any::<bool>()).prop_map(|(task, yes)| ToDevice::Confirmed { task, yes }),
        Just(ToDevice::Drain),
        head().prop_map(|head| ToDevice::Anchor(Box::new(head))),
        problem().prop_map(ToDevice::Error),
        vec(any::<u8>(), 0..600).prop_map(ToDevice::Signed),
        (any::<u64>(), vec(announced(), 0..4))
            .prop_map(|(version, keys)| ToDevice::OrderKeys(OrderKeySet { version, keys })),
        (request(), any::<u32>())
            .prop_map(|(request, place)| ToDevice::ShowWaiting { request, place }),
        (request(), task(), digest(), any::<bool>())
            .prop_map(|(request, task, what, yes)| ToDevice::Decide { request, task, what, yes }),
    ]
}

fn waiting() -> impl Strategy<Value = WaitingTask> {
    let risk = select(Risk::ALL.to_vec());
    (command(), risk, text(), text(), at())
        .prop_map(|(command, risk, why, by, until)| WaitingTask { command, risk, why, by, until })
}

fn order_key() -> impl Strategy<Value = OrderPublicKey> {
    any::<[u8; 32]>().prop_map(|seed| OrderKey::from_seed(&seed).public())
}

fn announced() -> impl Strategy<Value = AnnouncedKey> {
    let stage = select(vec![KeyStage::Next, KeyStage::Active, KeyStage::Retired]);
    (order_key(), stage, at()).prop_map(|(key, stage, since)| AnnouncedKey { key, stage, since })
}

fn seal() -> impl Strategy<Value = Option<SealRequest>> {
    let seal = (any::<[u8; 32]>(), vec(order_key(), 0..4)).prop_map(|(challenge, keys)| {
        SealRequest { challenge: LinkChallenge::from_bytes(challenge), keys }
    });
    proptest::option::of(seal)
}

fn head() -> impl Strategy<Value = SignedHead> {
    let key = any::<[u8; 32]>().prop_map(|seed| AuditKey::from_seed(&seed).public());
    (any::<u32>(), line(), any::<u64>(), digest(), at(), key, "[0-9a-f]{128}").prop_map(
        |(v, stream, seq, hash, at, key, signature)| SignedHead {
            checkpoint: AuditCheckpoint { v, stream, seq, hash, at, key },
            signature,
        },
    )
}

fn hello() -> impl Strategy<Value = Hello> {
    let epochs = few((id(SetupId::from_bytes), any::<u64>()));
    (id(DeviceId::from_bytes), any::<u32>(), any::<u32>(), line(), facts(), epochs, seal())
        .prop_map(|(device, protocol_min, protocol_max, version, facts, epochs, seal)| Hello {
            device,
            protocol_min,
            protocol_max,
            version,
            facts,
            epochs,
            seal,
        })
}

fn chunk() -> impl Strategy<Value = OutputChunk> {
    let stream = select(vec![Stream::Stdout, Stream::Stderr, Stream::Note]);
    (task(), any::<u32>(), any::<u64>(), stream, vec(any::<u8>(), 0..64)).prop_map(
        |(task, attempt, seq, stream, bytes)| OutputChunk {
            task,
            attempt,
            seq,
            output: Output { stream, bytes },
        },
    )
}

fn health() -> impl Strategy<Value = Health> {
    (at(), any::<(u32, u32, u64)>(), vitals(), vec(symptom(), 0..4)).prop_map(
        |(at, (running, waiting, uptime_seconds), vitals, symptoms)| Health {
            at,
            running,
            waiting,
            uptime_seconds,
            vitals,
            symptoms,
        },
    )
}

fn symptom() -> impl Strategy<Value = Symptom> {
    let verdict = prop_oneof![
        Just(Verdict::Ok),
        Just(Verdict::Skipped),
        Just(Verdict::Unknown),
        Just(Verdict::Warn),
        Just(Verdict::Fail),
    ];
    ("[a-z]{1,8}\\.[a-z]{1,8}", verdict, line()).prop_map(|(check, verdict, summary)| Symptom {
        check: check.parse().unwrap(),
        verdict,
        summary,
    })
}

pub(crate) fn from_device() -> impl Strategy<Value = FromDevice> {
    let request = || id(RequestId::from_bytes);
    prop_oneof![
        hello().prop_map(|hello| FromDevice::Hello(Box::new(hello))),
        (task(), any::<u32>()).prop_map(|(task, attempt)| FromDevice::Received { task, attempt }),
        (task(), any::<u32>()).prop_map(|(task, attempt)| FromDevice::Started { task, attempt }),
        chunk().prop_map(FromDevice::Output),
        few(task()).prop_map(FromDevice::Lease),
        result().prop_map(|result| FromDevice::Finished(Box::new(result))),
        (request(), facts())
            .prop_map(|(request, facts)| FromDevice::Facts { request, facts: Box::new(facts) }),
        (request(), few(preview()))
            .prop_map(|(request, previews)| FromDevice::Previews { request, previews }),
        (request(), problem())
            .prop_map(|(request, problem)| FromDevice::Refused { request, problem }),
        (task(), text(), any::<bool>()).prop_map(|(task, what, here)| FromDevice::Confirm {
            task,
            what,
            here
        }),
        (request(), any::<u32>(), proptest::option::of(waiting())).prop_map(
            |(request, count, one)| FromDevice::Waiting { request, count, one: one.map(Box::new) }
        ),
        health().prop_map(|health| FromDevice::Health(Box::new(health))),
        head().prop_map(|head| FromDevice::Anchor(Box::new(head))),
        problem().prop_map(FromDevice::Error),
    ]
}
