//! Deadlines and windows, over HTTP by a clock that the test sets: exact to the microsecond, in terms whose clocks change about
//! them.

use enrollment_tests::{TestApp, TestClock};
use serde_json::{Value, json};

/// A term: its zone, the days of its drop and withdraw deadlines, and of each the last instant before it has passed and the first
/// one after.
struct Calendar {
    zone: &'static str,
    drop: [&'static str; 3],
    withdraw: [&'static str; 3],
}

const CALENDARS: [Calendar; 3] = [
    // The day of the drop deadline has 25 hours.
    Calendar {
        zone: "Europe/Berlin",
        drop: ["2026-10-25", "2026-10-25T22:59:59.999999Z", "2026-10-25T23:00:00Z"],
        withdraw: ["2026-11-30", "2026-11-30T22:59:59.999999Z", "2026-11-30T23:00:00Z"],
    },
    // The day of the withdraw deadline has 23, and no midnight.
    Calendar {
        zone: "America/Sao_Paulo",
        drop: ["2018-11-03", "2018-11-04T02:59:59.999999Z", "2018-11-04T03:00:00Z"],
        withdraw: ["2018-11-04", "2018-11-05T01:59:59.999999Z", "2018-11-05T02:00:00Z"],
    },
    Calendar {
        zone: "Asia/Beirut",
        drop: ["2021-03-27", "2021-03-27T21:59:59.999999Z", "2021-03-27T22:00:00Z"],
        withdraw: ["2021-03-28", "2021-03-28T20:59:59.999999Z", "2021-03-28T21:00:00Z"],
    },
];

#[test]
fn dropping_ends_at_one_instant_and_withdrawing_at_another_whatever_clocks_do() {
    let clock = TestClock::at("2018-06-01T00:00:00Z");
    let app = TestApp::start_at(&clock);
    for Calendar { zone, drop, withdraw } in CALENDARS {
        let days = json!({
            "time_zone": zone, "starts_on": "2018-06-01", "drop_deadline": drop[0], "withdraw_deadline": withdraw[0]
        });
        let (term, course) = (app.term(zone, &days), app.course(zone, &json!({})));
        let told = app.get(&format!("/api/v1/terms/{term}")).expect(200);
        assert_eq!((&told["drop_deadline"], &told["withdraw_deadline"]), (&json!(drop[2]), &json!(withdraw[2])));

        let section = app.section(&course, &term, "1", 5, &json!({}));
        let leaving_at = |student: &str, time: &str| {
            let student = app.student(&format!("{zone} {student}"));
            let held = app.enroll(&student, &section).expect(201);
            clock.set(time);
            app.delete(&format!("/api/v1/students/{student}/courses/{}", held["id"].as_str().unwrap()))
        };
        let left = |student: &str, time: &str| -> (Value, Value) {
            let left = leaving_at(student, time).expect(200);
            (left["status"].clone(), left["ended_at"].clone())
        };
        assert_eq!(left("in time", drop[1]), (json!("dropped"), json!(drop[1])), "{zone}");
        assert_eq!(left("late", drop[2]), (json!("withdrawn"), json!(drop[2])), "{zone}");
        assert_eq!(left("just", withdraw[1]), (json!("withdrawn"), json!(withdraw[1])), "{zone}");
        let refused = leaving_at("too late", withdraw[2]);
        let facts = &refused.body["violations"][0]["facts"];
        assert_eq!((&facts["withdraw_deadline"], &facts["now"]), (&json!(withdraw[2]), &json!(withdraw[2])), "{zone}");
        assert_eq!(refused.refused(), ["deadline_passed"], "{zone}");
    }
    app.database.assert_invariants();
}

#[test]
fn registration_opens_and_closes_at_one_instant_whatever_clocks_do() {
    let clock = TestClock::at("2018-06-01T00:00:00Z");
    let app = TestApp::start_at(&clock);
    for Calendar { zone, drop, withdraw } in CALENDARS {
        let course = app.course(zone, &json!({}));
        let by_days = json!({
            "time_zone": zone, "starts_on": "2018-06-01",
            // From midnight after the first day on, which is where clocks change; to the end of the second.
            "enrollment_opens_at": drop[2], "enrollment_closes_at": withdraw[0]
        });
        let by_window = json!({"time_zone": zone, "starts_on": "2018-06-01"});
        let terms = [app.term(&format!("{zone} 1"), &by_days), app.term(&format!("{zone} 2"), &by_window)];
        app.window(&terms[1], &json!({"action": "both", "opens_at": drop[2], "closes_at": withdraw[2]}));
        for (number, term) in terms.iter().enumerate() {
            let section = app.section(&course, term, "1", 5, &json!({}));
            let at = |time: &str| {
                clock.set(time);
                app.enroll(&app.student(&format!("{zone} {number} {time}")), &section)
            };
            assert_eq!(at(drop[1]).refused(), ["window_closed"], "{zone}");
            assert_eq!(at(drop[2]).expect(201)["enrolled_at"], json!(drop[2]), "{zone}");
            let held = at(withdraw[1]).expect(201);
            let refused = at(withdraw[2]);
            let facts = &refused.body["violations"][0]["facts"];
            assert_eq!((&facts["closes_at"], &facts["now"]), (&json!(withdraw[2]), &json!(withdraw[2])), "{zone}");
            assert_eq!(refused.refused(), ["window_closed"], "{zone}");

            let path = format!(
                "/api/v1/students/{}/courses/{}",
                held["student_id"].as_str().unwrap(),
                held["id"].as_str().unwrap()
            );
            if number == 0 {
                app.delete(&path).expect(200);
            } else {
                assert_eq!(app.delete(&path).refused(), ["window_closed"], "{zone}");
                clock.set(withdraw[1]);
                app.delete(&path).expect(200);
            }
        }
    }
    app.database.assert_invariants();
}
