//! The rush: students who want the same few courses at once, and each insist on an answer, under one idempotency key, until they
//! have it. Everything that they were told is kept.

use super::site::Site;
use enrollment_tests::{Answer, Client, Numbers};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The sections that everybody wants come first.
pub(super) const HOT: usize = 2;

/// How long a student insists when the rush is over: by then everything is whole.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a student was told at last.
pub(super) struct Told {
    pub(super) key: String,
    pub(super) student: String,
    pub(super) section: String,
    /// The student course, if it was accepted.
    pub(super) accepted: Option<String>,
    /// Whether it was left again, which was acknowledged.
    pub(super) left: bool,
}

pub(super) struct Rush {
    addresses: Vec<SocketAddr>,
    sections: Vec<String>,
    students: Vec<String>,
    visits: AtomicUsize,
    answers: AtomicUsize,
    /// Answers of sections that are not hot.
    elsewhere: AtomicUsize,
    is_over: AtomicBool,
    /// How often what was answered: a status, or nothing at all.
    counts: Mutex<BTreeMap<String, usize>>,
    /// Answers that there must not be.
    wrong: Mutex<Vec<String>>,
}

/// Ends the rush when it is dropped.
pub(super) struct Ending<'a>(&'a Rush);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

impl Rush {
    pub(super) fn on(site: &Site) -> Self {
        Self {
            addresses: site.addresses(),
            sections: site.sections(),
            students: site.students(),
            visits: AtomicUsize::new(0),
            answers: AtomicUsize::new(0),
            elsewhere: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            counts: Mutex::default(),
            wrong: Mutex::default(),
        }
    }

    pub(super) fn ending(&self) -> Ending<'_> {
        Ending(self)
    }

    pub(super) fn answers(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }

    pub(super) fn answers_elsewhere(&self) -> usize {
        self.elsewhere.load(Ordering::Relaxed)
    }

    /// The sections that everybody wants.
    pub(super) fn hot(&self) -> &[String] {
        &self.sections[..HOT]
    }

    /// Waits until so many more answers were given.
    pub(super) fn wait_for_answers(&self, fault: &str, more: usize) {
        let (enough, began) = (self.answers() + more, Instant::now());
        while self.answers() < enough {
            assert!(began.elapsed() < Duration::from_secs(60), "{fault}: no {more} more answers; {}", self.summary());
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(super) fn wrong(&self) -> Vec<String> {
        self.wrong.lock().unwrap().clone()
    }

    pub(super) fn summary(&self) -> String {
        let counts = self.counts.lock().unwrap();
        counts.iter().map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", ")
    }

    /// One student after the other wants something of everything, until the rush is over.
    pub(super) fn student(&self) -> Vec<Told> {
        let mut clients = Clients::of(&self.addresses, Duration::from_secs(30));
        let mut told = Vec::new();
        while !self.is_over.load(Ordering::Relaxed) {
            let visit = self.visits.fetch_add(1, Ordering::Relaxed);
            let mut numbers = Numbers::from(visit as u64);
            let student = &self.students[visit % self.students.len()];
            let others = self.sections.len() - HOT;
            let wanted =
                [numbers.below(HOT), HOT + numbers.below(others), numbers.below(HOT), HOT + numbers.below(others)];
            for (number, section) in wanted.into_iter().enumerate() {
                let key = format!("{visit}-{number}");
                let asked = Asked { key: &key, student, section, waitlist: numbers.below(2) == 0 };
                let mut answer = self.insist(&mut clients, &asked);
                if let Some(id) = answer.accepted.as_ref().filter(|_| numbers.below(3) == 0) {
                    self.reload(&mut clients, student, id);
                }
                if let Some(id) = answer.accepted.as_ref().filter(|_| numbers.below(6) == 0) {
                    answer.left = self.leave(&mut clients, student, id);
                }
                told.push(answer);
                if self.is_over.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
        told
    }

    /// Asks until there is an answer, and sometimes once more after it.
    fn insist(&self, clients: &mut Clients, asked: &Asked<'_>) -> Told {
        let path = format!("/api/v1/students/{}/courses", asked.student);
        let section = &self.sections[asked.section];
        let body = json!({"section_id": section, "waitlist": asked.waitlist}).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", asked.key)];
        let answer = self.until_answered(clients, "POST", &path, &headers, Some(&body), &[201, 409]);
        self.count_answer(asked.section);
        let accepted = id_of(&answer);
        if asked.key.ends_with('7') {
            // A double click, or a client that has lost what it was told.
            let repeated = self.until_answered(clients, "POST", &path, &headers, Some(&body), &[201, 409]);
            if (repeated.status, id_of(&repeated)) != (answer.status, accepted.clone()) {
                self.note_wrong(format!("{} was told {answer:?}, and then {repeated:?}", asked.key));
            }
        }
        let (key, student) = (asked.key.to_owned(), asked.student.to_owned());
        Told { key, student, section: section.clone(), accepted, left: false }
    }

    /// Looks at the own courses: what was accepted is among them, whichever server answers.
    fn reload(&self, clients: &mut Clients, student: &str, id: &str) {
        let path = format!("/api/v1/students/{student}/courses?limit=200");
        let answer = self.until_answered(clients, "GET", &path, &[], None, &[200]);
        let items = answer.body["items"].as_array().unwrap();
        if items.iter().all(|item| item["id"] != id) {
            self.note_wrong(format!("{student} was told of {id}, and does not see it: {answer:?}"));
        }
    }

    /// Leaves what was accepted; tells whether that was acknowledged. A repetition finds it left, or ended since.
    fn leave(&self, clients: &mut Clients, student: &str, id: &str) -> bool {
        let path = format!("/api/v1/students/{student}/courses/{id}");
        let answer = self.until_answered(clients, "DELETE", &path, &[], None, &[200, 204, 409]);
        answer.status != 409 || clients.repeated
    }

    fn until_answered(
        &self,
        clients: &mut Clients,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
        answers: &[u16],
    ) -> Answer {
        let mut over_since = None;
        clients.repeated = false;
        loop {
            let answer = clients.client().try_send(method, path, headers, body.map(str::to_owned));
            let pause = match &answer {
                Some(answer) if answers.contains(&answer.status) => {
                    self.note(&answer.status.to_string());
                    return answer.clone();
                }
                Some(answer) if answer.status == 503 => {
                    self.note("503");
                    if answer.header("retry-after").is_none() {
                        self.note_wrong(format!("a 503 that does not say when to come back: {answer:?}"));
                    }
                    // More impatient than it is told to be.
                    Duration::from_millis(50)
                }
                Some(answer) => {
                    self.note(&answer.status.to_string());
                    self.note_wrong(format!("{method} {path}: {answer:?}"));
                    Duration::from_millis(50)
                }
                None => {
                    self.note("nothing");
                    clients.turn();
                    Duration::from_millis(10)
                }
            };
            clients.repeated = true;
            if self.is_over.load(Ordering::Relaxed) {
                let since = *over_since.get_or_insert_with(Instant::now);
                assert!(since.elapsed() < PATIENCE, "{method} {path} is never answered: {answer:?}");
            }
            thread::sleep(pause);
        }
    }

    /// Asks one server, at this moment, as the last of the students: whether it serves everybody, hot sections and others, and who
    /// only reads. What is accepted is told.
    pub(super) fn probe(&self, server: usize) -> Option<Vec<Told>> {
        let clients = Clients::of(&self.addresses[server..=server], Duration::from_secs(2));
        let student = self.students.last()?;
        let sections = [0, self.sections.len() - 1];
        let told = sections.map(|section| self.ask_once(&clients, server, student, section));
        let read = clients.client().try_send("GET", &format!("/api/v1/students/{student}/courses"), &[], None)?;
        told.into_iter().collect::<Option<Vec<_>>>().filter(|_| read.status == 200)
    }

    fn ask_once(&self, clients: &Clients, server: usize, student: &str, section: usize) -> Option<Told> {
        let key = format!("probe-{server}-{section}");
        let path = format!("/api/v1/students/{student}/courses");
        let body = json!({"section_id": self.sections[section]}).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let answer = clients.client().try_send("POST", &path, &headers, Some(body))?;
        let accepted = id_of(&answer);
        let (student, section) = (student.to_owned(), self.sections[section].clone());
        [201, 409].contains(&answer.status).then_some(Told { key, student, section, accepted, left: false })
    }

    fn count_answer(&self, section: usize) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        if section >= HOT {
            self.elsewhere.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn note(&self, what: &str) {
        *self.counts.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    fn note_wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }
}

/// What a student asks for.
struct Asked<'a> {
    key: &'a str,
    student: &'a str,
    section: usize,
    waitlist: bool,
}

fn id_of(answer: &Answer) -> Option<String> {
    (answer.status == 201).then(|| answer.body["id"].as_str().unwrap().to_owned())
}

/// A student's connections to the servers, of which one is used until it fails.
struct Clients {
    all: Vec<Client>,
    current: usize,
    /// Whether the last request had to be sent more than once.
    repeated: bool,
}

impl Clients {
    fn of(addresses: &[SocketAddr], patience: Duration) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let all: Vec<Client> = addresses.iter().map(|address| Client::with_patience(*address, patience)).collect();
        let current = COUNT.fetch_add(1, Ordering::Relaxed) % all.len();
        Self { all, current, repeated: false }
    }

    fn client(&self) -> &Client {
        &self.all[self.current]
    }

    fn turn(&mut self) {
        self.current = (self.current + 1) % self.all.len();
    }
}
