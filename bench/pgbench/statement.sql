WITH seat AS (UPDATE bench.seat_pools SET taken = taken + 1 WHERE id = :section AND taken < capacity RETURNING id)
INSERT INTO bench.student_courses (student_id, section_id) SELECT :student, id FROM seat;
