//! The API on mocks, and what it answers.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Bytes;
use enrollment_core::access::{
    AccessTokens, ApiKeys, Authenticator, Gate, MockAffiliations, MockApiKeyRepository, MockAuthenticator,
    MockCredentials, MockRandomness, MockRevocations, Principal, Randomness, Rejection,
};
use enrollment_core::catalog::{
    Catalog, Course, Entry, Grades, Hold, Instructors, MockGradeRepository, MockInstructorRepository, MockRepository,
    Permit, Reservation, Section, Student, Term, Window,
};
use enrollment_core::chance::{Chance, MockChance};
use enrollment_core::clock::{Clock, MockClock};
use enrollment_core::health::MockHealth;
use enrollment_core::ids::{IdSource, MockIdSource};
use enrollment_core::registration::{
    History, MockFactsRepository, MockHistoryRepository, MockRegistrationRepository, MockRehearsal, MockSeatCounts,
    Offers, Registration, Rehearsals,
};
use enrollment_http::{Api, CatalogRehearsals, Services, Settings};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use uuid::Uuid;

/// The ports. A mock panics when it is called without an expectation, so a test also says what is not called.
#[derive(Default)]
pub(crate) struct Ports {
    pub(crate) students: MockRepository<Student>,
    pub(crate) holds: MockRepository<Hold>,
    pub(crate) permits: MockRepository<Permit>,
    pub(crate) courses: MockRepository<Course>,
    pub(crate) terms: MockRepository<Term>,
    pub(crate) windows: MockRepository<Window>,
    pub(crate) sections: MockRepository<Section>,
    pub(crate) reservations: MockRepository<Reservation>,
    pub(crate) grades: MockGradeRepository,
    pub(crate) instructors: MockInstructorRepository,
    pub(crate) registration: MockRegistrationRepository,
    pub(crate) rehearsals: RehearsalPorts,
    pub(crate) facts: MockFactsRepository,
    pub(crate) history: MockHistoryRepository,
    pub(crate) seats: MockSeatCounts,
    pub(crate) health: MockHealth,
    pub(crate) affiliations: MockAffiliations,
    pub(crate) keys: MockApiKeyRepository,
    pub(crate) revocations: MockRevocations,
    pub(crate) credentials: MockCredentials,
    /// Who has which credential. Without any, nobody needs one, and everybody may do everything.
    pub(crate) callers: BTreeMap<&'static str, Principal>,
}

/// The ports that tell what changes would do.
#[derive(Default)]
pub(crate) struct RehearsalPorts {
    pub(crate) students: MockRehearsal<Student>,
    pub(crate) holds: MockRehearsal<Hold>,
    pub(crate) permits: MockRehearsal<Permit>,
    pub(crate) courses: MockRehearsal<Course>,
    pub(crate) terms: MockRehearsal<Term>,
    pub(crate) windows: MockRehearsal<Window>,
    pub(crate) sections: MockRehearsal<Section>,
    pub(crate) reservations: MockRehearsal<Reservation>,
}

impl Ports {
    pub(crate) fn api(self) -> TestApi {
        self.api_with(Settings::default())
    }

    pub(crate) fn api_with(self, settings: Settings) -> TestApi {
        let gate = Gate::new(Arc::new(self.affiliations));
        let told = self.rehearsals;
        let sections = Arc::new(self.sections);
        let (students, student_rehearsals) = services(&gate, &Arc::new(self.students), told.students);
        let (holds, hold_rehearsals) = services(&gate, &Arc::new(self.holds), told.holds);
        let (permits, permit_rehearsals) = services(&gate, &Arc::new(self.permits), told.permits);
        let (courses, course_rehearsals) = services(&gate, &Arc::new(self.courses), told.courses);
        let (terms, term_rehearsals) = services(&gate, &Arc::new(self.terms), told.terms);
        let (windows, window_rehearsals) = services(&gate, &Arc::new(self.windows), told.windows);
        let (section_catalog, section_rehearsals) = services(&gate, &sections, told.sections);
        let (reservations, reservation_rehearsals) = services(&gate, &Arc::new(self.reservations), told.reservations);
        let services = Services {
            students,
            holds,
            permits,
            courses,
            terms,
            windows,
            sections: section_catalog,
            reservations,
            grades: Grades::new(Arc::new(self.grades), gate.clone()),
            instructors: Instructors::new(Arc::new(self.instructors), gate.clone()),
            rehearsals: CatalogRehearsals {
                students: student_rehearsals,
                holds: hold_rehearsals,
                permits: permit_rehearsals,
                courses: course_rehearsals,
                terms: term_rehearsals,
                windows: window_rehearsals,
                sections: section_rehearsals,
                reservations: reservation_rehearsals,
            },
            offers: Offers::new(sections, Arc::new(self.facts), gate.clone(), clock()),
            registration: Registration::new(Arc::new(self.registration), gate.clone(), clock(), ids()),
            history: History::new(Arc::new(self.history), gate.clone()),
            keys: ApiKeys::new(Arc::new(self.keys), gate, clock(), ids(), randomness(), Arc::new(self.revocations)),
            tokens: AccessTokens::new(Arc::new(self.credentials), clock(), randomness()),
            authenticator: authenticator(self.callers),
            seats: Arc::new(self.seats),
            health: Arc::new(self.health),
            ids: ids(),
            chance: chance(),
        };
        // Made before anything is asked, since some tests are about time.
        LazyLock::force(&DOCUMENT);
        TestApi(Api::new(services, settings).unwrap())
    }
}

/// The services of one kind of entry: what changes it, and what tells what changes would do.
fn services<E: Entry>(
    gate: &Gate,
    repository: &Arc<MockRepository<E>>,
    told: MockRehearsal<E>,
) -> (Catalog<E>, Rehearsals<E>) {
    let catalog = || Catalog::new(repository.clone(), gate.clone(), clock(), ids());
    (catalog(), Rehearsals::new(catalog(), Arc::new(told)))
}

/// Knows these callers by their credentials.
fn authenticator(callers: BTreeMap<&'static str, Principal>) -> Arc<dyn Authenticator> {
    let (mut authenticator, is_open) = (MockAuthenticator::new(), callers.is_empty());
    authenticator.expect_without_credential().returning(move || is_open.then(Principal::anonymous));
    authenticator
        .expect_authenticate()
        .returning(move |bearer| callers.get(bearer).cloned().ok_or_else(|| Rejection::Unknown.into()));
    Arc::new(authenticator)
}

/// Every lot is the lowest.
fn chance() -> Arc<dyn Chance> {
    let mut chance = MockChance::new();
    chance.expect_up_to().return_const(0_u32);
    Arc::new(chance)
}

/// Every random byte is 7.
fn randomness() -> Arc<dyn Randomness> {
    let mut randomness = MockRandomness::new();
    randomness.expect_fill().returning(|bytes| {
        bytes.fill(7);
        Ok(())
    });
    Arc::new(randomness)
}

fn clock() -> Arc<dyn Clock> {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(crate::samples::now());
    Arc::new(clock)
}

fn ids() -> Arc<dyn IdSource> {
    let next = AtomicU64::new(1);
    let mut ids = MockIdSource::new();
    ids.expect_next().returning(move || Uuid::from_u128(next.fetch_add(1, Ordering::Relaxed).into()));
    Arc::new(ids)
}

/// The API, whose metrics last from request to request.
#[derive(Clone)]
pub(crate) struct TestApi(Api);

impl std::ops::Deref for TestApi {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.0
    }
}

impl TestApi {
    /// Sends a request, whose answer has to be one that the document tells of.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let (answer, sent) = self.answer(request).await;
        assert_documented(&sent, answer.status);
        answer
    }

    /// Sends a request to ports that answer what no store would, so that the document says nothing of it.
    pub(crate) async fn send_to_any_port(&self, request: TestRequest) -> Answer {
        self.answer(request).await.0
    }

    async fn answer(&self, request: TestRequest) -> (Answer, HttpRequest) {
        let app = init_service(self.0.app()).await;
        let response = call_service(&app, request.to_request()).await;
        let sent = response.request().clone();
        let (status, headers) = (response.status(), response.headers().clone());
        (Answer { status, headers, body: read_body(response).await }, sent)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(TestRequest::post().uri(path).set_json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(TestRequest::patch().uri(path).set_json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(TestRequest::delete().uri(path)).await
    }
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(enrollment_http::openapi()).unwrap());

/// An endpoint answers no status of which the API's document says nothing.
fn assert_documented(request: &HttpRequest, status: StatusCode) {
    let Some(path) = request.match_pattern() else { return };
    let method = if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let operation = &DOCUMENT["paths"][path.as_str()][method.as_str().to_lowercase()];
    if !operation.is_null() {
        assert!(operation["responses"].get(status.as_str()).is_some(), "{method} {path} answers {status}");
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that this is a problem of that type and status with all that every problem has, and gives its JSON.
    pub(crate) fn problem(&self, status: u16, problem_type: &str) -> Value {
        let json = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json", "{json}");
        assert_eq!((self.status.as_u16(), json["type"].as_str()), (status, Some(problem_type)), "{json}");
        assert_eq!(json["status"], status);
        for member in ["title", "detail", "instance"] {
            assert!(json[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {json}");
        }
        assert!(json.get("request_id").is_some() || json.get("attempt_id").is_some(), "{json}");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(self.header("cache-control"), "no-store");
        json
    }

    /// The places of everything that is wrong with the input.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let json = self.json();
        let place = |error: &Value| {
            let place = ["pointer", "parameter", "header"].into_iter().find_map(|name| error[name].as_str());
            assert!(error["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{error}");
            place.unwrap_or_else(|| panic!("{error}")).to_owned()
        };
        json["errors"].as_array().unwrap_or_else(|| panic!("{json}")).iter().map(place).collect()
    }
}
