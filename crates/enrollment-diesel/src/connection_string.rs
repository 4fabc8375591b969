//! How a connection is opened without its secret getting anywhere else.
//!
//! A connection string may hold a password, and what libpq says of one that it cannot read may quote it: such words are not passed on.
//!
//! To explain another failure to connect: a row of [`REMEDIES`].

use diesel::{Connection, ConnectionError, ConnectionResult, PgConnection};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// Words of libpq by which it quotes of a connection string what may be a part of the password.
const QUOTING: [&str; 6] = [
    "URI",
    "percent-encoded",
    "connection info string",
    "invalid connection option",
    "invalid port number",
    "invalid integer value",
];

/// Words of libpq, and what can be done about what they say.
const REMEDIES: [(&str, &str); 4] = [
    (
        "does not match host name",
        "the host in the connection string must be a name for which PostgreSQL's certificate was issued",
    ),
    (
        "certificate verify failed",
        "`sslrootcert` must name a file with the certificate of the authority that issued PostgreSQL's",
    ),
    (
        "root certificate file",
        "name the file with the certificate of the authority that issued PostgreSQL's by `sslrootcert`",
    ),
    (
        "does not support SSL",
        "turn on TLS in PostgreSQL (`ssl = on`, with `ssl_cert_file` and `ssl_key_file`); only where nobody can listen in between, ask for \
         `sslmode=disable`",
    ),
];

/// Opens a connection.
pub(crate) fn establish(url: &SecretString) -> ConnectionResult<PgConnection> {
    PgConnection::establish(url.expose_secret()).map_err(without_secrets).map_err(with_remedy)
}

fn with_remedy(error: ConnectionError) -> ConnectionError {
    let ConnectionError::BadConnection(said) = &error else { return error };
    match REMEDIES.iter().find(|(words, _)| said.contains(words)) {
        Some((_, remedy)) => ConnectionError::BadConnection(format!("{}; {remedy}", said.trim_end())),
        None => error,
    }
}

fn without_secrets(error: ConnectionError) -> ConnectionError {
    let ConnectionError::BadConnection(said) = &error else { return error };
    // The end of a password that has an @ in it as it is would be looked up as the name of a host.
    let is_host_a_secret = said.contains("host name") && said.contains('@');
    if !is_host_a_secret && !QUOTING.iter().any(|words| said.contains(words)) {
        return error;
    }
    ConnectionError::BadConnection(
        "the connection string cannot be read; in a URL, `:`, `/`, `?`, `#`, `@` and `%` of a password are written as %3A, %2F, %3F, \
         %23, %40 and %25"
            .to_owned(),
    )
}

/// libpq takes the time that connecting may take from the connection string only. One that is there already stays.
pub(crate) fn with_connect_timeout(url: &SecretString, timeout: Duration) -> SecretString {
    let url = url.expose_secret();
    if url.contains("connect_timeout") {
        return url.into();
    }
    let is_uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let separator = match (is_uri, url.contains('?')) {
        (false, _) => ' ',
        (true, false) => '?',
        (true, true) => '&',
    };
    // libpq counts in seconds, and takes 0 for "forever".
    format!("{url}{separator}connect_timeout={}", timeout.as_secs().max(1)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(url: &str, timeout: Duration) -> String {
        with_connect_timeout(&url.into(), timeout).expose_secret().to_owned()
    }

    #[test]
    fn connecting_is_bounded_whatever_the_form_of_the_url() {
        for (url, expected) in [
            ("postgres://db/e", "postgres://db/e?connect_timeout=3"),
            ("postgresql://db/e?sslmode=require", "postgresql://db/e?sslmode=require&connect_timeout=3"),
            ("host=/run/pg dbname=e", "host=/run/pg dbname=e connect_timeout=3"),
            ("postgres://db/e?connect_timeout=9", "postgres://db/e?connect_timeout=9"),
        ] {
            assert_eq!(bounded(url, Duration::from_millis(3_500)), expected);
        }
        assert_eq!(bounded("dbname=e", Duration::ZERO), "dbname=e connect_timeout=1");
    }

    /// Each is asked of libpq itself, whose words differ by version.
    #[test]
    fn no_failure_to_connect_quotes_the_password() {
        for url in [
            "postgres://ada:hunter2@127.0.0.1:1/e",
            "postgres://ada:a@hunter2@127.0.0.1:1/e",
            "postgres://ada:a/hunter2@127.0.0.1:1/e",
            "postgres://ada:a%hunter2@127.0.0.1:1/e",
            "postgres://ada:%00hunter2@127.0.0.1:1/e",
            "postgres://ada:[hunter2@127.0.0.1:1/e",
            "postgres://ada:a?hunter2@127.0.0.1:1/e",
            "postgres://ada@127.0.0.1:1/e?password=a&hunter2",
            "postgres://ada@127.0.0.1:1/e?password=a=hunter2",
            "postgres://[hunter2",
            "postgres://ada:12:hunter2@127.0.0.1:1/e",
            "host=127.0.0.1 port=1 password=a hunter2",
            "host=127.0.0.1 port=1 password='hunter2",
            "host=127.0.0.1 port=hunter2",
            "hunter2",
        ] {
            let said = establish(&url.into()).err().map(|error| format!("{error} {error:?}")).unwrap();
            assert!(!said.contains("hunter2"), "{url}: {said}");
        }
    }
}
