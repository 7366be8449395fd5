//! Devices enrol, renew, recover, and are shut out.

use crate::realm::{HOUR, LIFE, Machine, on_every_store, request, request_of, shown, why};
use d1_core::{AuditKind, DeviceId, EnrolmentStage, EnrolmentToken};
use d1_orchestrator::{MAX_RECOVERIES, RECOVER_WITHIN};
use rcgen::KeyPair;
use std::time::Duration;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_enrols_one_device_however_many_have_it() {
    on_every_store(|realm| async move {
        let token = realm.token().await;
        let mut racers = JoinSet::new();
        for _ in 0..8 {
            let (realm, token) = (realm.clone(), token.clone());
            racers.spawn(async move { realm.enrol(DeviceId::generate(), &token).await.1 });
        }
        let ended = racers.join_all().await;
        let (enrolled, refused): (Vec<_>, Vec<_>) = ended.into_iter().partition(Result::is_ok);
        assert_eq!(enrolled.len(), 1);
        assert!(refused.into_iter().all(|refused| why(refused) == "Refused"));
        assert_eq!(realm.enrolments.list(realm.account, None, 99).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_over_mistyped_or_made_up_enrols_nobody() {
    on_every_store(|realm| async move {
        let (token, device) = (realm.token().await, DeviceId::generate());
        for wrong in [
            "",
            "d1enr_",
            "d1enr_AAAA",
            &token[..token.len() - 1],
            &token.replace("d1enr_", "d1rt_"),
        ] {
            assert_eq!(why(realm.enrol(device, wrong).await.1), "Refused", "{wrong}");
        }
        realm.pass(HOUR);
        assert_eq!(why(realm.enrol(device, &token).await.1), "Refused");
        let account = realm.account;
        let make = |life| realm.enrolments.make_token(account, None, life);
        for life in [Duration::ZERO, HOUR + Duration::from_millis(1)] {
            assert_eq!(why(make(life).await), "Invalid");
        }
        for _ in 0..EnrolmentToken::MOST {
            make(HOUR).await.unwrap();
        }
        assert!(why(make(HOUR).await).starts_with("TooMany"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_another_account_is_not_taken_over_by_a_token() {
    on_every_store(|realm| async move {
        let theirs = realm.machine().await;
        let mut mine = realm.clone();
        mine.account = d1_core::AccountId::generate();
        let token = mine.token().await;
        assert_eq!(why(mine.enrol(theirs.device, &token).await.1), "Refused");
        realm.links(&theirs.papers).await.unwrap();
        // The token is still good for a device of theirs.
        mine.enrol(DeviceId::generate(), &token).await.1.unwrap();
        assert!(!mine.enrolments.revoke(mine.account, theirs.device, None).await.unwrap());
        realm.links(&theirs.papers).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_got_both_keys_does_not_enrol() {
    on_every_store(|realm| async move {
        let (token, device) = (realm.token().await, DeviceId::generate());
        let (bound, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let good = request_of(&key);
        let mut forged = good.clone();
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(why(realm.enrol_with(device, &token, &bound, &forged).await), "Invalid");
        let same = realm.enrol_with(device, &token, &bound, &request_of(&bound)).await;
        assert_eq!(why(same), "Invalid");
        // Somebody's proof for another device, as recorded.
        let recorded = rcgen::SigningKey::sign(
            &bound,
            &d1_core::enrolment_proof(DeviceId::generate(), &token, &good),
        );
        let ask = d1_orchestrator::EnrolAsk {
            token: &token,
            device,
            request: &good,
            bound_key: &rcgen::PublicKeyData::subject_public_key_info(&bound),
            proof: &recorded.unwrap(),
        };
        assert_eq!(why(realm.enrolments.enrol(ask).await), "Invalid");
        realm.enrol_with(device, &token, &bound, &good).await.unwrap();
        let again = realm.token().await;
        let twice = realm.enrol_with(DeviceId::generate(), &again, &bound, &request()).await;
        assert_eq!(why(twice), "Invalid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_renews_over_and_over_and_each_certificate_replaces_the_one_before() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        let (mut papers, first) = (machine.papers.clone(), machine.papers);
        for generation in 2..6 {
            realm.links(&papers).await.unwrap();
            realm.pass(LIFE / 2);
            papers = realm.renew(&papers).await.unwrap();
            assert_eq!((papers.generation, papers.device), (generation, first.device));
        }
        realm.links(&papers).await.unwrap();
        realm.pass(LIFE);
        assert_eq!(why(realm.links(&papers).await), "TooLate");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_renewal_is_given_again_and_locks_nobody() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        let request = request();
        let lost = realm.enrolments.renew(&shown(&machine.papers), &request).await.unwrap();
        realm.links(&machine.papers).await.unwrap();
        let again = realm.enrolments.renew(&shown(&machine.papers), &request).await.unwrap();
        assert_eq!(again, lost);
        realm.links(&again).await.unwrap();
        assert_eq!(realm.noted(AuditKind::DeviceLocked).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_renewals_at_once_one_is_answered() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        let mut racers = JoinSet::new();
        for _ in 0..4 {
            let (realm, papers) = (realm.clone(), machine.papers.clone());
            racers.spawn(async move { realm.renew(&papers).await });
        }
        let ended = racers.join_all().await;
        assert_eq!(ended.iter().filter(|ended| ended.is_ok()).count(), 1);
    })
    .await;
}

/// A device whose state was copied: both have its first certificate.
async fn both_are_out(
    realm: &crate::realm::Realm,
    machine: &Machine,
    newer: &d1_orchestrator::Papers,
) {
    assert!(why(realm.links(newer).await).contains("Locked"));
    assert!(why(realm.links(&machine.papers).await).contains("Locked"));
    assert!(why(realm.renew(newer).await).contains("Locked"));
    assert_eq!(realm.noted(AuditKind::DeviceLocked).await, 1);
    let shut_out = realm.enrolments.shut_out(d1_core::Timestamp(0)).await.unwrap();
    assert_eq!(shut_out, [machine.device]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_renews_after_the_device_locks_both() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        let newer = realm.renew(&machine.papers).await.unwrap();
        assert!(why(realm.renew(&machine.papers).await).contains("Copied"));
        both_are_out(&realm, &machine, &newer).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_links_after_the_device_renewed_locks_both() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        let newer = realm.renew(&machine.papers).await.unwrap();
        realm.links(&newer).await.unwrap();
        assert!(why(realm.links(&machine.papers).await).contains("Copied"));
        both_are_out(&realm, &machine, &newer).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_device_that_recovered_locks_both() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        realm.pass(LIFE * 2);
        let newer = realm.recover(&machine, 1, &request()).await.unwrap();
        assert!(why(realm.recover(&machine, 1, &request()).await).contains("Copied"));
        assert!(why(realm.links(&newer).await).contains("Locked"));
        assert!(why(realm.recover(&machine, 2, &request()).await).contains("Locked"));
        assert_eq!(realm.noted(AuditKind::DeviceLocked).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_neither_links_nor_renews_nor_recovers() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        for _ in 0..2 {
            assert!(realm.enrolments.revoke(realm.account, machine.device, None).await.unwrap());
        }
        assert!(why(realm.links(&machine.papers).await).contains("Revoked"));
        assert!(why(realm.renew(&machine.papers).await).contains("Revoked"));
        assert!(why(realm.recover(&machine, 1, &request()).await).contains("Revoked"));
        assert_eq!(realm.noted(AuditKind::DeviceRevoked).await, 1);
        let nobody = DeviceId::generate();
        assert!(!realm.enrolments.revoke(realm.account, nobody, None).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shut_out_device_enrols_again_and_what_it_had_before_is_nothing() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        realm.enrolments.revoke(realm.account, machine.device, None).await.unwrap();
        let token = realm.token().await;
        let (_, again) = realm.enrol(machine.device, &token).await;
        let again = again.unwrap();
        assert_eq!(again.generation, 2);
        realm.links(&again).await.unwrap();
        assert!(why(realm.links(&machine.papers).await).contains("Unknown"));
        assert!(why(realm.renew(&machine.papers).await).contains("Unknown"));
        assert_eq!(why(realm.recover(&machine, 1, &request()).await), "Refused");
        realm.links(&again).await.unwrap();
        let kept = realm.enrolments.list(realm.account, None, 9).await.unwrap();
        assert_eq!((kept.len(), kept[0].stage), (1, EnrolmentStage::Active));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_slept_recovers_for_a_month_and_a_few_times() {
    on_every_store(|realm| async move {
        let mut machine = realm.machine().await;
        for count in 0..MAX_RECOVERIES {
            realm.pass(LIFE + RECOVER_WITHIN - HOUR);
            let generation = machine.papers.generation;
            machine.papers = realm.recover(&machine, generation, &request()).await.unwrap();
            assert_eq!(machine.papers.generation, u64::from(count) + 2);
        }
        let generation = machine.papers.generation;
        assert_eq!(why(realm.recover(&machine, generation, &request()).await), "TooLate");
        machine.papers = realm.renew(&machine.papers).await.unwrap();
        realm.pass(LIFE + RECOVER_WITHIN + HOUR);
        let late = realm.recover(&machine, generation + 1, &request()).await;
        assert_eq!(why(late), "TooLate");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_recovery_gets_nobody_anything_new() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        realm.pass(LIFE * 2);
        let request = request();
        let papers = realm.recover(&machine, 1, &request).await.unwrap();
        assert_eq!(realm.recover(&machine, 1, &request).await.unwrap(), papers);
        realm.links(&papers).await.unwrap();
        // Whoever plays it back when the device has gone on shows that it was recorded.
        assert!(why(realm.recover(&machine, 1, &request).await).contains("Copied"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_recovers_with_the_key_of_another() {
    on_every_store(|realm| async move {
        let (machine, other) = (realm.machine().await, realm.machine().await);
        let thief = Machine { device: machine.device, ..other };
        assert_eq!(why(realm.recover(&thief, 1, &request()).await), "Refused");
        let nobody = Machine { device: DeviceId::generate(), ..thief };
        assert_eq!(why(realm.recover(&nobody, 1, &request()).await), "Refused");
        realm.links(&machine.papers).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_our_authority_signed_and_nobody_recorded_is_unknown() {
    on_every_store(|realm| async move {
        let machine = realm.machine().await;
        let mut stranger = shown(&machine.papers);
        stranger.digest = d1_core::Digest::of(b"another");
        assert!(why(realm.enrolments.admit(&stranger).await).contains("Unknown"));
        stranger.generation = 7;
        assert!(why(realm.enrolments.admit(&stranger).await).contains("Unknown"));
        let mut moved = shown(&machine.papers);
        moved.account = d1_core::AccountId::generate();
        assert!(why(realm.enrolments.admit(&moved).await).contains("Unknown"));
        realm.links(&machine.papers).await.unwrap();
    })
    .await;
}
