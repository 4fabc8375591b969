//! TLS of the server's own.

use super::*;
use enrollment_server::tls::{Certificate, Files};
use enrollment_tests::{Place, ServerProcess};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

/// Makes a certificate for this machine, and writes it to the folder.
pub(crate) fn issue(folder: &Path) -> (Files, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = Files { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
    fs::write(&files.certificate, cert.pem()).unwrap();
    fs::write(&files.key, signing_key.serialize_pem()).unwrap();
    (files, cert.der().clone())
}

/// What the server answers to somebody who trusts this certificate and no other.
fn ask(address: SocketAddr, trusted: &CertificateDer<'static>) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.sock.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_certificate_is_served_and_nothing_without() {
    let folder = TempDir::new().unwrap();
    let (files, certificate) = issue(folder.path());
    let app = TestApp::start_with(|settings| {
        settings.tls = Some(Certificate::read(files).unwrap());
        settings.edge.is_tls = true;
    });
    let answer = ask(app.address(), &certificate).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security: max-age=31536000"), "{answer}");
    let (_, other) = issue(TempDir::new().unwrap().path());
    assert!(ask(app.address(), &other).is_err(), "it is this certificate and no other");
    let in_the_open = Client::with_patience(app.address(), Duration::from_secs(2));
    assert!(in_the_open.try_send("GET", "/healthz", &[], None).is_none_or(|answer| answer.status != 200));
}

#[test]
fn a_renewed_certificate_is_taken_and_a_broken_one_is_not() {
    let folder = TempDir::new().unwrap();
    let (files, first) = issue(folder.path());
    let settings = [("ENROLLMENT_TLS_CERTIFICATE", &files.certificate), ("ENROLLMENT_TLS_KEY", &files.key)]
        .map(|(name, path)| (name, path.to_str().unwrap()));
    let data = ServerProcess::data_dir();
    let (place, address) = (Place::data_dir(data.path()).with(&settings), ServerProcess::free_address());
    let server = ServerProcess::start_and_wait(&place, address, |_| ask(address, &first).is_ok());
    let hang_up =
        || assert!(Command::new("kill").args(["-HUP", &server.pid().to_string()]).status().unwrap().success());

    fs::write(&files.certificate, "nonsense").unwrap();
    hang_up();
    thread::sleep(Duration::from_millis(200));
    assert!(ask(address, &first).is_ok(), "the one that was there stays");

    let (_, second) = issue(folder.path());
    hang_up();
    let deadline = Instant::now() + Duration::from_secs(10);
    while ask(address, &second).is_err() {
        assert!(Instant::now() < deadline, "the new one is served");
        thread::sleep(Duration::from_millis(20));
    }
    assert!(ask(address, &first).is_err());
}

#[test]
fn files_that_are_no_certificate_and_key_are_named() {
    let folder = TempDir::new().unwrap();
    let (files, _) = issue(folder.path());
    let told = |files: Files| Certificate::read(files).unwrap_err().to_string();
    let elsewhere = folder.path().join("nowhere.pem");
    assert!(told(Files { certificate: elsewhere.clone(), ..files.clone() }).contains("nowhere.pem"));
    assert!(told(Files { key: elsewhere, ..files.clone() }).contains("nowhere.pem"));
    assert!(told(Files { certificate: files.key.clone(), ..files.clone() }).contains("has no certificate"));
    let other = TempDir::new().unwrap();
    let (foreign, _) = issue(other.path());
    assert!(told(Files { key: foreign.key, ..files }).contains("cannot be used"));
}
