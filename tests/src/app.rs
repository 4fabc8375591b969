//! A running server, as a test sees it: verbs, and answers.

use crate::clock::TestClock;
use crate::database::TestDatabase;
use crate::documented::assert_documented;
use enrollment_server::application::{Application, Connections, Edge, Settings, Stop, StoreConfig};
use enrollment_server::identity;
use serde_json::{Value, json};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use ureq::http::{Request, Response};
use ureq::{Agent, ResponseExt};

/// The whole server in this process, over real HTTP, on a database of its own.
pub struct TestApp {
    /// The database, for what only SQL can tell.
    pub database: TestDatabase,
    address: SocketAddr,
    client: Client,
    stop: Option<Stop>,
    server: Option<JoinHandle<()>>,
}

impl TestApp {
    /// Starts a server on a new, empty database.
    pub fn start() -> Self {
        Self::start_with(|_| ())
    }

    /// Starts a server whose settings the test changes.
    pub fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::start_of(change, Application::build)
    }

    /// Starts a server that goes by this clock.
    pub fn start_at(clock: &TestClock) -> Self {
        let clock = Arc::new(clock.clone());
        Self::start_of(|_| (), |settings| Application::build_with(settings, clock))
    }

    fn start_of<B>(change: impl FnOnce(&mut Settings), build: B) -> Self
    where
        B: FnOnce(Settings) -> Result<Application, Box<dyn Error>> + Send + 'static,
    {
        let database = TestDatabase::create();
        let mut settings = settings(&database);
        change(&mut settings);
        let (started, address) = mpsc::channel();
        let server = std::thread::spawn(move || {
            let application = build(settings).unwrap();
            let address = application.address();
            application.run_with(|stop| started.send((address, stop)).unwrap()).unwrap();
        });
        let (address, stop) = address.recv().expect("the server starts");
        Self { database, address, client: Client::new(address), stop: Some(stop), server: Some(server) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client of this server.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asks the server to stop gracefully, and waits until it has.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.stop();
        }
        if let Some(server) = self.server.take() {
            server.join().expect("the server ends without a panic");
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

impl std::ops::Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

fn settings(database: &TestDatabase) -> Settings {
    Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        http_threads: Some(2),
        body_limit: 256 * 1024,
        time_limit: Duration::from_secs(30),
        body_time_limit: Duration::from_secs(10),
        edge: Edge::default(),
        tls: None,
        connections: Connections::default(),
        shutdown_timeout: Duration::from_secs(5),
        handle_signals: false,
        identity: identity::Settings { let_everybody_in: true, ..identity::Settings::default() },
        store: StoreConfig::new(database.server_url()),
    }
}

/// Sends requests to a server.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    credential: Option<String>,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields that tests ask for.
    pub headers: Vec<(String, String)>,
    /// The body: JSON, or else text, or null when there is none.
    pub body: Value,
}

impl Answer {
    /// A header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// The codes of the violations of a refusal.
    #[track_caller]
    pub fn refused(self) -> Vec<String> {
        let body = self.expect(409);
        let violations = body["violations"].as_array().unwrap_or_else(|| panic!("no refusal: {body:#}"));
        violations.iter().map(|violation| violation["code"].as_str().unwrap().to_owned()).collect()
    }

    /// The pointers of the fields that are wrong.
    #[track_caller]
    pub fn invalid(self) -> Vec<String> {
        let body = self.expect(422);
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no field errors: {body:#}"));
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}

impl Client {
    /// A client of the server at this address.
    pub fn new(address: SocketAddr) -> Self {
        Self::with_patience(address, Duration::from_secs(60))
    }

    /// The same, which waits only so long for an answer.
    pub fn with_patience(address: SocketAddr, patience: Duration) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(patience)).build();
        Self { agent: config.into(), base: format!("http://{address}"), credential: None }
    }

    /// The same for somebody who has this key or token.
    #[must_use]
    pub fn with_credential(&self, credential: &str) -> Self {
        Self { credential: Some(format!("Bearer {credential}")), ..self.clone() }
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Sends any request; `None` when no answer came. Every answer is one that the API's document tells of.
    #[track_caller]
    pub fn try_send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(credential) = &self.credential {
            request = request.header("authorization", credential);
        }
        let response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let response = response.ok()?;
        // Where it was redirected to.
        let path = response.get_uri().path().to_owned();
        let answer = read(response)?;
        assert_documented(method, &path, answer.status);
        Some(answer)
    }

    /// Sends any request.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        self.try_send(method, path, headers, body).unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// Sends JSON.
    #[track_caller]
    pub fn send_json(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        self.send(method, path, &headers, Some(body.to_string()))
    }

    #[track_caller]
    #[expect(missing_docs, reason = "the verb says it")]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    #[track_caller]
    #[expect(missing_docs, reason = "the verb says it")]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json("POST", path, &[], body)
    }

    #[track_caller]
    #[expect(missing_docs, reason = "the verb says it")]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send_json("PATCH", path, &[], body)
    }

    #[track_caller]
    #[expect(missing_docs, reason = "the verb says it")]
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None)
    }

    /// Makes a student, and answers the id.
    #[track_caller]
    pub fn student(&self, number: &str) -> String {
        self.student_with(number, &json!({}))
    }

    /// Makes a student with the fields of `more`.
    #[track_caller]
    pub fn student_with(&self, number: &str, more: &Value) -> String {
        let student = json!({"number": number, "given_name": "Ada", "family_name": "Lovelace"});
        self.made("students", &merged(student, more))
    }

    /// Makes a course of three credits, with the fields of `more`.
    #[track_caller]
    pub fn course(&self, code: &str, more: &Value) -> String {
        self.made("courses", &merged(json!({"code": code, "title": format!("About {code}"), "credits": 3}), more))
    }

    /// Makes a term without limits, with the fields of `more`.
    #[track_caller]
    pub fn term(&self, code: &str, more: &Value) -> String {
        let term = json!({
            "code": code, "name": code, "time_zone": "Europe/Berlin", "starts_on": "2026-09-01", "ends_on": "2099-01-31"
        });
        self.made("terms", &merged(term, more))
    }

    /// Makes an open section, with the fields of `more`.
    #[track_caller]
    pub fn section(&self, course: &str, term: &str, number: &str, capacity: u32, more: &Value) -> String {
        let section = json!({
            "course_id": course, "term_id": term, "number": number, "capacity": capacity, "status": "open"
        });
        self.made("sections", &merged(section, more))
    }

    /// Makes a course, a term and an open section with so many seats, and answers the section's id.
    #[track_caller]
    pub fn open_section(&self, capacity: u32) -> String {
        let course = self.course("CS101", &json!({}));
        let term = self.term("F26", &json!({}));
        self.section(&course, &term, "1", capacity, &json!({}))
    }

    /// Asks for a seat in a section.
    #[track_caller]
    pub fn enroll(&self, student: &str, section: &str) -> Answer {
        self.post(&format!("/api/v1/students/{student}/courses"), &json!({ "section_id": section }))
    }

    /// Places a hold on a student, and answers its path.
    #[track_caller]
    pub fn hold(&self, student: &str, hold: &Value) -> String {
        let answer = self.post(&format!("/api/v1/students/{student}/holds"), hold);
        let path = answer.header("location").map(str::to_owned);
        path.unwrap_or_else(|| panic!("no hold: {:#}", answer.body))
    }

    /// Makes a registration window of a term, and answers its path.
    #[track_caller]
    pub fn window(&self, term: &str, window: &Value) -> String {
        let answer = self.post(&format!("/api/v1/terms/{term}/windows"), window);
        let path = answer.header("location").map(str::to_owned);
        path.unwrap_or_else(|| panic!("no window: {:#}", answer.body))
    }

    /// A student's courses.
    #[track_caller]
    pub fn courses_of(&self, student: &str) -> Vec<Value> {
        let list = self.get(&format!("/api/v1/students/{student}/courses")).expect(200);
        list["items"].as_array().unwrap().clone()
    }

    #[track_caller]
    fn made(&self, kind: &str, body: &Value) -> String {
        let made = self.post(&format!("/api/v1/{kind}"), body).expect(201);
        made["id"].as_str().unwrap().to_owned()
    }
}

fn merged(mut fields: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields
}

fn read(mut response: Response<ureq::Body>) -> Option<Answer> {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let text = response.body_mut().read_to_string().ok()?;
    let body = serde_json::from_str(&text).unwrap_or(if text.is_empty() { Value::Null } else { Value::String(text) });
    Some(Answer { status: response.status().as_u16(), headers, body })
}
