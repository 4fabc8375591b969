//! Registration windows and the students whom they list.

use super::{ACCEPTED, Trials, with};

pub(super) fn all() -> Trials {
    with(
        "admit(1, 2, 2)",
        &[
            ("UPDATE windows SET action = 'enroll'", "windows_action_check"),
            ("UPDATE windows SET action = 'both'", ACCEPTED),
            ("UPDATE windows SET term_id = id(299)", "windows_term_id_fkey"),
            ("DELETE FROM terms WHERE code = 'T2'", "windows_term_id_fkey"),
            ("UPDATE windows SET opens_at = NULL, closes_at = now()", ACCEPTED),
            ("UPDATE windows SET opens_at = NULL", "windows_opens_at_check"),
            ("UPDATE windows SET closes_at = opens_at", "windows_closes_at_check"),
            ("UPDATE windows SET closes_at = opens_at + interval '1 microsecond'", ACCEPTED),
            ("UPDATE windows SET programs = '[\"Logic\"]', levels = '[\"1\"]'", ACCEPTED),
            ("UPDATE windows SET programs = '{}'", "windows_programs_check"),
            ("UPDATE windows SET programs = '[]'", "windows_programs_check"),
            ("UPDATE windows SET levels = '\"1\"'", "windows_levels_check"),
            ("UPDATE windows SET levels = '[]'", "windows_levels_check"),
            ("UPDATE windows SET min_earned_credits = 999.99", ACCEPTED),
            ("UPDATE windows SET min_earned_credits = -1", "windows_min_earned_credits_check"),
            ("UPDATE windows SET min_earned_credits = 'NaN'", "windows_min_earned_credits_check"),
            ("UPDATE windows SET version = 0", "windows_version_check"),
            ("INSERT INTO window_students SELECT * FROM window_students", "window_students_pkey"),
            ("UPDATE window_students SET window_id = id(999)", "window_students_window_id_fkey"),
            ("UPDATE window_students SET student_id = id(99)", "window_students_student_id_fkey"),
            ("DELETE FROM students WHERE number = 'S2'", "window_students_student_id_fkey"),
            ("DELETE FROM windows; SELECT expect(count(*), 0) FROM window_students", ACCEPTED),
        ],
    )
}
