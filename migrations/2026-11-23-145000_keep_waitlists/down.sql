DROP INDEX receipts_caused_by_idx;
ALTER TABLE receipts DROP COLUMN caused_by;
DROP TRIGGER student_courses_count_waiting_on_truncate ON student_courses;
DROP FUNCTION empty_all_waitlists();
DROP TRIGGER student_courses_count_waiting_on_delete ON student_courses;
DROP TRIGGER student_courses_count_waiting_on_update ON student_courses;
DROP TRIGGER student_courses_count_waiting_on_insert ON student_courses;
DROP FUNCTION count_waiting();
ALTER TABLE sections DROP COLUMN waitlisted;
ALTER TABLE student_courses
    DROP CONSTRAINT student_courses_end_reason_status_check,
    DROP CONSTRAINT student_courses_waitlist_check,
    DROP COLUMN end_reason,
    DROP COLUMN waitlist_passed_over,
    DROP COLUMN waitlist_swap_from;
ALTER TABLE courses DROP COLUMN linked_components;
