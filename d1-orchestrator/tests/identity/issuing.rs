//! What is in a certificate, whatever was asked for; and the authorities that sign.

use crate::realm::{LIFE, Realm, request, request_of, why};
use d1_core::{DeviceId, KeyStage, memory::MemoryKeyStore};
use d1_orchestrator::{AuthorityError, DeviceCertificate};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, SanType,
};
use std::{collections::BTreeSet, time::Duration};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

/// A request that asks for everything that a device must not have.
fn greedy() -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::Any];
    let other = DeviceId::generate();
    let other = format!("d1://{other}/device/{other}/generation/1");
    params.subject_alt_names = vec![
        SanType::URI(other.try_into().unwrap()),
        SanType::DnsName("localhost".try_into().unwrap()),
    ];
    params.distinguished_name.push(DnType::CommonName, "admin");
    params.serialize_request(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

#[tokio::test]
async fn nothing_of_a_request_but_its_key_comes_into_a_certificate() {
    let realm = Realm::in_memory();
    let (device, token) = (DeviceId::generate(), realm.token().await);
    let bound = KeyPair::generate().unwrap();
    let papers = realm.enrol_with(device, &token, &bound, &greedy()).await.unwrap();
    let (_, leaf) = X509Certificate::from_der(&papers.certificate).unwrap();
    assert_eq!(leaf.subject().to_string(), "CN=Day 1 Doctor device");
    let basic = leaf.basic_constraints().unwrap().unwrap();
    assert!(!basic.value.ca && basic.critical);
    let usage = leaf.key_usage().unwrap().unwrap().value;
    assert!(usage.digital_signature() && !usage.key_cert_sign() && !usage.crl_sign());
    let extended = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(extended.client_auth && !extended.server_auth && !extended.any);
    assert!(extended.other.is_empty());
    let names = leaf.subject_alternative_name().unwrap().unwrap().value;
    let name = format!("d1://{}/device/{device}/generation/1", realm.account);
    assert_eq!(format!("{:?}", names.general_names), format!("[URI({name:?})]"));
    let seconds = leaf.validity().not_after.timestamp() - leaf.validity().not_before.timestamp();
    assert_eq!(seconds, i64::try_from(LIFE.as_secs()).unwrap() + 300);
    assert!(leaf.raw_serial().len() == 16 && leaf.raw_serial()[0] < 0x80);
}

#[tokio::test]
async fn no_two_serial_numbers_are_the_same() {
    let realm = Realm::in_memory();
    let mut serials = BTreeSet::new();
    for _ in 0..32 {
        realm.machine().await;
    }
    let all = realm.enrolments.list(realm.account, None, 99).await.unwrap();
    assert!(all.iter().all(|it| serials.insert(it.current.serial.clone())));
    assert_eq!(serials.len(), 32);
}

#[tokio::test]
async fn weak_and_strange_keys_are_refused_and_cost_no_token() {
    let realm = Realm::in_memory();
    let token = realm.token().await;
    let bound = KeyPair::generate().unwrap();
    let enrol = |request: Vec<u8>| {
        let (realm, token, bound) = (&realm, &token, &bound);
        async move { realm.enrol_with(DeviceId::generate(), token, bound, &request).await }
    };
    for kind in [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519, &PKCS_RSA_SHA256] {
        let strange = request_of(&KeyPair::generate_for(kind).unwrap());
        assert_eq!(why(enrol(strange).await), "Invalid", "{kind:?}");
    }
    let authority = realm.keys.load().await.unwrap().keys.remove(0);
    let authority = KeyPair::try_from(authority.secret.as_slice()).unwrap();
    assert_eq!(why(enrol(request_of(&authority)).await), "Invalid");
    let long = [request(), vec![0; 5_000]].concat();
    for broken in [Vec::new(), vec![0x30, 0x82], [request(), vec![0]].concat(), long] {
        assert_eq!(why(enrol(broken).await), "Invalid");
    }
    for kind in [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let bound = KeyPair::generate_for(kind).unwrap();
        let asked = realm.enrol_with(DeviceId::generate(), &token, &bound, &request()).await;
        assert_eq!(why(asked), "Invalid", "{kind:?}");
    }
    enrol(request()).await.unwrap();
}

#[tokio::test]
async fn what_is_no_certificate_of_a_device_is_not_taken_for_one() {
    let realm = Realm::in_memory();
    let bundle = realm.authorities.bundle().await.unwrap();
    let now = d1_core::Timestamp(1_700_000_000_000);
    let server = bundle.active().unwrap().sign_server("localhost", now, LIFE).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for wrong in [&[][..], b"x", &server.chain[0], &server.chain[1], other.cert.der()] {
        assert!(DeviceCertificate::read(wrong).is_err());
    }
}

#[tokio::test]
async fn the_authority_and_its_name_stay_the_same_from_start_to_start() {
    let realm = Realm::in_memory();
    let other = d1_orchestrator::Authorities::new(realm.keys.clone(), realm.clock.clone());
    let (one, two) = (realm.authorities.bundle().await.unwrap(), other.bundle().await.unwrap());
    assert_eq!(one.list(), two.list());
    let names = |der: &[u8]| {
        let (_, read) = X509Certificate::from_der(der).unwrap();
        (read.subject().to_string(), read.public_key().raw.to_vec())
    };
    for (one, two) in one.for_devices().iter().zip(two.for_devices()) {
        assert_eq!(names(one), names(&two));
    }
    assert_eq!(one.for_devices().len(), 2);
    assert_eq!(one.for_servers().len(), 1);
}

fn stages(list: &[(String, KeyStage)]) -> Vec<KeyStage> {
    list.iter().map(|(_, stage)| *stage).collect()
}

#[tokio::test]
async fn an_authority_is_known_before_it_signs_and_trusted_until_what_it_signed_is_over() {
    use KeyStage::{Active, Next, Retired};
    let realm = Realm::in_memory();
    let first = realm.authorities.bundle().await.unwrap();
    assert_eq!(stages(&first.list()), [Active, Next]);
    assert!(matches!(realm.authorities.rotate().await, Err(AuthorityError::TooSoon { hours: 24 })));
    realm.pass(Duration::from_secs(86_400));
    realm.authorities.rotate().await.unwrap();
    let second = realm.authorities.bundle().await.unwrap();
    assert_eq!(stages(&second.list()), [Retired, Active, Next]);
    // Whoever knew the first ones knows who signs now, and who signed is still believed.
    assert_eq!(second.active().unwrap().id(), first.list()[1].0);
    assert_eq!(second.for_servers().len(), 2);
    assert_ne!(first.version(), second.version());
    realm.pass(Duration::from_secs(2 * 86_400));
    assert_eq!(stages(&realm.authorities.bundle().await.unwrap().list()), [Active, Next]);
    realm.pass(Duration::from_secs(90 * 86_400));
    let third = realm.authorities.bundle().await.unwrap();
    assert_eq!(stages(&third.list()), [Retired, Active, Next]);
}

#[tokio::test]
async fn a_withdrawn_authority_is_trusted_by_nobody() {
    let realm = Realm::in_memory();
    let first = realm.authorities.bundle().await.unwrap();
    let out = first.active().unwrap().id().to_owned();
    realm.authorities.withdraw(&out).await.unwrap();
    let left = realm.authorities.bundle().await.unwrap();
    assert!(left.list().iter().all(|(id, _)| *id != out));
    assert_eq!(left.active().unwrap().id(), first.list()[1].0);
    let unknown = realm.authorities.withdraw("nothing").await;
    assert!(matches!(unknown, Err(AuthorityError::Unknown(_))));
}

#[tokio::test]
async fn no_private_key_is_ever_printed() {
    let store = MemoryKeyStore::new();
    let realm = Realm::in_memory();
    let bundle = realm.authorities.bundle().await.unwrap();
    let now = d1_core::Timestamp(1_700_000_000_000);
    let server = bundle.active().unwrap().sign_server("127.0.0.1", now, LIFE).unwrap();
    let printed = format!("{bundle:?} {:?} {server:?} {store:?}", bundle.active().unwrap());
    assert!(!printed.contains("secret") && !printed.contains("key: ["), "{printed}");
}
