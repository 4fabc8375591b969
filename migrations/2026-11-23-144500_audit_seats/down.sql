ALTER TABLE seat_pools DROP COLUMN overload_reason;
ALTER TABLE registration_events DROP CONSTRAINT registration_events_student_id_check;
-- Events are never removed, so this fails where there are some without a student.
ALTER TABLE registration_events ALTER COLUMN student_id SET NOT NULL;
