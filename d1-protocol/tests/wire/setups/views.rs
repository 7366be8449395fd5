//! Arbitrary setups, devices, news and wishes.

use crate::{nouns::*, values::*};
use d1_core::*;
use d1_protocol::api::{
    CreateRequest, DeviceView, Devices, HealthView, ReceiptView, SetupView, StepView,
};
use proptest::{option::of, prelude::*, sample::select};

fn step_view() -> impl Strategy<Value = StepView> {
    let shown = (named(), line(), undo(), line(), any::<(bool, u32, u64)>());
    let effect = select(vec![Effect::Read, Effect::Write, Effect::Destructive]);
    let ended = (of(select(Outcome::ALL.to_vec())), of(any::<u64>()), of(problem()));
    (shown, effect, ended).prop_map(|((id, title, undo, state, some), effect, ended)| {
        let ((needs_root, attempt, price_micro), (outcome, duration_ms, problem)) = (some, ended);
        StepView {
            id,
            title,
            effect,
            needs_root,
            undo,
            state,
            attempt,
            outcome,
            duration_ms,
            problem,
            price_micro,
        }
    })
}

fn receipt_view() -> impl Strategy<Value = ReceiptView> {
    let told = (of(named()), few(change()), few(text()), any::<(u32, bool)>());
    (told, manifest(), line(), isolation(), of(digest())).prop_map(
        |((step, changes, kept, (attempt, opaque)), manifest, isolation, protection, grant)| {
            ReceiptView {
                step,
                attempt,
                changes,
                kept,
                opaque,
                manifest,
                isolation,
                protection,
                grant,
            }
        },
    )
}

pub(crate) fn setup_view() -> impl Strategy<Value = SetupView> {
    let names = (id(SetupId::from_bytes), text(), id(DeviceId::from_bytes), line(), digest());
    let parts = (few(step_view()), few(receipt_view()), few(text()), of(problem()));
    let away = (of(any::<u64>()), select(OnDisconnect::ALL.to_vec()));
    let others = (of(id(SetupId::from_bytes)), of(id(SetupId::from_bytes)), away);
    (names, parts, line(), others, any::<([u64; 4], Option<u64>)>()).prop_map(
        |(names, parts, price_list, (undo_of, undone_by, away), (numbers, quoted_until))| {
            let (waits_until, on_disconnect) = away;
            let (id, intent, device, state, plan) = names;
            let (steps, receipts, follow_up, asks) = parts;
            let [quoted_micro, charged_micro, created_at, changed_at] = numbers;
            SetupView {
                schema: SetupView::SCHEMA.to_owned(),
                id,
                intent,
                device,
                state,
                plan,
                steps,
                receipts,
                follow_up,
                quoted_micro,
                price_list,
                quoted_until,
                asks,
                charged_micro,
                undo_of,
                undone_by,
                created_at,
                changed_at,
                waits_until,
                on_disconnect,
            }
        },
    )
}

pub(crate) fn devices() -> impl Strategy<Value = Devices> {
    let verdict = select(vec![Verdict::Ok, Verdict::Warn, Verdict::Fail, Verdict::Unknown]);
    let symptom = (named(), verdict, line());
    let symptom = symptom.prop_map(|(check, verdict, summary)| Symptom { check, verdict, summary });
    let health = (any::<(u64, u32, u32)>(), vitals(), few(symptom));
    let health = health.prop_map(|((at, running, waiting), vitals, symptoms)| HealthView {
        at,
        vitals,
        running,
        waiting,
        symptoms,
    });
    let device = (id(DeviceId::from_bytes), line(), line(), any::<(u64, u64, bool)>(), of(health));
    let device = device.prop_map(|(id, version, system, (since, heard, certified), health)| {
        DeviceView { id, version, system, since, heard, certified, health }
    });
    (few(device), any::<bool>()).prop_map(|(devices, complete)| Devices {
        schema: Devices::SCHEMA.to_owned(),
        devices,
        complete,
    })
}

pub(crate) fn stop_mode() -> impl Strategy<Value = StopMode> {
    select(vec![StopMode::AfterStep, StopMode::Now, StopMode::Kill])
}

fn event() -> impl Strategy<Value = ProgressEvent> {
    use ProgressEvent as Event;
    let stream = select(vec![Stream::Stdout, Stream::Stderr, Stream::Note]);
    let ended = (named(), any::<(u32, u64)>(), select(Outcome::ALL.to_vec()), of(problem()));
    let over = (select(SetupOutcome::ALL.to_vec()), any::<u64>());
    prop_oneof![
        select(vec![
            Event::Planned,
            Event::Approved,
            Event::Declined,
            Event::LinkLost,
            Event::LinkBack,
            Event::Resumed,
        ]),
        problem().prop_map(|problem| Event::Asked { problem }),
        (named(), any::<u32>()).prop_map(|(step, attempt)| Event::StepSent { step, attempt }),
        (named(), any::<u32>()).prop_map(|(step, attempt)| Event::StepStarted { step, attempt }),
        (named(), any::<(u32, u64)>(), stream, text()).prop_map(
            |(step, (attempt, chunk), stream, text)| Event::Output {
                step,
                attempt,
                chunk,
                stream,
                text,
            }
        ),
        ended.prop_map(|(step, (attempt, duration_ms), outcome, problem)| {
            Event::StepFinished { step, attempt, outcome, duration_ms, problem }
        }),
        named().prop_map(|step| Event::StepSkipped { step }),
        stop_mode().prop_map(|mode| Event::Stopping { mode }),
        over.prop_map(|(outcome, charged)| {
            Event::Finished { outcome, charged: Amount::micro(charged) }
        }),
    ]
}

pub(crate) fn news() -> impl Strategy<Value = Progress> {
    (any::<u64>(), at(), event()).prop_map(|(seq, at, event)| Progress { seq, at, event })
}

pub(crate) fn wish() -> impl Strategy<Value = CreateRequest> {
    let from = of(select(vec![Source::Npm, Source::Cargo, Source::Pipx, Source::Go]));
    let host = select(vec!["a.example", "b.example:8443", "[2001:db8::7]:80"]);
    let host = host.prop_map(|host| host.parse().unwrap());
    let terms = (of(any::<u32>()), select(OnDisconnect::ALL.to_vec()));
    (few(named()), from, few(host), id(DeviceId::from_bytes), any::<bool>(), terms).prop_map(
        |(install, from, allow_hosts, device, approve, terms)| CreateRequest {
            install,
            from,
            allow_hosts,
            device,
            approve,
            deliver_within_seconds: terms.0,
            on_disconnect: terms.1,
        },
    )
}

/// A setup of which only the name is known.
pub(crate) fn an_empty_setup(id: SetupId) -> SetupView {
    SetupView {
        schema: SetupView::SCHEMA.to_owned(),
        id,
        intent: String::new(),
        device: DeviceId::from_bytes([2; 16]),
        state: String::new(),
        plan: Digest::of(b""),
        steps: Vec::new(),
        receipts: Vec::new(),
        follow_up: Vec::new(),
        quoted_micro: 0,
        price_list: String::new(),
        quoted_until: None,
        asks: None,
        charged_micro: 0,
        undo_of: None,
        undone_by: None,
        created_at: 0,
        changed_at: 0,
        waits_until: None,
        on_disconnect: OnDisconnect::Continue,
    }
}
