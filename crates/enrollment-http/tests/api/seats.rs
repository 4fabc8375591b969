//! The seats of a term: read once for all who ask, and followed.

use crate::api::{Ports, TestApi};
use crate::samples::*;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::{Method, StatusCode};
use actix_web::rt::time::{sleep, timeout};
use actix_web::test::{TestRequest, call_service, init_service};
use enrollment_core::registration::{MockSeatCounts, SeatCount};
use enrollment_core::{Error, Subject};
use serde_json::{Value, json};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

fn path() -> String {
    format!("/api/v1/terms/{TERM}/seats")
}

fn count(taken: u32) -> SeatCount {
    SeatCount { id: section().id, seats: 30, taken, waitlisted: 2, open: taken < 30 }
}

fn other() -> SeatCount {
    SeatCount { id: uuid::Uuid::max().into(), ..count(0) }
}

/// Seats of which so many are taken as the number says; none when the term is gone.
fn taking(taken: &Arc<AtomicU32>, asked: &Arc<AtomicU32>) -> MockSeatCounts {
    let (taken, asked) = (Arc::clone(taken), Arc::clone(asked));
    let mut counts = MockSeatCounts::new();
    counts.expect_of_term().returning(move |_| {
        asked.fetch_add(1, Ordering::SeqCst);
        match taken.load(Ordering::SeqCst) {
            u32::MAX => Err(Error::NotFound(Subject::Term)),
            99 => Err(Error::Busy),
            taken => Ok(vec![count(taken), other()]),
        }
    });
    counts
}

fn watched() -> (TestApi, Arc<AtomicU32>, Arc<AtomicU32>) {
    let (taken, asked) = (Arc::default(), Arc::default());
    let ports = Ports { seats: taking(&taken, &asked), ..Ports::default() };
    (ports.api(), taken, asked)
}

#[actix_web::test]
async fn the_seats_of_a_term_are_one_list_that_anybody_may_keep_for_a_moment() {
    let (api, taken, asked) = watched();
    let first = api.get(&path()).await;
    assert_eq!((first.status, first.header("cache-control")), (StatusCode::OK, "private, max-age=1"));
    let section = |id: Value, taken: u32| json!({"id": id, "seats": 30, "taken": taken, "waitlisted": 2, "open": true});
    let sections = [section(SECTION.into(), 0), section(json!(other().id), 0)];
    assert_eq!(first.json(), json!({"term_id": TERM, "sections": sections}));
    let again = || TestRequest::get().uri(&path()).insert_header(("if-none-match", first.header("etag")));
    for _ in 0..20 {
        let again = api.send(again()).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(again.header("cache-control"), "private, max-age=1");
    }
    let asked_so_far = asked.load(Ordering::SeqCst);
    assert!(asked_so_far <= 3, "the store was asked {asked_so_far} times for 21 answers");

    taken.store(1, Ordering::SeqCst);
    sleep(Duration::from_millis(300)).await;
    let changed = api.send(again()).await;
    assert_eq!((changed.status, &changed.json()["sections"][0]["taken"]), (StatusCode::OK, &json!(1)));
}

#[actix_web::test]
async fn a_term_that_is_not_there_has_neither_seats_nor_a_stream() {
    let (api, taken, _) = watched();
    taken.store(u32::MAX, Ordering::SeqCst);
    for path in [path(), format!("{}/stream", path()), "/api/v1/terms/none/seats".to_owned()] {
        api.get(&path).await.problem(404, "/problems/not-found");
    }
    taken.store(99, Ordering::SeqCst);
    api.get(&path()).await.problem(503, "/problems/busy");
}

/// A stream, of which nothing is read until somebody asks.
struct Stream(BoxBody);

impl Stream {
    async fn of(api: &TestApi) -> Self {
        let app = init_service(api.app()).await;
        let request = TestRequest::get().uri(&format!("{}/stream", path())).to_request();
        let response = call_service(&app, request).await;
        assert_eq!(response.status(), StatusCode::OK);
        for (name, value) in [("content-type", "text/event-stream"), ("cache-control", "no-store")] {
            assert_eq!(response.headers().get(name).unwrap(), value);
        }
        Self(response.into_body().boxed())
    }

    /// The next event, as its name and data; none when the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        let next = poll_fn(|context| Pin::new(&mut self.0).poll_next(context));
        let bytes = timeout(Duration::from_secs(5), next).await.expect("something comes in time")?.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.ends_with("\n\n"), "{text:?}");
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        Some((field("event: ").to_owned(), serde_json::from_str(field("data: ")).unwrap()))
    }

    async fn expect(&mut self, event: &str) -> Value {
        let (name, data) = self.next().await.expect("the stream goes on");
        assert_eq!(name, event, "{data}");
        data
    }
}

#[actix_web::test]
async fn a_stream_tells_everything_first_and_then_what_changes() {
    let (api, taken, _) = watched();
    let mut stream = Stream::of(&api).await;
    let first = stream.expect("seats").await;
    assert_eq!(first, api.get(&path()).await.json());
    for seats in [1, 30] {
        taken.store(seats, Ordering::SeqCst);
        let changes = stream.expect("changes").await;
        assert_eq!(changes, json!({"sections": [count(seats)], "removed": []}));
    }
    // The database may be away for a while.
    taken.store(99, Ordering::SeqCst);
    sleep(Duration::from_millis(600)).await;
    taken.store(29, Ordering::SeqCst);
    assert_eq!(stream.expect("changes").await["sections"], json!([count(29)]));
    taken.store(u32::MAX, Ordering::SeqCst);
    assert_eq!(stream.next().await, None, "the term is gone");
}

#[actix_web::test]
async fn who_reads_slowly_gets_the_newest_and_nobody_waits() {
    let (api, taken, _) = watched();
    let (mut slow, mut fast) = (Stream::of(&api).await, Stream::of(&api).await);
    slow.expect("seats").await;
    fast.expect("seats").await;
    for seats in 1..=5 {
        taken.store(seats, Ordering::SeqCst);
        assert_eq!(fast.expect("changes").await["sections"][0]["taken"], seats);
    }
    assert_eq!(slow.expect("seats").await["sections"][0]["taken"], 5);
    taken.store(6, Ordering::SeqCst);
    assert_eq!(slow.expect("changes").await["sections"][0]["taken"], 6);
}

#[actix_web::test]
async fn many_followers_cost_what_one_costs_and_none_costs_nothing() {
    let (api, taken, asked) = watched();
    let mut streams = Vec::new();
    for _ in 0..200 {
        let mut stream = Stream::of(&api).await;
        stream.expect("seats").await;
        streams.push(stream);
    }
    asked.store(0, Ordering::SeqCst);
    taken.store(7, Ordering::SeqCst);
    let began = std::time::Instant::now();
    for stream in &mut streams {
        assert_eq!(stream.expect("changes").await["sections"][0]["taken"], 7);
    }
    sleep(Duration::from_secs(1)).await;
    let most = 4 * (u32::try_from(began.elapsed().as_millis()).unwrap() / 1_000 + 1);
    let reads = asked.load(Ordering::SeqCst);
    assert!(reads <= most, "{reads} reads in {:?}", began.elapsed());

    drop(streams);
    sleep(Duration::from_millis(600)).await;
    asked.store(0, Ordering::SeqCst);
    sleep(Duration::from_millis(600)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 0, "nobody follows any more");
    taken.store(8, Ordering::SeqCst);
    let mut late = Stream::of(&api).await;
    assert_eq!(late.expect("seats").await["sections"][0]["taken"], 8);
    taken.store(9, Ordering::SeqCst);
    assert_eq!(late.expect("changes").await["sections"][0]["taken"], 9);
}

#[actix_web::test]
async fn streams_end_when_the_server_stops() {
    let (api, _, _) = watched();
    let mut stream = Stream::of(&api).await;
    stream.expect("seats").await;
    api.end_streams();
    assert_eq!(stream.next().await, None);
    api.get(&format!("{}/stream", path())).await.problem(503, "/problems/busy");
    assert_eq!(api.get(&path()).await.status, StatusCode::OK, "what is in flight is still answered");
}

#[actix_web::test]
async fn asking_only_for_the_head_of_a_stream_is_answered() {
    let (api, _, _) = watched();
    let head = api.send(TestRequest::default().method(Method::HEAD).uri(&format!("{}/stream", path()))).await;
    assert_eq!((head.status, head.header("content-type")), (StatusCode::OK, "text/event-stream"));
}
