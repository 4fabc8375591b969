//! What `ApiKeyRepository` and `Credentials` promise.

use super::university::{Time, University, id, now};
use chrono::TimeDelta;
use enrollment_core::access::{AccessToken, ApiKey, ApiKeyRepository, Credentials, Role, Scope, SecretDigest};
use enrollment_core::actor::Actor;
use enrollment_core::page::{Limit, PageRequest};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use std::thread;
use std::time::{Duration, Instant};

fn key(prefix: &str) -> ApiKey {
    ApiKey {
        id: id().into(),
        prefix: prefix.to_owned().try_into().unwrap(),
        name: "Nightly import".try_into().unwrap(),
        roles: vec![Role::Auditor, Role::Service([Scope::StudentsRead, Scope::CatalogWrite].into())],
        created_at: now(),
        created_by: Actor::system("test"),
        expires_at: Some(now() + TimeDelta::days(90)),
        revoked_at: None,
        revoked_by: None,
        last_used_at: None,
    }
}

fn insert(university: &University, prefix: &str) -> (ApiKey, SecretDigest) {
    let (key, digest) = (key(prefix), SecretDigest::of(prefix));
    assert_eq!(block_on(ApiKeyRepository::insert(&university.store, key.clone(), digest)).unwrap(), key);
    (key, digest)
}

fn find(university: &University, key: &ApiKey) -> ApiKey {
    block_on(ApiKeyRepository::find(&university.store, key.id)).unwrap()
}

#[test]
fn keys_are_listed_found_by_their_secret_and_revoked_once() {
    let university = University::new();
    let store = &university.store;
    assert!(!block_on(store.any()).unwrap());
    let (first, digest) = insert(&university, "abcdefgh");
    let (second, _) = insert(&university, "hgfedcba");
    assert!(block_on(store.any()).unwrap());
    assert_eq!(block_on(store.key_of(digest)).unwrap(), Some(first.clone()));
    assert_eq!(block_on(store.key_of(SecretDigest::of("other"))).unwrap(), None);

    let page = |after| PageRequest { limit: Limit::try_from(1).unwrap(), after };
    let one = block_on(ApiKeyRepository::list(store, page(None))).unwrap();
    assert_eq!((one.items, one.next), (vec![first.clone()], Some(first.id)));
    let two = block_on(ApiKeyRepository::list(store, page(Some(first.id)))).unwrap();
    assert_eq!((two.items, two.next), (vec![second.clone()], None));

    let revoke = |by: &str, at: Time| block_on(store.revoke(first.id, Actor::system(by), at));
    let revoked = revoke("first", now()).unwrap();
    assert_eq!((revoked.revoked_at, revoked.revoked_by.as_ref()), (Some(now()), Some(&Actor::system("first"))));
    assert_eq!(revoke("second", now() + TimeDelta::hours(1)).unwrap(), revoked);
    assert_eq!(block_on(store.key_of(digest)).unwrap(), Some(revoked));
    assert_eq!(find(&university, &second), second);

    let nobody = block_on(store.revoke(id().into(), Actor::system("test"), now()));
    assert!(matches!(nobody, Err(Error::NotFound(Subject::Key))), "{nobody:?}");
    let nobody = block_on(ApiKeyRepository::find(store, id().into()));
    assert!(matches!(nobody, Err(Error::NotFound(Subject::Key))), "{nobody:?}");
}

#[test]
fn a_token_is_found_with_its_key_and_makes_room_for_itself() {
    let university = University::new();
    let store = &university.store;
    let (key, _) = insert(&university, "abcdefgh");
    let token = |issued_at: Time| AccessToken {
        key_id: key.id,
        roles: vec![Role::Service([Scope::StudentsRead].into())],
        issued_at,
        expires_at: issued_at + AccessToken::LIFETIME,
    };
    let (old, new) = (SecretDigest::of("old"), SecretDigest::of("new"));
    block_on(store.keep_token(old, token(now()))).unwrap();
    assert_eq!(block_on(store.token_of(old)).unwrap(), Some((token(now()), key.clone())));
    assert_eq!(block_on(store.token_of(new)).unwrap(), None);
    // A key's secret is no token.
    assert_eq!(block_on(store.token_of(SecretDigest::of("abcdefgh"))).unwrap(), None);

    let later = now() + TimeDelta::hours(1);
    block_on(store.keep_token(new, token(later))).unwrap();
    assert_eq!(block_on(store.token_of(old)).unwrap(), None, "it has expired and was forgotten");
    assert_eq!(block_on(store.token_of(new)).unwrap(), Some((token(later), key)));
}

#[test]
fn when_a_key_was_last_used_is_written_soon_and_never_goes_back() {
    let university = University::new();
    let (used, _) = insert(&university, "abcdefgh");
    let (idle, _) = insert(&university, "hgfedcba");
    let later = now() + TimeDelta::minutes(5);
    for at in [now(), later, now()] {
        university.store.used(used.id, at);
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    while find(&university, &used).last_used_at != Some(later) {
        assert!(Instant::now() < deadline, "it was never written");
        thread::sleep(Duration::from_millis(10));
    }
    university.store.used(used.id, now());
    thread::sleep(Duration::from_millis(200));
    assert_eq!(find(&university, &used).last_used_at, Some(later));
    assert_eq!(find(&university, &idle).last_used_at, None);
}
