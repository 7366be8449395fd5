//! What a device has that is enrolled: kept whole, private, and replaced at once.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "these are tests")]

use d1_core::{AccountId, Digest, OrderKey, OrderTrust, OrderTrustStore, Timestamp, conformance};
use d1_executor::{
    Enrolled, EnrolledError, GivenPapers, HeededOrders, LinkStanding, LinkState, Newcomer,
    OrderKeysFile, PrivateKey, StateDir,
};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A certificate for a day, from noon on.
fn papers(generation: u64) -> GivenPapers {
    let mut params = CertificateParams::default();
    let noon = date_time_ymd(2026, 3, 4) + Duration::from_secs(12 * 3_600);
    params.not_before = noon - Duration::from_secs(300);
    params.not_after = noon + Duration::from_secs(86_400);
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    let account = AccountId::from_bytes([7; 16]);
    GivenPapers {
        account,
        generation,
        authorities: vec![certificate.clone(), vec![1, 2]],
        certificate,
    }
}

fn enrolled(state: &StateDir) -> Enrolled {
    let newcomer = Newcomer::new(state.device().unwrap()).unwrap();
    let enrolled = Enrolled::new(newcomer, "wss://d1.example:7702", &papers(1));
    enrolled.save(state).unwrap();
    enrolled
}

fn place() -> (tempfile::TempDir, StateDir) {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::open(folder.path()).unwrap();
    (folder, state)
}

#[test]
fn what_a_device_has_reads_back_as_it_was_kept_and_is_private() {
    let (_folder, state) = place();
    assert_eq!(Enrolled::load(&state).unwrap(), None);
    let kept = enrolled(&state);
    assert_eq!(Enrolled::load(&state).unwrap(), Some(kept.clone()));
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(Enrolled::path(&state)), 0o600);
    let shown = fs::read_to_string(state.certificate()).unwrap();
    assert_eq!(shown, kept.certificate);
    assert!(!shown.contains("PRIVATE"));
    assert_eq!(kept.certificate_der().unwrap(), kept.authorities_der().unwrap()[0]);
    let text = format!("{kept:?}");
    assert!(!text.contains("PRIVATE"), "{text}");
}

#[test]
fn what_others_may_read_or_have_put_there_is_not_used() {
    let (_folder, state) = place();
    enrolled(&state);
    let path = Enrolled::path(&state);
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refused = Enrolled::load(&state).unwrap_err();
        assert!(matches!(refused, EnrolledError::NotPrivate { .. }), "{mode:o}: {refused}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let elsewhere = state.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(matches!(Enrolled::load(&state), Err(EnrolledError::Io { .. })));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(Enrolled::load(&state).is_err());
}

#[test]
fn what_is_damaged_is_told_and_not_replaced() {
    let (_folder, state) = place();
    enrolled(&state);
    let path = Enrolled::path(&state);
    let whole = fs::read_to_string(&path).unwrap();
    let wrong = whole.replace("-----BEGIN CERTIFICATE-----", "-----BEGIN NOTHING-----");
    assert_ne!(wrong, whole);
    for text in ["", "{}", &whole[..whole.len() / 2], &wrong] {
        fs::write(&path, text).unwrap();
        let refused = Enrolled::load(&state).unwrap_err();
        assert!(matches!(refused, EnrolledError::Damaged { .. }), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn the_next_key_is_kept_before_anybody_is_asked_and_asked_with_again() {
    let (_folder, state) = place();
    let mut kept = enrolled(&state);
    let first = kept.prepare(&state).unwrap();
    // The machine dies here: after its start it asks with the same key.
    let mut again = Enrolled::load(&state).unwrap().unwrap();
    assert_eq!(again.prepare(&state).unwrap(), first);
    assert_eq!(again.key, kept.key);
    again.take(&state, &papers(2)).unwrap();
    let next = Enrolled::load(&state).unwrap().unwrap();
    assert_eq!((next.generation, &next.key, &next.pending), (2, &first, &None));
    assert_eq!(next.bound, kept.bound);
    assert_ne!(again.prepare(&state).unwrap(), first);
}

#[test]
fn what_was_not_asked_for_or_is_no_certificate_is_not_taken() {
    let (_folder, state) = place();
    let mut kept = enrolled(&state);
    assert!(kept.take(&state, &papers(2)).is_err());
    kept.prepare(&state).unwrap();
    let before = fs::read_to_string(Enrolled::path(&state)).unwrap();
    let nonsense = GivenPapers { certificate: b"nonsense".to_vec(), ..papers(2) };
    assert!(kept.take(&state, &nonsense).is_err());
    assert_eq!(fs::read_to_string(Enrolled::path(&state)).unwrap(), before);
}

#[test]
fn a_certificate_is_renewed_around_half_of_its_life() {
    let (_folder, state) = place();
    let kept = enrolled(&state);
    let (from, until) = kept.validity();
    assert_eq!(until.since(from), Duration::from_secs(86_400));
    let after = |chance| kept.renew_at(chance).since(from).as_secs_f64() / 86_400.0;
    assert!((after(0.0) - 0.45).abs() < 0.001 && (after(1.0) - 0.55).abs() < 0.001);
    assert!(after(0.0) < after(0.5) && after(0.5) < after(1.0));
    assert_eq!(kept.renew_at(7.0), kept.renew_at(1.0));
    assert!(from > Timestamp(0));
}

#[test]
fn a_request_brings_its_key_and_asks_for_nothing() {
    let key = PrivateKey::generate().unwrap();
    let request = key.request().unwrap();
    let public = key.public().unwrap();
    assert!(request.windows(public.len()).any(|window| window == public));
    assert!(request.len() < 300, "{}", request.len());
    assert_ne!(Digest::of(&public), Digest::of(&PrivateKey::generate().unwrap().public().unwrap()));
}

#[tokio::test]
async fn the_keys_of_clouds_obey_every_law_each_for_itself() {
    let (_folder, state) = place();
    let clouds = AtomicU64::new(0);
    let fresh = || {
        let cloud = clouds.fetch_add(1, Ordering::SeqCst).to_string();
        Arc::new(OrderKeysFile::of(&state, &cloud)) as Arc<dyn OrderTrustStore>
    };
    conformance::order_trust_store(fresh).await;
    let same = || Arc::new(OrderKeysFile::of(&state, "same")) as Arc<dyn OrderTrustStore>;
    conformance::order_trust_store_durability(same).await;
}

#[test]
fn a_cloud_that_is_forgotten_has_no_keys_and_is_still_known_to_have_had_some() {
    let (_folder, state) = place();
    let (one, other) = (OrderKeysFile::of(&state, "one"), OrderKeysFile::of(&state, "other"));
    assert!(!one.forget().unwrap());
    let mut trust = OrderTrust::default();
    trust.pin(OrderKey::from_seed(&[7; 32]).public());
    one.save(&trust).unwrap();
    other.save(&trust).unwrap();
    assert!(one.forget().unwrap());
    assert!(!one.forget().unwrap());
    let all = OrderKeysFile::all(&state).unwrap();
    assert_eq!(all["one"], OrderTrust::default());
    assert_eq!(all["other"], trust);
}

#[test]
fn keys_that_others_could_have_changed_are_good_for_nothing() {
    let (_folder, state) = place();
    let file = OrderKeysFile::of(&state, "one");
    let mut trust = OrderTrust::default();
    trust.pin(OrderKey::from_seed(&[7; 32]).public());
    file.save(&trust).unwrap();
    let path = state.path().join("order-keys.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(file.load().is_err());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(file.load().unwrap(), trust);
    fs::write(&path, "{}").unwrap();
    assert!(file.load().is_err());
}

#[test]
fn how_the_link_stands_is_told_to_whoever_asks_and_bounded() {
    let (_folder, state) = place();
    assert_eq!(LinkStanding::load(&state), None);
    let since = Timestamp(7);
    let why = Some("ä".repeat(9_999));
    LinkStanding {
        state: LinkState::Refused,
        since,
        why,
        cloud: None,
        orders: HeededOrders::Signed,
    }
    .save(&state)
    .unwrap();
    let told = LinkStanding::load(&state).unwrap();
    assert_eq!((told.state, told.since), (LinkState::Refused, since));
    assert_eq!(told.why.unwrap().chars().count(), 400);
    fs::write(state.path().join("link.json"), "nonsense").unwrap();
    assert_eq!(LinkStanding::load(&state), None);
}
