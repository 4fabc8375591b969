BEGIN;
SELECT capacity, taken FROM bench.seat_pools WHERE id = :section FOR UPDATE;
INSERT INTO bench.student_courses (student_id, section_id) VALUES (:student, :section);
UPDATE bench.seat_pools SET taken = taken + 1 WHERE id = :section;
COMMIT;
