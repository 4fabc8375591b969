//! Tokens of every kind, by a provider whose keys the tests have.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::needless_pass_by_value)]

use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enrollment_core::Error;
use enrollment_core::access::{MockNumbers, Scope};
use enrollment_core::text::{InstructorNumber, StudentNumber};
use pollster::block_on;
use proptest::prelude::*;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};
use uuid::Uuid;

const ISSUER: &str = "https://id.example.edu/realms/campus";

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key of the provider.
enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    /// With the secret of an HMAC.
    Hmac(Vec<u8>),
    /// Not at all.
    None,
}

impl Signer {
    fn rsa() -> Self {
        // Only of these tests.
        Self::Rsa(RsaKeyPair::from_pkcs8(include_bytes!("rsa_for_tests.der")).unwrap())
    }

    fn ec() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self::Ec(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref(), &random).unwrap())
    }

    fn ed() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())
    }

    fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                let PublicKeyComponents::<Vec<u8>> { n, e } = key.public().into();
                json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": base64(n), "e": base64(e)})
            }
            Self::Ec(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": base64(x), "y": base64(y)})
            }
            Self::Ed(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": kid, "x": base64(key.public_key())})
            }
            Self::Hmac(secret) => json!({"kty": "oct", "kid": kid, "alg": "HS256", "k": base64(secret)}),
            Self::None => panic!("no key"),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
            Self::Hmac(_) => "HS256",
            Self::None => "none",
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
            Self::Hmac(secret) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec(),
            Self::None => Vec::new(),
        }
    }

    /// A token with this header and these claims.
    fn signed(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let signature = self.sign(message.as_bytes());
        format!("{message}.{}", base64(signature))
    }

    fn token(&self, kid: &str, claims: &Value) -> String {
        self.signed(&json!({"alg": self.algorithm(), "typ": "JWT", "kid": kid}), claims)
    }
}

fn now() -> i64 {
    SystemClock.now().timestamp()
}

/// Claims that are right, with others over them; a null takes one away.
fn claims(over: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": ["enrollment", "account"], "sub": "8c4e", "exp": now() + 300, "nbf": now() - 10, "student_number": "S1",
    });
    for (name, value) in over.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn mapping() -> Mapping {
    let path = |text: &str| Some(text.parse().unwrap());
    let rules =
        ["office=registrar", "advisors=advisor:permits:write", "sync=service:students:read", "teachers=instructor"];
    Mapping {
        student: path("student_number"),
        instructor: path("staff_number"),
        programs: path("advises"),
        roles: path("realm_access.roles"),
        rules: rules.iter().map(|rule| rule.parse().unwrap()).collect(),
    }
}

fn ada() -> enrollment_core::ids::StudentId {
    Uuid::from_u128(1).into()
}

fn provider(keys: KeySource) -> Provider {
    let mut numbers = MockNumbers::new();
    numbers.expect_student().returning(|number| match number.as_str() {
        "S1" => Ok(Some(ada())),
        "busy" => Err(Error::Busy),
        _ => Ok(None),
    });
    let settings = ProviderSettings {
        issuer: ISSUER.to_owned(),
        audiences: vec!["enrollment".to_owned()],
        keys,
        leeway: Duration::from_secs(30),
        mapping: mapping(),
    };
    Provider::new(settings, Arc::new(numbers)).unwrap()
}

fn write_keys(file: &Path, keys: &[Value]) {
    fs::write(file, json!({ "keys": keys }).to_string()).unwrap();
}

/// A provider with an RSA, an EC and an Ed25519 key.
struct Campus {
    rsa: Signer,
    ec: Signer,
    ed: Signer,
    provider: Provider,
    folder: tempfile::TempDir,
}

impl Campus {
    fn new() -> Self {
        let (rsa, ec, ed) = (Signer::rsa(), Signer::ec(), Signer::ed());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jwks.json");
        let shared = Signer::Hmac(b"secret".to_vec()).jwk("hmac");
        let unknown = json!({"kty": "EC", "crv": "secp256k1", "kid": "other", "x": "AA", "y": "AA"});
        let encrypting = json!({"kty": "RSA", "use": "enc", "kid": "enc", "n": rsa.jwk("")["n"], "e": "AQAB"});
        write_keys(&file, &[rsa.jwk("rsa"), ec.jwk("ec"), ed.jwk("ed"), shared, unknown, encrypting]);
        let provider = provider(KeySource::File(file));
        Self { rsa, ec, ed, provider, folder }
    }

    fn ask(&self, token: &str) -> Result<Principal, AuthenticationError> {
        block_on(self.provider.authenticate(token))
    }

    #[track_caller]
    fn refuses(&self, token: &str, why: Rejection, case: &str) {
        match self.ask(token) {
            Err(AuthenticationError::Rejected(rejection)) => assert_eq!(rejection, why, "{case}"),
            other => panic!("{case}: {other:?}"),
        }
    }
}

#[test]
fn tokens_of_every_key_are_taken() {
    let campus = Campus::new();
    for (kid, signer) in [("rsa", &campus.rsa), ("ec", &campus.ec), ("ed", &campus.ed)] {
        let token = signer.token(kid, &claims(json!({})));
        for _ in 0..2 {
            let principal = campus.ask(&token).unwrap();
            assert_eq!(principal, Principal::new(Actor::student(ada()), vec![Role::Student(ada())]), "{kid}");
        }
    }
    // Of each algorithm there is one key, so it need not be named.
    let unnamed = campus.ed.signed(&json!({"alg": "EdDSA"}), &claims(json!({})));
    assert!(campus.ask(&unnamed).is_ok());
}

#[test]
fn whose_time_it_is_not_or_who_are_others_are_refused() {
    use Rejection as R;
    let campus = Campus::new();
    let table = [
        (json!({"exp": now() - 31}), Some(R::Expired)),
        (json!({"exp": now() - 20}), None),
        (json!({"exp": null}), Some(R::Malformed)),
        (json!({"exp": "tomorrow"}), Some(R::Malformed)),
        (json!({"exp": 1e30}), Some(R::Malformed)),
        (json!({"exp": -1}), Some(R::Malformed)),
        (json!({"nbf": now() + 120}), Some(R::NotYetValid)),
        (json!({"nbf": now() + 20}), None),
        (json!({"nbf": null}), None),
        (json!({"iss": "https://id.example.org"}), Some(R::WrongIssuer)),
        (json!({"iss": null}), Some(R::WrongIssuer)),
        (json!({"iss": [ISSUER]}), Some(R::WrongIssuer)),
        (json!({"iss": 7}), Some(R::WrongIssuer)),
        (json!({"aud": "other"}), Some(R::WrongAudience)),
        (json!({"aud": ["other"]}), Some(R::WrongAudience)),
        (json!({"aud": []}), Some(R::WrongAudience)),
        (json!({"aud": null}), Some(R::WrongAudience)),
        (json!({"aud": {"enrollment": true}}), Some(R::WrongAudience)),
        (json!({"aud": "enrollment"}), None),
        (json!({"sub": null}), Some(R::Malformed)),
        (json!({"sub": ""}), Some(R::Malformed)),
        (json!({"sub": "a\nb"}), Some(R::Malformed)),
        (json!({"sub": "x".repeat(201)}), Some(R::Malformed)),
    ];
    for (over, why) in table {
        let token = campus.ed.token("ed", &claims(over.clone()));
        match why {
            Some(why) => campus.refuses(&token, why, &over.to_string()),
            None => assert!(campus.ask(&token).is_ok(), "{over}"),
        }
    }
}

#[test]
fn the_algorithm_is_that_of_the_key_whatever_the_token_says() {
    use Rejection as R;
    let campus = Campus::new();
    let good = claims(json!({}));
    let Signer::Rsa(rsa) = &campus.rsa else { panic!("it is RSA") };
    let public = Signer::Hmac(rsa.public().as_ref().to_vec());
    let jwk = Signer::Hmac(campus.rsa.jwk("rsa").to_string().into_bytes());
    let table = [
        ("none", Signer::None.token("rsa", &good), R::AlgorithmNotAccepted),
        ("none, unnamed", Signer::None.signed(&json!({"alg": "none"}), &good), R::AlgorithmNotAccepted),
        ("None", Signer::None.signed(&json!({"alg": "None", "kid": "rsa"}), &good), R::AlgorithmNotAccepted),
        ("HS256 by the RSA key", public.token("rsa", &good), R::AlgorithmNotAccepted),
        ("HS256 by the JWK", jwk.token("rsa", &good), R::AlgorithmNotAccepted),
        ("HS256, unnamed", public.signed(&json!({"alg": "HS256"}), &good), R::AlgorithmNotAccepted),
        ("the published HMAC", Signer::Hmac(b"secret".to_vec()).token("hmac", &good), R::AlgorithmNotAccepted),
        ("HS256 that says RS256", public.signed(&json!({"alg": "RS256", "kid": "rsa"}), &good), R::Unknown),
        ("RS512", campus.rsa.signed(&json!({"alg": "RS512", "kid": "rsa"}), &good), R::AlgorithmNotAccepted),
        (
            "RS256 for the EC key",
            campus.rsa.signed(&json!({"alg": "RS256", "kid": "ec"}), &good),
            R::AlgorithmNotAccepted,
        ),
        ("ES256 by another key", Signer::ec().token("ec", &good), R::Unknown),
        ("EdDSA by another key", Signer::ed().token("ed", &good), R::Unknown),
        ("a key for encryption", campus.rsa.token("enc", &good), R::Unknown),
        ("an unknown key", campus.rsa.token("nobody's", &good), R::Unknown),
    ];
    for (case, token, why) in table {
        campus.refuses(&token, why, case);
    }
}

#[test]
fn what_is_no_token_is_malformed() {
    let campus = Campus::new();
    let good = campus.ed.token("ed", &claims(json!({})));
    let parts: Vec<&str> = good.split('.').collect();
    let [head, body, signature] = parts[..] else { panic!("three parts") };
    let changed = base64(claims(json!({"student_number": "S2"})).to_string());
    campus.refuses(&format!("{head}.{changed}.{signature}"), Rejection::Unknown, "changed claims");
    campus.refuses(&format!("{head}.{body}."), Rejection::Unknown, "no signature");
    let crit = campus.ed.signed(&json!({"alg": "EdDSA", "kid": "ed", "crit": ["exp"]}), &claims(json!({})));
    let list = campus.ed.signed(&json!({"alg": "EdDSA", "kid": "ed"}), &json!([]));
    for token in
        ["..", "a.b.c", &format!(".{body}.{signature}"), &crit, &list, &format!("{}.{body}.{signature}", base64("{}"))]
    {
        campus.refuses(token, Rejection::Malformed, token);
    }
}

#[test]
fn claims_become_roles_as_they_are_mapped() {
    let campus = Campus::new();
    let principal = |over: Value| {
        let over = claims(json!({"student_number": null, "sub": "8c4e"}))
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .chain(over.as_object().unwrap().clone())
            .collect::<serde_json::Map<_, _>>();
        campus.ask(&campus.ec.token("ec", &Value::Object(over))).unwrap()
    };
    let roles = |roles: &[&str]| json!({"realm_access": {"roles": roles}});
    let user = |roles| Principal::new(Actor::user("8c4e"), roles);
    assert_eq!(principal(json!({})), user(vec![]));
    assert_eq!(principal(roles(&["nothing", "office"])), user(vec![Role::Registrar]));
    assert_eq!(principal(json!({"realm_access.roles": "office"})), user(vec![Role::Registrar]));
    assert_eq!(principal(roles(&["sync"])), user(vec![Role::Service([Scope::StudentsRead].into())]));
    // A number alone does not make an instructor here, nor the role alone.
    assert_eq!(principal(json!({"staff_number": "I1"})), user(vec![]));
    assert_eq!(principal(roles(&["teachers"])), user(vec![]));
    let teacher = json!({"staff_number": "I1", "realm_access": {"roles": ["teachers"]}});
    assert_eq!(principal(teacher), user(vec![Role::Instructor(InstructorNumber::try_from("I1").unwrap())]));
    assert_eq!(principal(roles(&["advisors"])), user(vec![]));
    let advisor = json!({"advises": ["Physics", ""], "realm_access": {"roles": ["advisors"]}});
    let expected =
        Role::Advisor { programs: ["Physics".try_into().unwrap()].into(), scopes: [Scope::PermitsWrite].into() };
    assert_eq!(principal(advisor), user(vec![expected]));
    // A student with another role acts under their own name.
    let both = json!({"student_number": "S1", "realm_access": {"roles": ["office"]}});
    assert_eq!(principal(both), user(vec![Role::Registrar, Role::Student(ada())]));
    // Nobody is two students, and one who is not here has no role.
    assert_eq!(principal(json!({"student_number": ["S1", "S2"]})), user(vec![]));
    assert_eq!(principal(json!({"student_number": "S9"})), user(vec![]));
}

#[test]
fn a_store_that_cannot_tell_is_no_verdict() {
    let campus = Campus::new();
    let token = campus.ec.token("ec", &claims(json!({"student_number": "busy"})));
    assert!(matches!(campus.ask(&token), Err(AuthenticationError::Busy)));
}

#[test]
fn rules_are_read_or_told() {
    for good in ["a=registrar", "a=b=auditor", "x=service:students:read+catalog:write", "https://x/y=advisor"] {
        assert!(good.parse::<RoleRule>().is_ok(), "{good}");
    }
    for bad in ["", "registrar", "a=emperor", "a=service", "a=service:", "a=service:all", "a=registrar:students:read"] {
        assert!(bad.parse::<RoleRule>().is_err(), "{bad}");
    }
    for good in [
        "keys.json",
        "/etc/keys.json",
        "https://id/keys",
        "http://127.0.0.1:1/",
        "http://localhost/k",
        "http://[::1]:8/k",
    ] {
        assert!(good.parse::<KeySource>().is_ok(), "{good}");
    }
    for bad in ["", "http://id.example.edu/keys", "ftp://x", "http://127.0.0.1.evil.example/"] {
        assert!(bad.parse::<KeySource>().is_err(), "{bad}");
    }
}

#[test]
fn a_file_is_read_again_when_it_changes_and_what_it_no_longer_has_is_forgotten() {
    let campus = Campus::new();
    let (old, new) = (campus.ed.token("ed", &claims(json!({}))), Signer::ed());
    let later = new.token("new", &claims(json!({})));
    assert!(campus.ask(&old).is_ok());
    let file = campus.folder.path().join("jwks.json");
    fs::write(&file, "half written").unwrap();
    thread::sleep(Duration::from_millis(1_500));
    assert!(campus.ask(&old).is_ok(), "the last good keys stay");
    write_keys(&file, &[new.jwk("new")]);
    let deadline = Instant::now() + Duration::from_secs(10);
    while campus.ask(&later).is_err() {
        assert!(Instant::now() < deadline, "the new key is never taken");
        thread::sleep(Duration::from_millis(50));
    }
    campus.refuses(&old, Rejection::Unknown, "the key is gone");
}

/// A provider that counts how often its keys are asked for.
fn serving(answers: Vec<String>) -> (String, Arc<AtomicUsize>) {
    let (base, count) = serving_at(|_| answers);
    (format!("{base}/keys"), count)
}

/// The same, whose answers say where it is.
fn serving_at(answers: impl FnOnce(&str) -> Vec<String>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (base, count) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicUsize::new(0)));
    let answers = answers(&base);
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let index = counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
            drop((&stream).write_all(answers[index].as_bytes()));
        }
    });
    (base, count)
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn a_key_that_is_not_known_is_asked_for_once_a_minute() {
    let (first, second) = (Signer::ed(), Signer::ec());
    let before = json!({"keys": [first.jwk("1")]}).to_string();
    let after = json!({"keys": [first.jwk("1"), second.jwk("2")]}).to_string();
    let (url, count) = serving(vec![ok(&before), ok(&after)]);
    let provider = provider(url.parse().unwrap());
    assert!(block_on(provider.authenticate(&first.token("1", &claims(json!({}))))).is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(block_on(provider.authenticate(&second.token("2", &claims(json!({}))))).is_ok(), "the rotated key");
    assert_eq!(count.load(Ordering::SeqCst), 2);
    for kid in ["3", "4", "5"] {
        let unknown = block_on(provider.authenticate(&second.token(kid, &claims(json!({})))));
        assert!(matches!(unknown, Err(AuthenticationError::Rejected(Rejection::Unknown))), "{unknown:?}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn what_cannot_be_read_leaves_the_last_good_keys() {
    let signer = Signer::ed();
    let keys = json!({"keys": [signer.jwk("1")]}).to_string();
    let bad = [
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            .to_owned(),
        ok("no json"),
        ok("{\"keys\": []}"),
        ok(&format!("{{\"keys\": [{}]}}", " ".repeat(300_000))),
    ];
    for answer in bad {
        let (url, count) = serving(vec![ok(&keys), answer]);
        let provider = provider(url.parse().unwrap());
        let token = |kid: &str| signer.token(kid, &claims(json!({})));
        assert!(block_on(provider.authenticate(&token("1"))).is_ok());
        assert!(block_on(provider.authenticate(&token("2"))).is_err());
        assert_eq!(count.load(Ordering::SeqCst), 2);
        let again = signer.token("1", &claims(json!({"jti": "another token"})));
        assert!(block_on(provider.authenticate(&again)).is_ok());
    }
}

/// What an issuer says of itself.
fn configuration(issuer: &str) -> String {
    ok(&json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys"), "grant_types_supported": []}).to_string())
}

#[test]
fn an_issuer_says_where_its_keys_are_each_time_that_they_are_read() {
    let (first, second) = (Signer::ed(), Signer::ec());
    let before = ok(&json!({"keys": [first.jwk("1")]}).to_string());
    let after = ok(&json!({"keys": [first.jwk("1"), second.jwk("2")]}).to_string());
    let (issuer, count) = serving_at(|base| vec![configuration(base), before, configuration(base), after]);
    let provider = provider(KeySource::of_issuer(&issuer).unwrap());
    let ask = |signer: &Signer, kid: &str| block_on(provider.authenticate(&signer.token(kid, &claims(json!({})))));
    assert!(ask(&first, "1").is_ok());
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert!(ask(&second, "2").is_ok(), "the rotated key");
    assert_eq!(count.load(Ordering::SeqCst), 4);
    assert!(matches!(ask(&second, "3"), Err(AuthenticationError::Rejected(Rejection::Unknown))));
    assert_eq!(count.load(Ordering::SeqCst), 4, "once a minute");
}

#[test]
fn a_configuration_that_is_not_the_issuers_leaves_the_last_good_keys() {
    let signer = Signer::ed();
    let keys = ok(&json!({"keys": [signer.jwk("1")]}).to_string());
    let evil = ok(&json!({"keys": [signer.jwk("2")]}).to_string());
    let elsewhere = ok(&json!({"issuer": "https://evil.example", "jwks_uri": "http://127.0.0.1:1/"}).to_string());
    for bad in [elsewhere, ok("no json"), ok("{}"), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned()] {
        let (issuer, count) = serving_at(|base| vec![configuration(base), keys.clone(), bad, evil.clone()]);
        let provider = provider(KeySource::of_issuer(&issuer).unwrap());
        let ask = |kid: &str| block_on(provider.authenticate(&signer.token(kid, &claims(json!({"jti": kid})))));
        assert!(ask("1").is_ok() && ask("2").is_err());
        assert_eq!(count.load(Ordering::SeqCst), 3, "keys are not asked for where they may be somebody else's");
        assert!(block_on(provider.authenticate(&signer.token("1", &claims(json!({"jti": "3"}))))).is_ok());
    }
}

#[test]
fn an_issuer_is_asked_only_where_it_can_be_believed() {
    for good in ["https://id.example.edu", "https://id.example.edu/realms/campus", "http://localhost:8080"] {
        assert_eq!(KeySource::of_issuer(good), Ok(KeySource::Issuer(good.to_owned())));
    }
    for bad in ["", "campus", "http://id.example.edu", "https://", "https://id.example.edu?realm=1", "https://id#1"] {
        assert!(KeySource::of_issuer(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_provider_that_is_not_there_lets_nobody_in_and_blocks_nobody() {
    let provider = provider("http://127.0.0.1:1/keys".parse().unwrap());
    let token = Signer::ed().token("1", &claims(json!({})));
    assert!(matches!(block_on(provider.authenticate(&token)), Err(AuthenticationError::Rejected(Rejection::Unknown))));
}

#[test]
fn anything_can_be_sent_as_a_token() {
    let campus = Campus::new();
    let number = StudentNumber::try_from("S1").unwrap();
    assert_eq!(number.as_str(), "S1");
    let part = prop_oneof![
        "[A-Za-z0-9_-]{0,60}",
        any::<String>().prop_map(base64),
        prop::collection::vec(any::<u8>(), 0..60).prop_map(base64)
    ];
    let claim = prop_oneof![
        Just(json!(null)),
        Just(json!(ISSUER)),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::collection::vec(any::<String>(), 0..3).prop_map(Value::from),
    ];
    let name =
        prop_oneof!["(iss|aud|sub|exp|nbf|iat|student_number|staff_number|advises|realm_access)", any::<String>()];
    let changes = prop::collection::btree_map(name, claim, 0..4);
    let header = prop::collection::btree_map("(alg|kid|typ|crit|jwk|x5c|b64)", any::<String>(), 0..4);
    proptest!(|(a in part.clone(), b in part.clone(), c in part, changes in changes, header in header)| {
        let _ = campus.ask(&format!("{a}.{b}.{c}"));
        // Signed by the provider itself, so that claims are read too.
        let changes: serde_json::Map<String, Value> = changes.into_iter().collect();
        let _ = campus.ask(&campus.ed.token("ed", &claims(Value::Object(changes))));
        let _ = campus.ask(&campus.ed.signed(&json!(header), &claims(json!({}))));
    });
}
