-- Changes of a section's seats are audited: events of a section and of no student.

ALTER TABLE registration_events ALTER COLUMN student_id DROP NOT NULL;
-- What happens to a student course happens to a student.
ALTER TABLE registration_events ADD CONSTRAINT registration_events_student_id_check
    CHECK (student_id IS NOT NULL OR (student_course_id IS NULL AND section_id IS NOT NULL));

-- Why there are more seats than the room has.
ALTER TABLE seat_pools ADD COLUMN overload_reason text CONSTRAINT seat_pools_overload_reason_check
    CHECK (btrim(overload_reason) = overload_reason AND char_length(overload_reason) BETWEEN 1 AND 500);
