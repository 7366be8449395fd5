//! On the way to PostgreSQL nobody reads along, and nobody answers in its place.

use crate::{
    postgres::Postgres,
    stage::{paid, terms},
};
use d1_billing::{BillingError, Key, Ledger, Operation, PostgresBooks};
use d1_core::{AccountId, Amount, Supervisor, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{net::TcpListener, path::Path, process::Command, sync::Arc};

/// Whom the server's certificate names.
const HOST: &str = "127.0.0.1";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(directory: &Path, name: &str) -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(directory.join(name), authority.pem()).unwrap();
    authority
}

/// A file that the server reads, and nobody else.
fn secret(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    let run = |program: &str, word: &str| Command::new(program).arg(word).arg(path).output();
    assert!(run("chmod", "600").unwrap().status.success());
    // Where the tests are run as somebody else than root, so is the server.
    drop(run("chown", "postgres:").unwrap());
}

/// A server that speaks TLS, with a certificate of this authority, and its port.
fn server(directory: &Path, authority: &Authority) -> (Postgres, u16) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([HOST.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    secret(&directory.join("server.key"), &key.serialize_pem());
    std::fs::write(directory.join("server.pem"), certificate.pem()).unwrap();
    assert!(Command::new("chmod").arg("755").arg(directory).status().unwrap().success());
    let port = TcpListener::bind((HOST, 0)).unwrap().local_addr().unwrap().port();
    let settings: Vec<&'static str> = [
        "fsync=off".to_owned(),
        "ssl=on".to_owned(),
        format!("ssl_cert_file={}", directory.join("server.pem").display()),
        format!("ssl_key_file={}", directory.join("server.key").display()),
        format!("listen_addresses={HOST}"),
        format!("port={port}"),
    ]
    .into_iter()
    .map(|setting| &*setting.leak())
    .collect();
    (Postgres::start(settings.leak()), port)
}

async fn open(
    host: &str,
    port: u16,
    mode: &str,
    authority: &Path,
) -> Result<PostgresBooks, BillingError> {
    let authority = authority.display();
    let url = format!(
        "postgres://postgres@{host}:{port}/postgres?sslmode={mode}&sslrootcert={authority}"
    );
    PostgresBooks::open(&url, &Supervisor::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_speaks_to_the_server_that_its_authority_vouches_for_and_to_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, other) = (directory.path().join("ours.pem"), directory.path().join("other.pem"));
    let authority_of_server = authority(directory.path(), "ours.pem");
    authority(directory.path(), "other.pem");
    let (server, port) = server(directory.path(), &authority_of_server);

    let refused = open(HOST, port, "verify-full", &other).await.unwrap_err();
    assert!(matches!(refused, BillingError::Unavailable { .. }), "{refused:?}");
    // The certificate is of the authority, and of another name.
    open("localhost", port, "verify-full", &ours).await.unwrap_err();
    open("localhost", port, "verify-ca", &ours).await.unwrap();

    let books = open(HOST, port, "verify-full", &ours).await.unwrap();
    let ledger = Ledger::new(Arc::new(books), Arc::new(SystemClock::new()));
    let account = AccountId::generate();
    for operation in [Operation::Open(terms(account)), Operation::Grant(paid(account, 3))] {
        ledger.apply(Key::generate(), operation).await.unwrap();
    }
    assert_eq!(ledger.balance(account).await.unwrap().available, Amount::credits(3));
    // Whoever came over the network came in secret.
    let ask = "SELECT count(*) FILTER (WHERE ssl) > 1, count(*) FILTER (WHERE NOT ssl) FROM \
               pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_port > 0";
    let mut psql = server.client("psql");
    let told = psql.args(["-p", &port.to_string(), "-d", "postgres", "-At", "-c", ask]).output();
    assert_eq!(String::from_utf8(told.unwrap().stdout).unwrap(), "t|0\n");
}
