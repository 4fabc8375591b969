//! Importing CSV files: what is in them is in the database then, once, and all that is wrong with them is told.

use enrollment_diesel::import::{Batch, Keys, WriteError, known, write};
use enrollment_server::clock::SystemClock;
use enrollment_server::ids::SystemIds;
use enrollment_server::import::{Count, ImportError, Summary, import};
use enrollment_tests::{TestApp, TestDatabase};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder of CSV files.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A copy of the fixture: a small university in which everything is legal.
    fn university() -> Self {
        let folder = Self::new();
        for entry in fs::read_dir(fixture()).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), folder.0.path().join(entry.file_name())).unwrap();
        }
        folder
    }

    fn with(self, file: &str, lines: &[&str]) -> Self {
        fs::write(self.0.path().join(file), lines.join("\n")).unwrap();
        self
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/import")
}

fn run(database: &TestDatabase, dir: &Path) -> Result<Summary, ImportError> {
    import(&mut database.connect(), dir, &SystemClock, &SystemIds, &mut ())
}

/// A database with the fixture in it.
fn imported() -> TestDatabase {
    let database = TestDatabase::create();
    run(&database, &fixture()).unwrap();
    database
}

/// What is wrong with a folder, a line each.
#[track_caller]
fn errors(database: &TestDatabase, folder: &Folder) -> Vec<String> {
    match run(database, folder.path()) {
        Err(ImportError::Rows(errors)) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("no wrong rows, but {other:?}"),
    }
}

/// Tells past the test harness, which swallows what a test that passes prints.
#[expect(clippy::explicit_write, reason = "the harness swallows `eprintln!`, too")]
fn say(line: &str) {
    writeln!(std::io::stderr(), "import: {line}").unwrap();
}

/// A number that changes with every row that is written.
fn fingerprint(database: &TestDatabase) -> i64 {
    let tables = [
        "terms",
        "courses",
        "students",
        "sections",
        "seat_pools",
        "meetings",
        "student_courses",
        "registration_events",
    ];
    let rows = tables.map(|table| format!("SELECT hashtextextended(t.xmin::text || t::text, 0) AS row FROM {table} t"));
    database.number(&format!(
        "SELECT hashtextextended(string_agg(row::text, ',' ORDER BY row), 0) FROM ({}) r",
        rows.join(" UNION ALL ")
    ))
}

#[test]
fn what_is_in_the_files_is_in_the_database_and_a_second_run_writes_nothing() {
    let database = TestDatabase::create();
    let expected = Summary {
        terms: Count::of_added(2),
        courses: Count::of_added(4),
        students: Count::of_added(3),
        sections: Count::of_added(4),
        meetings: Count::of_added(3),
        student_courses: Count::of_added(8),
    };
    assert_eq!(run(&database, &fixture()).unwrap(), expected);
    database.assert_invariants();
    for (what, number) in [
        (
            "SELECT count(*) FROM students WHERE (number, given_name, family_name) = ('0043', 'Ολυμπία', 'Ελύτης') AND email IS NULL AND status = 'active'",
            1,
        ),
        (
            "SELECT count(*) FROM courses WHERE code = 'CH1' AND credits = 7.5 AND repeat_policy ->> 0 = 'until_passed'",
            1,
        ),
        (
            "SELECT count(*) FROM terms WHERE code = '2026-fall' AND drop_deadline = '2026-11-15T23:00Z' AND enrollment_opens_at = '2026-09-01T06:00Z'",
            1,
        ),
        ("SELECT weeks FROM meetings WHERE starts_at = '08:15'", 0b10_1111_1111),
        ("SELECT days FROM meetings WHERE starts_at = '10:00'", 0b101),
        ("SELECT sum(taken) FROM seat_pools", 4),
        ("SELECT count(*) FROM sections WHERE number = '001' AND status = 'planned' AND component = 'lecture'", 1),
        ("SELECT count(*) FROM student_courses WHERE section_id IS NULL AND status = 'completed'", 2),
        ("SELECT count(*) FROM student_courses WHERE grade = 'P' AND term_id IS NULL AND credits = 7.5", 1),
    ] {
        assert_eq!(database.number(&format!("SELECT ({what})::int8")), number, "{what}");
    }

    let before = fingerprint(&database);
    let unchanged = Summary {
        terms: Count::of_unchanged(2),
        courses: Count::of_unchanged(4),
        students: Count::of_unchanged(3),
        sections: Count::of_unchanged(4),
        meetings: Count::of_unchanged(3),
        student_courses: Count::of_unchanged(8),
    };
    assert_eq!(run(&database, &fixture()).unwrap(), unchanged);
    assert_eq!(fingerprint(&database), before);
}

#[test]
fn every_student_course_has_an_event_that_tells_it() {
    let database = imported();
    let told = "SELECT count(*) FROM registration_events e JOIN student_courses sc ON sc.id = e.student_course_id
        WHERE e.actor = 'system:import' AND e.kind = sc.status AND e.student_id = sc.student_id
          AND (e.detail->>'id')::uuid = sc.id AND (e.detail->>'version')::int = sc.version
          AND (e.detail->'course'->>'id')::uuid = sc.course_id
          AND (e.detail->'section'->>'id')::uuid IS NOT DISTINCT FROM sc.section_id
          AND (e.detail->'term'->>'id')::uuid IS NOT DISTINCT FROM sc.term_id
          AND (e.detail->>'grade') IS NOT DISTINCT FROM sc.grade";
    assert_eq!(database.number(told), 8);
    assert_eq!(database.number("SELECT count(DISTINCT attempt_id) FROM registration_events"), 1);
}

#[test]
fn a_real_universitys_catalogue_is_imported_in_seconds() {
    let sustech = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/sustech");
    if !sustech.exists() {
        say(&format!("SKIPPED: there is no {}", sustech.display()));
        return;
    }
    let database = TestDatabase::create();
    let began = Instant::now();
    let summary = run(&database, &sustech).unwrap();
    let (took, began) = (began.elapsed(), Instant::now());
    let expected = Summary {
        terms: Count::of_added(3),
        courses: Count::of_added(108),
        students: Count::of_added(9_999),
        sections: Count::of_added(196),
        meetings: Count::of_added(299),
        student_courses: Count::default(),
    };
    assert_eq!(summary, expected);
    let again = run(&database, &sustech).unwrap();
    say(&format!("imported in {took:.2?}, and once more in {:.2?}", began.elapsed()));
    assert!(!again.is_change(), "{again}");
    assert_eq!(database.number("SELECT max(version) FROM students"), 1);
    assert!(took < Duration::from_secs(10), "{took:?}");
    database.assert_invariants();
}

#[test]
fn only_what_differs_is_written_and_what_the_files_do_not_say_stays() {
    let database = imported();
    database.execute("UPDATE students SET max_credits = 12, version = 2 WHERE number = '0042'");
    database.execute("UPDATE courses SET description = 'Limits.' WHERE code = 'MA1'");
    let folder = Folder::new()
        .with(
            "students.csv",
            &[
                "number,given_name,family_name,email",
                "0042,Anne,Müller,",
                "0044,雷,李,lei.li@example.edu",
                "0045,New,Student,",
            ],
        )
        .with("courses.csv", &["code,title,credits", "MA1,Analysis 1,9", "CH1,大学化学,7.5"])
        .with(
            "meetings.csv",
            &[
                "term,course,section,days,starts_at,ends_at",
                "2026-fall,MA2,1,mon|wed,10:00,11:30",
                "2026-fall,CH1,001,sat,10:00,11:30",
            ],
        )
        .with(
            "student_courses.csv",
            &[
                "student,term,course,section,status,grade",
                "0042,2026-fall,MA2,1,completed,B",
                "0043,2026-spring,MA1,1,completed,B+",
                "0045,2026-fall,MA2,1,enrolled,",
            ],
        );
    let summary = run(&database, folder.path()).unwrap();
    let expected = Summary {
        students: Count { added: 1, changed: 1, unchanged: 1, removed: 0 },
        courses: Count { added: 0, changed: 1, unchanged: 1, removed: 0 },
        // The location is no more, and a meeting without one took its place; Friday is gone.
        meetings: Count { added: 2, changed: 0, unchanged: 0, removed: 2 },
        student_courses: Count { added: 1, changed: 2, unchanged: 0, removed: 0 },
        ..Summary::default()
    };
    assert_eq!(summary, expected);
    for (what, number) in [
        (
            "SELECT count(*) FROM students WHERE number = '0042' AND given_name = 'Anne' AND email IS NULL AND max_credits = 12 AND program = 'BSc Mathematics' AND version = 3",
            1,
        ),
        ("SELECT version FROM students WHERE number = '0044'", 1),
        (
            "SELECT count(*) FROM courses WHERE code = 'MA1' AND description = 'Limits.' AND title = 'Analysis 1' AND version = 2",
            1,
        ),
        ("SELECT count(*) FROM meetings", 3),
        // The sections whose meetings changed are new versions; the lab, which meetings.csv does not name, is as it was.
        ("SELECT sum(version) FROM sections", 6),
        (
            "SELECT count(*) FROM student_courses WHERE status = 'completed' AND grade = 'B' AND version = 2 AND ended_at >= enrolled_at",
            1,
        ),
        ("SELECT count(*) FROM registration_events WHERE kind = 'graded' AND detail->>'grade' = 'B+'", 1),
    ] {
        assert_eq!(database.number(&format!("SELECT ({what})::int8")), number, "{what}");
    }
    database.assert_invariants();
    assert!(!run(&database, folder.path()).unwrap().is_change());
}

#[test]
fn a_file_that_fits_as_a_whole_is_taken_whatever_the_order_of_its_rows() {
    let database = imported();
    // The one seat of the lab changes hands, and its student moves to another lab; the lecture shrinks to what is left.
    let folder = Folder::new()
        .with(
            "sections.csv",
            &[
                "term,course,number,component,capacity,status",
                "2026-fall,MA2,L1,lab,1,open",
                "2026-fall,MA2,L2,lab,1,open",
                "2026-fall,MA2,1,lecture,1,open",
            ],
        )
        .with(
            "student_courses.csv",
            &[
                "student,term,course,section,status,grade",
                "0043,2026-fall,MA2,L1,enrolled,",
                "0042,2026-fall,MA2,L2,enrolled,",
                "0042,2026-fall,MA2,L1,dropped,",
                "0044,2026-fall,MA2,1,enrolled,",
                "0042,2026-fall,MA2,1,withdrawn,",
            ],
        );
    run(&database, folder.path()).unwrap();
    assert_eq!(database.number("SELECT sum(taken)::int8 FROM seat_pools WHERE capacity = 1"), 3);
    database.assert_invariants();
}

/// What is wrong with [`one_bad_row_of_each_kind_is_reported_and_nothing_is_written`]'s folder.
const ONE_OF_EACH: [&str; 33] = [
    "terms.csv:3: time_zone: `Mars/Olympus` is not a time zone of the IANA database, such as Europe/Berlin",
    "terms.csv:3: drop_deadline: must be an RFC 3339 time such as 2026-09-01T08:00:00Z, or a day such as 2026-09-01 in the term's time zone",
    "terms.csv:3: ends_on: must not be before starts_on",
    "terms.csv:4: code: is on line 2 already",
    "courses.csv:2: credits: `six` is not a number",
    "courses.csv:2: repeatable: `maybe` is not true or false",
    "courses.csv:3: requisite: is not JSON: EOF while parsing an object at line 1 column 1",
    "courses.csv:3: title: is required",
    "courses.csv:4: requisite: a requisite is {\"course\": \"CS101\", \"min_grade\": \"C\", \"in_progress\": true} (the last two are optional), {\"all\": […]} or {\"any\": […]}, with at least one part",
    "students.csv:2: email: not a valid email: value is missing `@`",
    "students.csv:2: status: unknown variant `asleep`, expected one of `active`, `inactive`, `suspended`, `graduated`",
    "students.csv:4: has 3 cells, and the header has 5",
    "students.csv:5: number: is required",
    "sections.csv:3: capacity: invalid value: integer `-1`, expected u32",
    "sections.csv:4: course: there is no `X`, neither in courses.csv nor in the database",
    "sections.csv:4: component: unknown variant `choir`, expected one of `lecture`, `lab`, `seminar`, `tutorial`, `recitation`, `studio`, `practicum`, `other`",
    "sections.csv:4: capacity: is required",
    "sections.csv:6: number: is on line 2 already",
    "meetings.csv:2: days: unknown variant `funday`, expected one of `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`",
    "meetings.csv:3: weeks: week 64 is not one of the weeks 1 to 63",
    "meetings.csv:3: ends_at: must be later than starts_at (11:00)",
    "meetings.csv:4: weeks: `x` is neither a week nor a range of weeks such as 1-8",
    "meetings.csv:4: section: there is no section `9` of `D` in `F26`, neither in sections.csv nor in the database",
    "student_courses.csv:2: status: waitlists cannot be imported yet: this server keeps none",
    "student_courses.csv:3: grade: must be empty: only what is completed has a grade",
    "student_courses.csv:4: grade: `Q` is not in the grade scale",
    "student_courses.csv:4: term: is required",
    "student_courses.csv:5: status: must be completed, or empty, without a section: that is credit earned elsewhere",
    "student_courses.csv:6: student: there is no `9`, neither in students.csv nor in the database",
    "student_courses.csv:6: status: is required",
    "student_courses.csv:6: section: there is no section `9` of `D` in `F26`, neither in sections.csv nor in the database",
    "student_courses.csv:7: status: unknown variant `asleep`, expected one of `waitlisted`, `enrolled`, `dropped`, `withdrawn`, `completed`, `cancelled`",
    "student_courses.csv:9: student: is in the same place on line 8 already",
];

#[test]
fn one_bad_row_of_each_kind_is_reported_and_nothing_is_written() {
    let database = TestDatabase::create();
    let folder = Folder::new()
        .with(
            "terms.csv",
            &[
                "code,name,time_zone,starts_on,ends_on,drop_deadline",
                "F26,Fall,Europe/Berlin,2026-10-01,2027-03-31,",
                "S27,Spring,Mars/Olympus,2027-04-01,2027-03-01,soon",
                "F26,Fall again,Europe/Berlin,2026-10-01,2027-03-31,",
            ],
        )
        .with(
            "courses.csv",
            &[
                "code,title,credits,repeatable,requisite",
                "A,Algebra,six,maybe,\"{\"\"course\"\":\"\"UNKNOWN\"\"}\"",
                "B,,3,,{",
                "C,Combinatorics,3,,\"{\"\"all\"\":[]}\"",
                "D,Dynamics,3,,",
            ],
        )
        .with(
            "students.csv",
            &[
                "number,given_name,family_name,email,status",
                "1,Ada,Lovelace,nobody,asleep",
                "2,Blaise,Pascal,,",
                "3,Carl Friedrich,Gauß",
                ",Daniel,Bernoulli,,",
            ],
        )
        .with(
            "sections.csv",
            &[
                "term,course,number,component,capacity,status",
                "F26,D,1,lecture,1,open",
                "F26,D,2,lecture,-1,open",
                "F26,X,1,choir,,open",
                "F26,A,1,lecture,1,open",
                "F26,D,1,lab,1,open",
            ],
        )
        .with(
            "meetings.csv",
            &[
                "term,course,section,days,starts_at,ends_at,weeks",
                "F26,D,1,mon|funday,10:00,11:00,1-8",
                "F26,D,1,mon,11:00,10:00,64",
                "F26,D,9,mon,10:00,11:00,x",
            ],
        )
        .with(
            "student_courses.csv",
            &[
                "student,term,course,section,status,grade",
                "2,F26,D,1,waitlisted,",
                "2,F26,D,1,enrolled,A",
                "2,,D,1,completed,Q",
                "2,F26,D,,enrolled,",
                "9,F26,D,9,,",
                "2,F26,A,1,asleep,",
                "2,,D,,,",
                "2,,D,,,",
            ],
        );
    let told = errors(&database, &folder);
    for (told, expected) in told.iter().zip(ONE_OF_EACH) {
        assert_eq!(told, expected);
    }
    assert_eq!(told.len(), ONE_OF_EACH.len(), "{told:#?}");
    for table in ["terms", "courses", "students", "sections", "student_courses"] {
        assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
}

#[test]
fn rows_that_contradict_what_is_stored_or_each_other_are_told() {
    let database = imported();
    let before = fingerprint(&database);
    let folder = Folder::new()
        .with("students.csv", &["number,given_name,family_name", "0050,A,A", "0051,B,B", "0052,C,C"])
        .with(
            "sections.csv",
            &[
                "term,course,number,component,capacity",
                "2026-spring,MA1,1,lecture,1",
                "2026-fall,MA2,L1,lecture,1",
                "2026-fall,MA2,2,lecture,5",
            ],
        )
        .with(
            "student_courses.csv",
            &[
                "student,term,course,section,status,grade",
                "0044,2026-spring,MA1,1,enrolled,",
                "0050,2026-fall,MA2,1,enrolled,",
                "0051,2026-fall,MA2,1,enrolled,",
                "0052,2026-fall,MA2,1,enrolled,",
                "0042,2026-fall,MA2,2,enrolled,",
                "0050,2026-fall,MA2,2,enrolled,",
            ],
        );
    let expected = [
        "sections.csv:2: capacity: is too low: 2 seats are taken",
        "sections.csv:3: component: cannot change from lab once students have registered",
        "student_courses.csv:2: status: cannot become enrolled: it is withdrawn in the database",
        "student_courses.csv:4: section: has 2 seats, and this would be student 3 in it",
        "student_courses.csv:5: section: has 2 seats, and this would be student 4 in it",
        "student_courses.csv:6: student: is enrolled in another lecture of this course in this term in the database",
        "student_courses.csv:7: student: is enrolled in another lecture of this course in this term on line 3",
    ];
    assert_eq!(errors(&database, &folder), expected);
    assert_eq!(fingerprint(&database), before);
}

#[test]
fn a_section_that_is_cancelled_ends_what_its_students_have_and_one_who_waits_elsewhere_gets_the_seat() {
    let app = TestApp::start();
    run(&app.database, &fixture()).unwrap();
    let (course, term) = (app.course("MA9", &json!({})), app.term("2027-spring", &json!({})));
    let cancelled = app.section(&course, &term, "1", 2, &json!({ "waitlist_capacity": 5 }));
    let other = app.post(
        "/api/v1/sections",
        &json!({
            "course_id": app.course("PH9", &json!({})), "term_id": term, "number": "1", "status": "open",
            "shares_seats_with": cancelled, "waitlist_capacity": 5
        }),
    );
    let other = other.expect(201)["id"].as_str().unwrap().to_owned();
    let [ada, ben, cy, dee] = ["ada", "ben", "cy", "dee"].map(|number| app.student(number));
    for student in [&ada, &ben] {
        app.enroll(student, &cancelled).expect(201);
    }
    for (student, section) in [(&cy, &cancelled), (&dee, &other)] {
        let waiting = json!({ "section_id": section, "waitlist": true });
        app.post(&format!("/api/v1/students/{student}/courses"), &waiting).expect(201);
    }

    let sections = ["term,course,number,component,capacity,status", "2027-spring,MA9,1,lecture,2,cancelled"];
    let contradicting = Folder::new()
        .with("sections.csv", &sections)
        .with("student_courses.csv", &["student,term,course,section,status", "ada,2027-spring,MA9,1,enrolled"]);
    let expected = ["student_courses.csv:2: status: cannot be enrolled: the section is cancelled"];
    assert_eq!(errors(&app.database, &contradicting), expected);

    // Of one the files say more than that the section is cancelled.
    let folder = Folder::new()
        .with("sections.csv", &sections)
        .with("student_courses.csv", &["student,term,course,section,status", "ada,2027-spring,MA9,1,dropped"]);
    run(&app.database, folder.path()).unwrap();
    let state = |student: &str| {
        let own = app.courses_of(student)[0].clone();
        (own["status"].as_str().unwrap().to_owned(), own["end_reason"].clone())
    };
    let reason = || json!("The section was cancelled.");
    assert_eq!(state(&ada), ("dropped".to_owned(), Value::Null));
    assert_eq!([state(&ben), state(&cy)], [("cancelled".to_owned(), reason()), ("cancelled".to_owned(), reason())]);
    assert_eq!(state(&dee).0, "enrolled", "who waits for the same seats elsewhere gets one");
    let history = app.get(&format!("/api/v1/students/{ben}/history")).expect(200);
    assert_eq!(history["items"][0]["actor"], "system:import");
    let receipt = format!("/api/v1/receipts/{}", history["items"][0]["attempt_id"].as_str().unwrap());
    assert_eq!(app.get(&receipt).expect(200)["command"]["cancel"]["reason"], reason());
    let before = fingerprint(&app.database);
    assert!(!run(&app.database, folder.path()).unwrap().is_change());
    assert_eq!(fingerprint(&app.database), before);
    app.database.assert_invariants();
}

#[test]
fn a_section_has_no_more_meetings_than_core_allows() {
    let database = TestDatabase::create();
    let meetings: Vec<String> = (0..51).map(|n| format!("2026-fall,MA2,1,mon,10:00,11:{n:02},,")).collect();
    let mut lines = vec!["term,course,section,days,starts_at,ends_at,weeks,location"];
    lines.extend(meetings.iter().map(String::as_str));
    let folder = Folder::university().with("meetings.csv", &lines);
    assert_eq!(errors(&database, &folder), ["meetings.csv:2: section: its meetings must be at most 50"]);
}

#[test]
fn a_file_without_a_column_is_told_of_before_its_rows() {
    let database = TestDatabase::create();
    let folder = Folder::university().with("courses.csv", &["code,titel,credits", "MA1,Analysis,9"]);
    let expected = [
        "courses.csv:1: titel: is not a column of this file, which has code, title, credits, repeatable, requisite",
        "courses.csv:1: title: is missing: the file must have this column",
    ];
    assert_eq!(errors(&database, &folder), expected);
}

#[test]
fn a_folder_that_is_not_there_or_has_no_file_is_an_error() {
    let database = TestDatabase::create();
    let folder = Folder::new().with("pupils.csv", &["number"]);
    assert!(matches!(run(&database, folder.path()), Err(ImportError::NoFiles { .. })));
    assert!(matches!(run(&database, &folder.path().join("nowhere")), Err(ImportError::Read { .. })));
}

#[test]
fn what_somebody_else_changes_in_between_is_never_overwritten() {
    let database = imported();
    let mut connection = database.connect();
    let keys = Keys {
        courses: ["CH1".try_into().unwrap()].into(),
        students: ["0042".try_into().unwrap()].into(),
        ..Keys::default()
    };
    let known = known(&mut connection, &keys).unwrap();
    let mut batch = Batch::new(
        enrollment_core::actor::Actor::system("test"),
        uuid(7).into(),
        "2026-11-23T12:00:00Z".parse().unwrap(),
    );
    batch.courses.extend(known.courses.into_values().map(|mut course| {
        (course.version, course.repeat_policy) =
            (course.version.next(), enrollment_core::catalog::RepeatPolicy::Freely);
        course
    }));
    batch.students.extend(known.students.into_values().map(|mut student| {
        student.version = student.version.next();
        student
    }));
    database.execute("UPDATE students SET level = 'graduate', version = version + 1 WHERE number = '0042'");
    let before = fingerprint(&database);
    assert!(
        matches!(write(&mut connection, &batch, &mut ()), Err(WriteError::Overtaken(table)) if table == "in students")
    );
    assert_eq!(fingerprint(&database), before);

    // A natural key that somebody else took.
    batch.students.clear();
    let mut other = batch.courses[0].clone();
    (other.id, other.version) = (uuid(8).into(), enrollment_core::catalog::Version::FIRST);
    batch.courses.push(other);
    assert!(
        matches!(write(&mut connection, &batch, &mut ()), Err(WriteError::Overtaken(constraint)) if constraint == "courses_code_key")
    );
    assert_eq!(fingerprint(&database), before);
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}
