//! Signed orders, and everybody who would like to give one.

use coset::{
    CborSerializable as _, CoseSign1, CoseSign1Builder, Header, HeaderBuilder,
    TaggedCborSerializable as _, cbor::value::Value, cwt::ClaimsSet, iana::Algorithm,
};
use d1_core::{
    AnnouncedKey, DeviceId, Expected, KeyStage, LinkChallenge, Order, OrderKey, OrderKeySet,
    OrderRefusal, OrderSealError, OrderTrust, Timestamp, verify_order,
};
use ed25519_dalek::{Signer as _, SigningKey};
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const MINUTE: u64 = 60_000;
const SEED: [u8; 32] = [7; 32];

/// A device that knows one cloud, and what that cloud would say to it.
struct Scene {
    trust: OrderTrust,
    expected: Expected,
    order: Order,
    key: OrderKey,
}

fn announced(key: &OrderKey, stage: KeyStage, since: Timestamp) -> AnnouncedKey {
    AnnouncedKey { key: key.public(), stage, since }
}

impl Scene {
    fn new() -> Self {
        let key = OrderKey::from_seed(&SEED);
        let long_ago = Timestamp(NOW.0 - 1_000_000 * MINUTE);
        let keys = vec![announced(&key, KeyStage::Active, long_ago)];
        let device = DeviceId::generate();
        let challenge = LinkChallenge::generate().unwrap();
        Self {
            trust: OrderTrust::of(&OrderKeySet { version: 1, keys }),
            expected: Expected { device, challenge, last: 4, now: NOW },
            order: Order {
                device,
                challenge,
                number: 5,
                issued_at: NOW,
                expires: NOW.after(Order::LIFE),
                words: b"install a program".to_vec(),
            },
            key,
        }
    }

    fn sealed(&self) -> Vec<u8> {
        self.order.seal(&self.key).unwrap()
    }

    fn verify(&self, bytes: &[u8]) -> Result<Order, OrderRefusal> {
        verify_order(bytes, &self.expected, &self.trust)
    }

    /// The code by which what came is refused.
    fn refused(&self, bytes: &[u8]) -> &'static str {
        self.verify(bytes).unwrap_err().code()
    }

    /// The code by which the order is refused, changed like this before it is signed.
    fn refused_when(&self, change: impl FnOnce(&mut Order)) -> OrderRefusal {
        let mut order = self.order.clone();
        change(&mut order);
        self.verify(&order.seal(&self.key).unwrap()).unwrap_err()
    }
}

/// Takes an envelope apart, changes it, and puts it together again; signed anew by `key`, if
/// there is one.
fn forged(sealed: &[u8], key: Option<[u8; 32]>, change: impl FnOnce(&mut CoseSign1)) -> Vec<u8> {
    let mut message = CoseSign1::from_tagged_slice(sealed).unwrap();
    message.protected.original_data = None;
    change(&mut message);
    if let Some(seed) = key {
        let key = SigningKey::from_bytes(&seed);
        message.signature = key.sign(&message.tbs_data(b"d1 order v1")).to_bytes().to_vec();
    }
    message.to_tagged_vec().unwrap()
}

fn header(message: &mut CoseSign1) -> &mut Header {
    &mut message.protected.header
}

#[test]
fn an_order_is_heeded_as_it_was_signed() {
    let scene = Scene::new();
    assert_eq!(scene.verify(&scene.sealed()), Ok(scene.order));
}

#[test]
fn an_envelope_with_any_bit_changed_cut_or_added_to_is_refused() {
    let scene = Scene::new();
    let sealed = scene.sealed();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut bytes = sealed.clone();
            bytes[at] ^= 1 << bit;
            assert!(scene.verify(&bytes).is_err(), "bit {bit} of byte {at}");
        }
        assert!(scene.verify(&sealed[..at]).is_err(), "cut at {at}");
    }
    assert_eq!(scene.refused(&[&sealed[..], &[0]].concat()), "D1-ORDER-002");
    assert_eq!(scene.refused(&[]), "D1-ORDER-002");
}

#[test]
fn what_is_larger_than_any_order_is_not_even_looked_at_and_never_made() {
    let mut scene = Scene::new();
    assert_eq!(scene.refused(&vec![0; Order::MAX_BYTES + 1]), "D1-ORDER-001");
    scene.order.words = vec![0; Order::MAX_BYTES];
    let refused = scene.order.seal(&scene.key).unwrap_err();
    assert!(matches!(refused, OrderSealError::TooLarge { given } if given > Order::MAX_BYTES));
    scene.order.words = vec![0; Order::MAX_BYTES - 400];
    assert!(scene.verify(&scene.sealed()).is_ok());
}

#[test]
fn a_signature_for_another_purpose_is_none_for_an_order() {
    let scene = Scene::new();
    let other = |message: &mut CoseSign1| {
        let kind = "application/d1-grant.v1+cwt".to_owned();
        header(message).content_type = Some(coset::ContentType::Text(kind));
    };
    // By the right key, for something else.
    assert_eq!(scene.refused(&forged(&scene.sealed(), Some(SEED), other)), "D1-ORDER-003");
    assert_eq!(scene.refused(&forged(&scene.sealed(), None, other)), "D1-ORDER-003");
    let none = |message: &mut CoseSign1| header(message).content_type = None;
    assert_eq!(scene.refused(&forged(&scene.sealed(), Some(SEED), none)), "D1-ORDER-003");
    // What the right key has signed without saying that it is an order.
    let mut elsewhere = CoseSign1::from_tagged_slice(&scene.sealed()).unwrap();
    let key = SigningKey::from_bytes(&SEED);
    elsewhere.signature = key.sign(&elsewhere.tbs_data(b"")).to_bytes().to_vec();
    assert_eq!(scene.refused(&elsewhere.to_tagged_vec().unwrap()), "D1-ORDER-008");
}

#[test]
fn another_way_to_sign_is_refused_whatever_the_signature() {
    let scene = Scene::new();
    for algorithm in [Algorithm::ES256, Algorithm::HMAC_256_256, Algorithm::PS256] {
        let swap = |message: &mut CoseSign1| {
            header(message).alg = Some(coset::RegisteredLabelWithPrivate::Assigned(algorithm));
        };
        let refused = scene.refused(&forged(&scene.sealed(), Some(SEED), swap));
        assert_eq!(refused, "D1-ORDER-007", "{algorithm:?}");
    }
    let none = |message: &mut CoseSign1| header(message).alg = None;
    assert_eq!(scene.refused(&forged(&scene.sealed(), Some(SEED), none)), "D1-ORDER-007");
}

#[test]
fn an_order_that_names_another_key_than_the_one_that_signed_is_refused() {
    let mut scene = Scene::new();
    let (ours, other) = ([9; 32], OrderKey::from_seed(&[9; 32]));
    let name = |key: &OrderKey| {
        let id = key.public().as_bytes().to_vec();
        move |message: &mut CoseSign1| header(message).key_id = id
    };
    let sealed = scene.sealed();
    // Signed by a stranger: in their own name, and in the name of the cloud.
    assert_eq!(scene.refused(&scene.order.seal(&other).unwrap()), "D1-ORDER-004");
    assert_eq!(scene.refused(&forged(&sealed, Some(ours), |_| {})), "D1-ORDER-008");
    // Signed by the cloud, in another name.
    assert_eq!(scene.refused(&forged(&sealed, Some(SEED), name(&other))), "D1-ORDER-004");
    scene.trust.pin(other.public());
    assert_eq!(scene.refused(&forged(&sealed, None, name(&other))), "D1-ORDER-008");
    assert!(scene.verify(&forged(&sealed, Some(ours), name(&other))).is_ok());
}

#[test]
fn there_is_one_form_of_an_envelope_and_nothing_beside_what_is_signed() {
    let scene = Scene::new();
    let sealed = scene.sealed();
    let beside = |message: &mut CoseSign1| message.unprotected.key_id = b"me".to_vec();
    assert_eq!(scene.refused(&forged(&sealed, None, beside)), "D1-ORDER-002");
    let more = |message: &mut CoseSign1| {
        header(message).rest.push((coset::Label::Int(-9), Value::Null));
    };
    assert_eq!(scene.refused(&forged(&sealed, Some(SEED), more)), "D1-ORDER-002");
    let detached = |message: &mut CoseSign1| message.payload = None;
    assert_eq!(scene.refused(&forged(&sealed, None, detached)), "D1-ORDER-002");
    // The same message without its tag, and with a length written in more bytes than it needs.
    assert_eq!(scene.refused(&sealed[1..]), "D1-ORDER-002");
    assert_eq!(sealed[1], 0x84, "an array of four");
    let longer = [&sealed[..1], &[0x98, 4], &sealed[2..]].concat();
    assert_eq!(scene.refused(&longer), "D1-ORDER-002");
}

#[test]
fn claims_that_are_written_anew_are_not_what_was_signed() {
    let scene = Scene::new();
    let rewrite = |message: &mut CoseSign1| {
        let mut claims = ClaimsSet::from_slice(message.payload.as_ref().unwrap()).unwrap();
        claims.rest.reverse();
        message.payload = Some(claims.to_vec().unwrap());
    };
    assert_eq!(scene.refused(&forged(&scene.sealed(), None, rewrite)), "D1-ORDER-008");
    let swap = |message: &mut CoseSign1| {
        let payload = message.payload.as_mut().unwrap();
        let at = payload.windows(7).position(|seven| seven == b"install").unwrap();
        payload[at..at + 7].copy_from_slice(b"destroy");
    };
    assert_eq!(scene.refused(&forged(&scene.sealed(), None, swap)), "D1-ORDER-008");
}

#[test]
fn a_claim_that_is_not_known_here_could_restrict_the_order_and_is_not_passed_over() {
    let scene = Scene::new();
    let with = |change: fn(&mut ClaimsSet)| {
        let sealed = forged(&scene.sealed(), Some(SEED), |message| {
            let mut claims = ClaimsSet::from_slice(message.payload.as_ref().unwrap()).unwrap();
            change(&mut claims);
            message.payload = Some(claims.to_vec().unwrap());
        });
        scene.verify(&sealed).map(|_| ()).map_err(|refusal| refusal.code())
    };
    let malformed = Err("D1-ORDER-002");
    assert_eq!(with(|_| {}), Ok(()));
    assert_eq!(with(|claims| claims.issuer = Some("somebody".into())), malformed);
    assert_eq!(with(|claims| claims.expiration_time = None), malformed);
    assert_eq!(with(|claims| claims.audience = None), malformed);
    assert_eq!(
        with(|claims| claims.expiration_time = Some(coset::cwt::Timestamp::WholeSeconds(-1))),
        malformed
    );
    assert_eq!(with(|claims| drop(claims.rest.pop())), malformed);
    let name = coset::cwt::ClaimName::PrivateUse(-70_004);
    assert!(name != coset::cwt::ClaimName::PrivateUse(-70_003));
    assert_eq!(
        with(|claims| {
            let more = coset::cwt::ClaimName::PrivateUse(-70_004);
            claims.rest.push((more, Value::Bool(true)));
        }),
        malformed
    );
}

#[test]
fn an_order_is_for_one_device_one_link_and_one_place_among_the_others() {
    let scene = Scene::new();
    let other = DeviceId::generate();
    assert_eq!(scene.refused_when(|it| it.device = other), OrderRefusal::OtherDevice(other));
    let challenge = LinkChallenge::generate().unwrap();
    assert_eq!(scene.refused_when(|it| it.challenge = challenge), OrderRefusal::OtherLink);
    for number in [0, 1, 4] {
        let refused = scene.refused_when(|it| it.number = number);
        assert_eq!(refused, OrderRefusal::OutOfOrder { number, last: 4 });
    }
    // One that was lost on its way is missed by whoever sent it, not by us.
    let mut later = scene.order.clone();
    later.number = u64::MAX;
    assert!(scene.verify(&later.seal(&scene.key).unwrap()).is_ok());
}

#[test]
fn an_order_is_good_for_minutes_and_only_by_a_clock_that_can_be_right() {
    let mut scene = Scene::new();
    let sealed = scene.sealed();
    let mut at = |now: u64| {
        scene.expected.now = Timestamp(now);
        scene.verify(&sealed).map(|_| ()).map_err(|refusal| refusal.code())
    };
    assert_eq!(at(NOW.0 - 5 * MINUTE), Ok(()));
    assert_eq!(at(NOW.0 - 5 * MINUTE - 1), Err("D1-ORDER-014"));
    assert_eq!(at(NOW.0 + 10 * MINUTE), Ok(()));
    assert_eq!(at(NOW.0 + 10 * MINUTE + 1), Err("D1-ORDER-013"));
    // The cloud told of a later time than this before.
    assert_eq!(at(0), Err("D1-ORDER-015"));
}

#[test]
fn no_order_is_good_for_longer_than_ours_are_whatever_it_says() {
    let mut scene = Scene::new();
    scene.order.expires = NOW.after(Duration::from_secs(86_400 * 365));
    let sealed = scene.sealed();
    scene.expected.now = Timestamp(NOW.0 + 11 * MINUTE);
    assert_eq!(scene.refused(&sealed), "D1-ORDER-013");
}

#[test]
fn a_retired_key_signs_for_a_moment_and_a_withdrawn_one_never_again() {
    let mut scene = Scene::new();
    let next = OrderKey::from_seed(&[9; 32]);
    let sealed = scene.sealed();
    let rotated = vec![
        announced(&scene.key, KeyStage::Retired, Timestamp(NOW.0 - 10 * MINUTE)),
        announced(&next, KeyStage::Active, Timestamp(NOW.0 - 10 * MINUTE)),
    ];
    assert!(scene.trust.learn(&OrderKeySet { version: 2, keys: rotated }));
    assert!(scene.verify(&sealed).is_ok());
    assert!(scene.verify(&scene.order.seal(&next).unwrap()).is_ok());
    let late = scene.refused_when(|it| it.issued_at = NOW.after(Duration::from_secs(1)));
    assert_eq!(late, OrderRefusal::RetiredKey(scene.key.public()));
    // A server that has not heard of it announces what was: nothing comes back by that.
    let before = vec![announced(&scene.key, KeyStage::Active, NOW)];
    assert!(!scene.trust.learn(&OrderKeySet { version: 2, keys: before.clone() }));
    let alone = vec![announced(&next, KeyStage::Active, Timestamp(NOW.0 - 10 * MINUTE))];
    assert!(scene.trust.learn(&OrderKeySet { version: 3, keys: alone }));
    let withdrawn = OrderRefusal::WithdrawnKey(scene.key.public());
    assert_eq!(scene.verify(&sealed), Err(withdrawn.clone()));
    assert!(!scene.trust.learn(&OrderKeySet { version: 4, keys: before }));
    scene.trust.pin(scene.key.public());
    assert_eq!(scene.verify(&sealed), Err(withdrawn));
}

#[test]
fn a_set_of_no_keys_takes_none_away() {
    let mut scene = Scene::new();
    assert!(!scene.trust.learn(&OrderKeySet { version: 9, keys: Vec::new() }));
    assert!(scene.verify(&scene.sealed()).is_ok());
    assert_eq!(
        verify_order(&scene.sealed(), &scene.expected, &OrderTrust::default()),
        Err(OrderRefusal::UnknownKey)
    );
}

#[test]
fn every_reason_to_refuse_an_order_has_a_code_and_a_remedy_of_its_own() {
    let key = OrderKey::from_seed(&SEED).public();
    let time = Duration::from_secs(86_400);
    let all = [
        OrderRefusal::TooLarge { given: 1 },
        OrderRefusal::Malformed,
        OrderRefusal::WrongType,
        OrderRefusal::UnknownKey,
        OrderRefusal::WithdrawnKey(key),
        OrderRefusal::RetiredKey(key),
        OrderRefusal::WrongAlgorithm,
        OrderRefusal::BadSignature,
        OrderRefusal::OtherDevice(DeviceId::generate()),
        OrderRefusal::OtherLink,
        OrderRefusal::OutOfOrder { number: 1, last: 2 },
        OrderRefusal::Replayed,
        OrderRefusal::Expired { late: time },
        OrderRefusal::FromTheFuture { early: time },
        OrderRefusal::ClockUntrusted { behind: time },
        OrderRefusal::Unsigned,
        OrderRefusal::NotAsked,
    ];
    for (place, refusal) in all.iter().enumerate() {
        let problem = refusal.problem();
        assert_eq!(problem.code, format!("D1-ORDER-{:03}", place + 1));
        assert!(!problem.title.is_empty() && !problem.next[0].is_empty(), "{problem}");
    }
}

#[test]
fn an_order_that_somebody_else_has_built_by_the_standards_is_heeded() {
    let scene = Scene::new();
    let claims = CoseSign1::from_tagged_slice(&scene.sealed()).unwrap().payload.unwrap();
    let key = SigningKey::from_bytes(&SEED);
    let built = CoseSign1Builder::new()
        .protected(
            HeaderBuilder::new()
                .algorithm(Algorithm::EdDSA)
                .key_id(key.verifying_key().as_bytes().to_vec())
                .content_type("application/d1-order.v1+cwt".to_owned())
                .build(),
        )
        .payload(claims)
        .create_signature(b"d1 order v1", |bytes| key.sign(bytes).to_bytes().to_vec())
        .build();
    assert_eq!(scene.verify(&built.to_tagged_vec().unwrap()), Ok(scene.order));
}
