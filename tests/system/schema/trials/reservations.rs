//! Seats that are kept for a cohort.

use super::{ACCEPTED, Trials, plain, with};

/// With one of the two seats of the first pool reserved.
pub(super) fn reservations() -> Trials {
    let mut trials = with(
        "reserve(1, 1, 1)",
        &[
            ("SELECT reserve(2, 1, 1)", ACCEPTED),
            ("SELECT reserve(2, 1, 2)", "reservations_seats_fit"),
            ("UPDATE reservations SET seats = 2", ACCEPTED),
            ("UPDATE reservations SET seats = 3", "reservations_seats_fit"),
            ("UPDATE reservations SET seats = -1", "reservations_seats_check"),
            ("UPDATE reservations SET taken = 2", "reservations_taken_check"),
            ("UPDATE reservations SET taken = -1", "reservations_taken_check"),
            ("UPDATE reservations SET cohort = '[]'", "reservations_cohort_check"),
            ("UPDATE reservations SET version = 0", "reservations_version_check"),
            ("SELECT reserve(2, 9, 1)", "reservations_section_id_fkey"),
            ("DELETE FROM sections WHERE id = id(401)", "reservations_section_id_fkey"),
            ("UPDATE seat_pools SET capacity = 1 WHERE id = id(301)", ACCEPTED),
            ("UPDATE seat_pools SET capacity = 0 WHERE id = id(301)", "seat_pools_reserved_fit"),
            ("UPDATE seat_pools SET capacity = 0, overload = 1 WHERE id = id(301)", ACCEPTED),
            ("UPDATE sections SET seat_pool_id = id(302) WHERE id = id(401)", "sections_seat_pool_in_use"),
            // The seats of both sections are one number now, and so are the reservations.
            ("UPDATE sections SET seat_pool_id = id(301) WHERE id = id(402); SELECT reserve(2, 2, 1)", ACCEPTED),
            (
                "UPDATE sections SET seat_pool_id = id(301) WHERE id = id(402); SELECT reserve(2, 2, 2)",
                "reservations_seats_fit",
            ),
            // A seat of it is counted, from the first to the last state.
            (
                "SELECT take(1, 1, 1, 'enrolled'); SELECT seat_of(1, 1); SELECT expect(kept(1), 1);
                 SELECT become(1, 'completed'); SELECT expect(kept(1), 1)",
                ACCEPTED,
            ),
            (
                "SELECT take(1, 1, 1, 'enrolled'); SELECT seat_of(1, 1); SELECT become(1, 'dropped');
                 SELECT expect(kept(1), 0); SELECT expect(taken(), 0)",
                ACCEPTED,
            ),
            (
                "SELECT take(1, 1, 1, 'enrolled'); SELECT seat_of(1, 1); DELETE FROM student_courses; SELECT expect(kept(1), 0)",
                ACCEPTED,
            ),
            (
                "SELECT take(1, 1, 1, 'enrolled'); SELECT seat_of(1, 1); TRUNCATE student_courses; SELECT expect(kept(1), 0)",
                ACCEPTED,
            ),
            (
                "SELECT take(1, 1, 1, 'enrolled'); SELECT take(2, 2, 1, 'enrolled'); SELECT seat_of(1, 1); SELECT seat_of(2, 1)",
                "reservations_taken_check",
            ),
            (
                "SELECT take(1, 1, 1, 'enrolled'); SELECT seat_of(1, 1); UPDATE reservations SET seats = 0",
                "reservations_taken_check",
            ),
            (
                "SELECT take(1, 1, 1, 'enrolled'); SELECT seat_of(1, 1); DELETE FROM reservations",
                "student_courses_reservation_id_fkey",
            ),
            ("SELECT take(1, 1, 1, 'waitlisted'); SELECT seat_of(1, 1)", "student_courses_reservation_id_check"),
            ("SELECT bring(1, 1, 1); SELECT seat_of(1, 1)", "student_courses_reservation_id_check"),
        ],
    );
    trials.extend(plain(&[(
        "SELECT take(1, 1, 1, 'enrolled'); SELECT seat_of(1, 9)",
        "student_courses_reservation_id_fkey",
    )]));
    trials
}
