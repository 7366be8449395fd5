//! A cloud that has everything but the key of a person, and would like to run something.

use crate::{
    audit::records,
    rig::{Desk, Rig, an_order, attempt, carried_out, epoch, rest, why},
    ward::{Ward, device, with},
};
use d1_core::{
    Clock as _, DeviceId, Digest, Outcome, PlanGrant, SealedGrant, SetupId, Stage, TaskCommand,
    Timestamp, UserKey,
};
use std::time::Duration;

/// The order comes to nothing, for this reason.
async fn is_refused(ward: &Ward, desk: &mut Desk, order: &TaskCommand, code: &str) {
    desk.order(order).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::DeniedByPolicy, Some(code)), "{result:?}");
    assert_eq!(ward.rig.stage(order).await, Some(Stage::Finished(Box::new(result))));
    assert_eq!(ward.rig.puppet.acts().begun, []);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_signed_is_done_once() {
    let ward = Ward::signing();
    let mut desk = ward.rig.cloud_link(ward.terms());
    let order = ward.signed(&an_order());
    desk.order(&order).await;
    let result = desk.result().await;
    assert_eq!(result, carried_out(&order, Outcome::Succeeded));
    desk.order(&order).await;
    assert_eq!(desk.result().await, result, "it is told how it ended");
    for again in [attempt(&order, 2), epoch(&order, 9), attempt(&epoch(&order, 9), 3)] {
        desk.order(&again).await;
        rest().await;
    }
    assert_eq!(ward.rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_failed_is_not_tried_again_by_the_same_signature() {
    let ward = Ward::signing();
    let mut desk = ward.rig.cloud_link(ward.terms());
    let order = ward.signed(&an_order());
    ward.rig.puppet.script().holds = true;
    desk.order(&order).await;
    rest().await;
    desk.cancel(&order, d1_core::StopMode::Now).await;
    assert_eq!(desk.result().await.outcome, Outcome::Cancelled);
    let again = attempt(&order, 2);
    desk.order(&again).await;
    let result = desk.result().await;
    assert_eq!((result.outcome, why(&result)), (Outcome::DeniedByPolicy, Some("D1-GRANT-014")));
    assert_eq!(ward.rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_cloud_without_the_key_of_a_person_runs_nothing_that_needs_it() {
    let ward = Ward::signing();
    let mut desk = ward.rig.cloud_link(ward.terms());
    let now = ward.rig.clock.now();
    let order = an_order();
    let of = |change: &dyn Fn(&mut PlanGrant)| {
        let mut grant = ward.grant(&order);
        change(&mut grant);
        grant.seal(&ward.key).unwrap()
    };
    let own = UserKey::generate().unwrap();
    let cut = |sealed: SealedGrant| {
        let bytes = sealed.as_bytes();
        SealedGrant::new(bytes[..bytes.len() - 1].to_vec()).unwrap()
    };
    let late = Timestamp(now.0 + 24 * 3_600_000);
    let all = [
        (None, "D1-GRANT-001"),
        (Some(cut(of(&|_| {}))), "D1-GRANT-002"),
        (Some(SealedGrant::new(b"run everything".to_vec()).unwrap()), "D1-GRANT-002"),
        (Some(ward.grant(&order).seal(&own).unwrap()), "D1-GRANT-004"),
        (Some(of(&|it| it.device = DeviceId::from_bytes([2; 16]))), "D1-GRANT-007"),
        (Some(of(&|it| it.setup = SetupId::generate())), "D1-GRANT-008"),
        (Some(of(&|it| it.plan = Digest::of(b"another plan"))), "D1-GRANT-009"),
        (Some(of(&|it| it.steps.truncate(1))), "D1-GRANT-010"),
        (Some(of(&|it| (it.issued_at, it.expires) = (late, late))), "D1-GRANT-012"),
        (Some(of(&|it| it.expires = late)), "D1-GRANT-013"),
    ];
    for (grant, code) in all {
        // Each as an order of its own, so that it is not answered from what is known.
        let grant = grant.map(|grant| with(&order, grant)).unwrap_or(order.clone());
        let number = u32::try_from(ward.rig.journal.entries().await.unwrap().len()).unwrap();
        let known = ward.rig.journal.entry(order.task).await.unwrap();
        let next = known.map_or(1 + number, |entry| entry.command.attempt + 1);
        is_refused(&ward, &mut desk, &attempt(&grant, next), code).await;
    }
    // By one space more, or a variable.
    let mut altered = ward.signed(&an_order());
    altered.step.title += " ";
    is_refused(&ward, &mut desk, &altered, "D1-GRANT-010").await;
    let mut altered = ward.signed(&an_order());
    if let d1_core::Action::Exec(exec) = &mut altered.step.action {
        exec.env.insert("LC_ALL".into(), "C".into());
    }
    is_refused(&ward, &mut desk, &altered, "D1-GRANT-010").await;
    let codes: Vec<_> = records(&ward.rig).await.into_iter().map(|it| it.record.kind).collect();
    assert_eq!(codes.iter().filter(|kind| *kind == "task.refused").count(), 12, "{codes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_signature_with_any_bit_changed_is_none() {
    let ward = Ward::signing();
    let order = an_order();
    let sealed = ward.grant(&order).seal(&ward.key).unwrap();
    let trust = ward.trust.lock().unwrap().clone();
    let expected = d1_core::GrantExpected::of(&order, device(), ward.rig.clock.now());
    assert!(d1_core::verify_grant(Some(&sealed), &expected, &trust).is_ok());
    for at in 0..sealed.as_bytes().len() {
        for bit in 0..8 {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let other = SealedGrant::new(bytes).unwrap();
            let verified = d1_core::verify_grant(Some(&other), &expected, &trust);
            assert!(verified.is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_signature_is_good_for_half_an_hour_and_by_a_key_that_is_trusted_now() {
    let ward = Ward::signing();
    let mut desk = ward.rig.cloud_link(ward.terms());
    let order = ward.signed(&an_order());
    ward.trust.lock().unwrap().distrust(ward.key.public());
    is_refused(&ward, &mut desk, &order, "D1-GRANT-005").await;
    let other = ward.signed(&an_order());
    let mut trust = d1_core::UserTrust::default();
    let (key, since) = (ward.key.public(), Timestamp::default());
    trust.trust(d1_core::TrustedUser { key, name: String::new(), since });
    *ward.trust.lock().unwrap() = trust;
    ward.rig.clock.advance(PlanGrant::LIFE + Duration::from_secs(3 * 60));
    is_refused(&ward, &mut desk, &other, "D1-GRANT-011").await;
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_on_and_did_not_begin_before_a_crash_begins_by_the_same_signature() {
    let ward = Ward::signing();
    let order = ward.signed(&an_order());
    // Somebody else has the resource, so that it waits in the queue.
    let journal = std::sync::Arc::clone(&ward.rig.journal);
    journal.receive(&order, ward.rig.clock.now()).await.unwrap();
    let ward = ward.restarted(Rig::on(journal));
    let mut desk = ward.rig.cloud_link(ward.terms());
    desk.order(&order).await;
    assert_eq!(desk.result().await, carried_out(&order, Outcome::Succeeded));
    assert_eq!(ward.rig.puppet.acts().begun, [(order.task, 1)]);
}

#[tokio::test(start_paused = true)]
async fn what_only_looks_needs_no_signature_and_people_at_the_machine_need_none() {
    let ward = Ward::signing();
    let mut looks = an_order();
    looks.step.effect = d1_core::Effect::Read;
    looks.step.touches = Vec::new();
    let mut desk = ward.rig.cloud_link(ward.terms());
    desk.order(&looks).await;
    assert_eq!(desk.result().await, carried_out(&looks, Outcome::Succeeded));
    let order = an_order();
    let mut here = ward.rig.here_link(false);
    here.order(&order).await;
    assert_eq!(here.result().await, carried_out(&order, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn what_the_owner_wants_undone_is_not_done_whoever_signs_it() {
    let ward = Ward::with("orders.refuse = 'system'", Rig::new());
    let mut desk = ward.rig.cloud_link(ward.terms());
    is_refused(&ward, &mut desk, &ward.signed(&an_order()), "D1-RISK-001").await;
}
