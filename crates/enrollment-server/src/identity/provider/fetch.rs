//! Reads a JWKS from a URL.

use rustls::crypto::ring::default_provider;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The longest JWKS that is read, in bytes.
const LONGEST: u64 = 256 * 1024;

/// How long it may take, in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fetches what a URL names. It trusts whom the system trusts (or `SSL_CERT_FILE` names), and follows nobody elsewhere.
pub(super) struct Fetcher(Agent);

impl Fetcher {
    pub(super) fn new() -> Self {
        let roots = rustls_native_certs::load_native_certs().certs;
        let roots = roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect::<Vec<_>>();
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .root_certs(RootCerts::new_with_certs(&roots))
            .build();
        let config =
            Agent::config_builder().tls_config(tls).timeout_global(Some(PATIENCE)).max_redirects(0).proxy(None).build();
        Self(config.into())
    }

    pub(super) fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let mut answer = self.0.get(url).call().map_err(|error| error.to_string())?;
        if answer.status() != 200 {
            return Err(format!("it answered {}", answer.status()));
        }
        answer.body_mut().with_config().limit(LONGEST).read_to_vec().map_err(|error| error.to_string())
    }
}
