//! What `enrollment serve` puts up with from the network: rates, proxies, pages of others, TLS.

use super::Failure;
use crate::tls;
use clap::{Args, ValueEnum};
use enrollment_http::{Edge, Forwarding, NotARate, Origins, Proxies, Rate, Rates};
use ipnet::IpNet;
use std::net::IpAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct EdgeArgs {
    /// The networks of proxies that are believed when they tell for whom they ask, such as `10.0.0.0/8`.
    #[arg(long, env = "ENROLLMENT_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    trusted_proxy: Vec<IpNet>,
    /// The header in which those proxies tell it.
    #[arg(long, env = "ENROLLMENT_FORWARDING", value_enum, default_value_t, value_name = "HEADER")]
    forwarding: ForwardingHeader,
    /// Origins whose pages may ask from a browser, such as `https://portal.example.edu`.
    #[arg(long, env = "ENROLLMENT_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    cors_origin: Vec<String>,
    /// The file with this server's certificate and those above it, in PEM: serves by TLS.
    #[arg(long, env = "ENROLLMENT_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The file with the certificate's private key, in PEM.
    #[arg(long, env = "ENROLLMENT_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Limit how often who may ask; `false` for no limit at all.
    #[arg(long, env = "ENROLLMENT_RATE_LIMITS", default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    rate_limits: bool,
    /// Reads by one person: so many a second, and so many at once, or `off`.
    #[arg(long, env = "ENROLLMENT_RATE_PERSON_READS", value_name = "RATE", value_parser = limit)]
    rate_person_reads: Option<Limit>,
    /// Changes by one person.
    #[arg(long, env = "ENROLLMENT_RATE_PERSON_WRITES", value_name = "RATE", value_parser = limit)]
    rate_person_writes: Option<Limit>,
    /// Reads by one API key.
    #[arg(long, env = "ENROLLMENT_RATE_KEY_READS", value_name = "RATE", value_parser = limit)]
    rate_key_reads: Option<Limit>,
    /// Changes by one API key.
    #[arg(long, env = "ENROLLMENT_RATE_KEY_WRITES", value_name = "RATE", value_parser = limit)]
    rate_key_writes: Option<Limit>,
    /// Reads from one address.
    #[arg(long, env = "ENROLLMENT_RATE_ADDRESS_READS", value_name = "RATE", value_parser = limit)]
    rate_address_reads: Option<Limit>,
    /// Changes from one address.
    #[arg(long, env = "ENROLLMENT_RATE_ADDRESS_WRITES", value_name = "RATE", value_parser = limit)]
    rate_address_writes: Option<Limit>,
    /// Credentials from one address that are no good.
    #[arg(long, env = "ENROLLMENT_RATE_FAILED_LOGINS", value_name = "RATE", value_parser = limit)]
    rate_failed_logins: Option<Limit>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ForwardingHeader {
    #[default]
    XForwardedFor,
    Forwarded,
}

/// A rate, or that there is none.
#[derive(Clone, Copy, Debug)]
struct Limit(Option<Rate>);

fn limit(text: &str) -> Result<Limit, NotARate> {
    Rate::parse(text).map(Limit)
}

/// A network, or a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| single()).map_err(|_| "must be an address or a network, such as 10.0.0.0/8".to_owned())
}

impl EdgeArgs {
    pub(super) fn edge(&self) -> Result<Edge, Failure> {
        let origins = Origins::new(self.cors_origin.iter().map(String::as_str))
            .map_err(|error| format!("--cors-origin: {error}"))?;
        let forwarding = match self.forwarding {
            ForwardingHeader::XForwardedFor => Forwarding::XForwardedFor,
            ForwardingHeader::Forwarded => Forwarding::Forwarded,
        };
        let proxies = Proxies { trusted: self.trusted_proxy.clone(), forwarding };
        Ok(Edge { rates: self.rates(), proxies, origins, is_tls: self.tls_certificate.is_some() })
    }

    /// Where the certificate and its key are, if it serves by TLS.
    pub(super) fn tls(&self) -> Option<tls::Files> {
        let (certificate, key) = (self.tls_certificate.clone()?, self.tls_key.clone()?);
        Some(tls::Files { certificate, key })
    }

    fn rates(&self) -> Rates {
        if !self.rate_limits {
            return Rates::OFF;
        }
        let usual = Rates::default();
        let or = |given: Option<Limit>, usual| given.map_or(usual, |limit| limit.0);
        Rates {
            person_reads: or(self.rate_person_reads, usual.person_reads),
            person_writes: or(self.rate_person_writes, usual.person_writes),
            key_reads: or(self.rate_key_reads, usual.key_reads),
            key_writes: or(self.rate_key_writes, usual.key_writes),
            address_reads: or(self.rate_address_reads, usual.address_reads),
            address_writes: or(self.rate_address_writes, usual.address_writes),
            failed_logins: or(self.rate_failed_logins, usual.failed_logins),
        }
    }
}
