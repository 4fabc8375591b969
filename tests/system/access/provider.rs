//! An identity provider whose key the tests have, and its tokens over HTTP.

use super::keys::guarded_with;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enrollment_core::clock::Clock;
use enrollment_server::application::Rates;
use enrollment_server::clock::SystemClock;
use enrollment_server::identity::provider::{KeySource, Mapping, ProviderSettings};
use enrollment_tests::{Client, Place, ServerProcess, TestApp, TestDatabase};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const ISSUER: &str = "https://id.example.edu/realms/campus";

/// The provider.
pub(super) struct Provider {
    key: Ed25519KeyPair,
    folder: TempDir,
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Provider {
    pub(super) fn new() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let provider = Self { key: Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap(), folder: TempDir::new().unwrap() };
        std::fs::write(provider.folder.path().join("jwks.json"), provider.keys().to_string()).unwrap();
        provider
    }

    /// Its keys, as a JWKS.
    fn keys(&self) -> Value {
        let public = base64(self.key.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k1", "x": public}]})
    }

    /// Serves what `OpenID` Connect Discovery looks for, and answers the issuer.
    fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}/realms/campus", listener.local_addr().unwrap());
        let configuration = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/certs")}).to_string();
        let keys = self.keys().to_string();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let asked = lines.next().unwrap_or_default();
                while lines.next().is_some_and(|line| !line.is_empty()) {}
                let (status, body) = match asked.split(' ').nth(1) {
                    Some("/realms/campus/.well-known/openid-configuration") => ("200 OK", configuration.as_str()),
                    Some("/realms/campus/certs") => ("200 OK", keys.as_str()),
                    _ => ("404 Not Found", ""),
                };
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                drop((&stream).write_all(answer.as_bytes()));
            }
        });
        issuer
    }

    /// A server that trusts it, and its administrator. There is no limit to failures, of which tests have more than anybody.
    pub(super) fn guarded(&self) -> (TestApp, Client) {
        let provider = ProviderSettings {
            issuer: ISSUER.to_owned(),
            audiences: vec!["enrollment".to_owned()],
            keys: KeySource::File(self.folder.path().join("jwks.json")),
            leeway: Duration::from_secs(30),
            mapping: Mapping {
                student: Some("student_number".parse().unwrap()),
                roles: Some("roles".parse().unwrap()),
                rules: vec!["office=registrar".parse().unwrap()],
                ..Mapping::default()
            },
        };
        guarded_with(|settings| {
            settings.identity.provider = Some(provider);
            settings.edge.rates = Rates::OFF;
        })
    }

    /// A token of somebody in the registrar's office, with other claims over the right ones.
    pub(super) fn token(&self, over: &Value) -> String {
        Self::signed(&json!({"alg": "EdDSA", "kid": "k1"}), over, |message| self.key.sign(message).as_ref().to_vec())
    }

    fn signed(header: &Value, over: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let now = SystemClock.now().timestamp();
        let mut claims = json!({
            "iss": ISSUER, "aud": "enrollment", "sub": "8c4e", "exp": now + 300, "roles": ["office"], "now": now
        });
        for (name, value) in over.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        format!("{message}.{}", base64(sign(message.as_bytes())))
    }

    /// Tokens that are no good, of every kind.
    pub(super) fn no_good(&self) -> Vec<(&'static str, String)> {
        let none = json!({});
        let public = self.key.public_key().as_ref().to_vec();
        let hmac = |message: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), message).as_ref().to_vec();
        let mut altered = self.token(&none);
        let claims = altered.find('.').unwrap() + 20;
        altered.replace_range(claims..=claims, if &altered[claims..=claims] == "A" { "B" } else { "A" });
        vec![
            ("an expired token", self.token(&json!({"exp": 1_700_000_000}))),
            ("a token of tomorrow", self.token(&json!({"nbf": 4_000_000_000_u64, "exp": 4_100_000_000_u64}))),
            ("a token of another issuer", self.token(&json!({"iss": "https://evil.example"}))),
            ("a token for another audience", self.token(&json!({"aud": "library"}))),
            ("a token without an end", self.token(&json!({"exp": null}))),
            ("an unsigned token", Self::signed(&json!({"alg": "none", "kid": "k1"}), &none, |_| Vec::new())),
            ("a token signed with the public key", Self::signed(&json!({"alg": "HS256", "kid": "k1"}), &none, hmac)),
            ("a token by an unknown key", Self::new().token(&none)),
            ("an altered token", altered),
            ("a token of two parts", "eyJhbGciOiJFZERTQSJ9.e30".to_owned()),
        ]
    }
}

#[test]
fn a_token_of_the_provider_is_somebody_in_the_role_that_its_claims_mean() {
    let provider = Provider::new();
    let (app, administrator) = provider.guarded();
    let (ada, grace) = (administrator.student("A-1"), administrator.student("G-1"));
    let section = administrator.open_section(5);
    let office = app.client().with_credential(&provider.token(&json!({})));
    office.get("/api/v1/students").expect(200);
    office.get("/api/v1/keys").expect(403);

    let claims = json!({"sub": "ada", "roles": [], "student_number": "A-1"});
    let student = app.client().with_credential(&provider.token(&claims));
    student.enroll(&ada, &section).expect(201);
    student.enroll(&grace, &section).expect(404);
    office.enroll(&grace, &section).expect(201);
    let newest = |of: &str| office.get(&format!("/api/v1/students/{of}/history")).expect(200)["items"][0].clone();
    let own = newest(&ada);
    assert_eq!((&own["actor"], &own["on_behalf_of"]), (&json!(format!("student:{ada}")), &Value::Null));
    let by_office = newest(&grace);
    assert_eq!((&by_office["actor"], &by_office["on_behalf_of"]), (&json!("user:8c4e"), &json!(grace)));

    // Who means nothing here may do nothing.
    let stranger = provider.token(&json!({"sub": "stranger", "roles": ["library"]}));
    app.client().with_credential(&stranger).get("/api/v1/courses").expect(403);
}

#[test]
fn a_server_that_is_told_the_issuer_alone_finds_its_keys() {
    let (provider, database) = (Provider::new(), TestDatabase::create());
    let issuer = provider.serve();
    let trusting = |issuer: &str| {
        let settings = [
            ("ENROLLMENT_OIDC_ISSUER", issuer),
            ("ENROLLMENT_OIDC_AUDIENCE", "enrollment"),
            ("ENROLLMENT_OIDC_ROLES_CLAIM", "roles"),
            ("ENROLLMENT_OIDC_ROLES", "office=registrar"),
        ];
        Place::database(database.server_url()).guarded().with(&settings)
    };
    let server = ServerProcess::start_at(&trusting(&issuer), ServerProcess::free_address());
    let ask = |token: &str| server.client().with_credential(token).get("/api/v1/students").status;
    assert_eq!(ask(&provider.token(&json!({"iss": issuer}))), 200);
    assert_eq!(ask(&provider.token(&json!({}))), 401, "of another issuer");
    assert_eq!(ask(&Provider::new().token(&json!({"iss": issuer}))), 401, "by a key of somebody else's");

    for wrong in ["campus", "http://id.example.edu"] {
        let ended = trusting(wrong).command(&["serve", "--listen", "127.0.0.1:0"]);
        assert!(ended.status != Some(0) && ended.output.contains("ENROLLMENT_OIDC_JWKS"), "{wrong}: {ended:?}");
    }
}
