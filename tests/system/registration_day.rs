//! `enrollment rehearse`: 200 students come at once to a running server.

use crate::edge::tls::issue;
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use enrollment_core::clock::Clock as _;
use enrollment_server::clock::SystemClock;
use enrollment_server::demo::load;
use enrollment_server::identity;
use enrollment_server::tls::Certificate;
use enrollment_tests::{Ended, Place, TestApp};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// A demo university with more than 200 students who are active, the folder that the reports are written to, and the code of the term that is open.
fn campus() -> (TestApp, TempDir, String) {
    let app = TestApp::start();
    load(&mut app.database.connect(), 250, &SystemClock).unwrap();
    let terms = app.get("/api/v1/terms").expect(200);
    let time = |term: &Value, name: &str| term[name].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
    let now = SystemClock.now();
    let is_open =
        |term: &&Value| time(term, "enrollment_opens_at") < Some(now) && time(term, "enrollment_closes_at") > Some(now);
    let term = terms["items"].as_array().unwrap().iter().find(is_open).unwrap()["code"].as_str().unwrap().to_owned();
    (app, tempfile::tempdir().unwrap(), term)
}

fn count(report: &Value, kind: &str, figure: &str) -> u64 {
    let requests = report["requests"].as_array().unwrap();
    requests.iter().find(|requests| requests["kind"] == kind).unwrap()[figure].as_u64().unwrap()
}

#[test]
fn two_hundred_students_come_and_the_report_tells_what_became_of_them() {
    let (app, folder, term) = campus();
    let [json, html] = ["report.json", "report.html"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    let before = app.database.number("SELECT count(*) FROM student_courses WHERE status = 'enrolled'");
    let arguments = [
        "rehearse",
        "--url",
        app.url(),
        "--term",
        &term,
        "--students",
        "200",
        "--courses",
        "3",
        "--over",
        "1.5",
        "--think",
        "0.3",
        "--drops",
        "0.2",
        "--swaps",
        "0.1",
        "--double-clicks",
        "0.2",
        "--json",
        &json,
        "--html",
        &html,
        "--database-url",
        app.database.url(),
    ];
    let rehearsed = Place::data_dir(folder.path()).command(&arguments);
    assert_eq!(rehearsed.status, Some(0), "{}", rehearsed.output);

    let report: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(report["cast"]["students"].as_array().unwrap().len(), 200);
    assert_eq!(count(&report, "enroll", "planned"), 600);
    for kind in ["enroll", "second_click", "drop", "swap", "reload"] {
        let figure = |name| count(&report, kind, name);
        assert!(figure("planned") > 20 && figure("done") > 0, "{kind}: {report:#}");
        assert_eq!((figure("failed"), figure("lost"), figure("turned_away")), (0, 0, 0), "{kind}: {report:#}");
        assert_eq!(
            figure("planned"),
            figure("done") + figure("refused") + figure("nothing_to_do"),
            "{kind}: {report:#}"
        );
    }
    // What the report counts is what the database holds.
    let gained = app.database.number("SELECT count(*) FROM student_courses WHERE status = 'enrolled'") - before;
    let given = count(&report, "enroll", "done") - count(&report, "drop", "done");
    assert!(gained > 0 && given == u64::try_from(gained).unwrap(), "{given} {gained}");
    let seconds = report["timeline"].as_array().unwrap();
    assert_eq!(seconds.last().unwrap()["seats_given"], json!(gained));

    assert!(report["invariants"].as_array().unwrap().iter().all(|invariant| invariant["broken"] == json!([])));
    assert_eq!(report["check"], json!([]));
    let page = fs::read_to_string(&html).unwrap();
    assert_eq!(page.matches("<svg").count(), 4);
    assert!(!page.contains("http://www.w3.org/1999/xlink") && !page.contains("<script"), "the page needs nothing else");
    assert!(rehearsed.output.contains("Nothing was undone"), "{}", rehearsed.output);
    app.database.assert_invariants();
}

#[test]
fn real_requests_come_from_a_file() {
    let (app, folder, _) = campus();
    let (course, term) = (app.course("HOT1", &json!({})), app.term("REAL", &json!({})));
    app.section(&course, &term, "1", 2, &json!({}));
    let students: Vec<String> = (0..3).map(|n| format!("REAL{n}")).collect();
    for number in &students {
        app.student(number);
    }
    let file = folder.path().join("requests.csv");
    let rows: Vec<String> = students.iter().enumerate().map(|(n, number)| format!("{number},HOT1,1,0.{n}\n")).collect();
    fs::write(&file, format!("student,course,section,at\n{}", rows.concat())).unwrap();
    let json = folder.path().join("report.json").to_str().unwrap().to_owned();
    let arguments = [
        "rehearse",
        "--url",
        app.url(),
        "--term",
        "REAL",
        "--requests",
        file.to_str().unwrap(),
        "--double-clicks",
        "0",
        "--drops",
        "0",
        "--swaps",
        "0",
        "--reloads",
        "0",
        "--json",
        &json,
    ];
    let rehearsed = Place::data_dir(folder.path()).command(&arguments);
    assert_eq!(rehearsed.status, Some(0), "{}", rehearsed.output);
    let report: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!((count(&report, "enroll", "done"), count(&report, "enroll", "refused")), (2, 1));
    assert_eq!(report["refusals"], json!([{"code": "section_full", "count": 1}]));
    assert_eq!(report["sections"][0]["wanted"], json!(3));
}

/// A rehearsal by 20 students over https with a key, where the environment names whom to trust.
fn rehearse_over_tls(trusted: impl FnOnce(&str) -> String) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let (files, _) = issue(folder.path());
    let certificate = files.certificate.to_str().unwrap().to_owned();
    let app = TestApp::start_with(|settings| {
        settings.identity = identity::Settings::default();
        settings.tls = Some(Certificate::read(files).unwrap());
        settings.edge.is_tls = true;
    });
    load(&mut app.database.connect(), 30, &SystemClock).unwrap();
    let open = "(SELECT code FROM terms WHERE now() BETWEEN enrollment_opens_at AND enrollment_closes_at)";
    let term: String = diesel::select(sql::<Text>(open)).get_result(&mut app.database.connect()).unwrap();
    let place = Place::database(app.database.url());
    let key = place.command(&["key", "create", "--role", "registrar"]);
    let key = key.output.lines().find(|line| line.starts_with("enr_")).unwrap().to_owned();
    let url = format!("https://localhost:{}", app.address().port());
    let arguments = ["rehearse", "--url", &url, "--term", &term, "--students", "20", "--over", "0.5", "--think", "0.1"];
    place.with(&[("ENROLLMENT_KEY", &key), ("SSL_CERT_FILE", &trusted(&certificate))]).command(&arguments)
}

#[test]
fn it_comes_over_tls_with_a_key() {
    let rehearsed = rehearse_over_tls(str::to_owned);
    assert_eq!(rehearsed.status, Some(0), "{}", rehearsed.output);
    assert!(rehearsed.output.contains("Nothing was undone"), "{}", rehearsed.output);
}

#[test]
fn whoever_cannot_be_trusted_is_told_with_the_remedy() {
    let elsewhere = tempfile::tempdir().unwrap();
    let (other, _) = issue(elsewhere.path());
    let refused = rehearse_over_tls(|_| other.certificate.to_str().unwrap().to_owned());
    assert_eq!(refused.status, Some(1), "{}", refused.output);
    assert!(refused.output.contains("SSL_CERT_FILE"), "{}", refused.output);
}

#[test]
fn it_does_not_touch_what_is_not_on_this_machine_unless_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let refused = Place::data_dir(folder.path()).command(&[
        "rehearse",
        "--url",
        "http://enrollment.example.edu",
        "--term",
        "F26",
    ]);
    assert_eq!(refused.status, Some(1));
    assert!(refused.output.contains("--i-know-that-it-enrolls-for-real"), "{}", refused.output);
}
