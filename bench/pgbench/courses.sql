\set student random(0, :readers - 1)
SELECT held.* FROM students LEFT JOIN LATERAL (
    SELECT sc.id, sc.student_id, sc.status, c.id AS course_id, c.code AS course_code, c.title AS course_title,
        s.id AS section_id, s.number AS section_number, s.component AS section_component,
        t.id AS term_id, t.code AS term_code, (sc.credits * 100)::int4 AS hundredths, sc.grading_basis, sc.grade,
        CASE WHEN sc.status = 'waitlisted' THEN (
            SELECT count(*) FROM student_courses ahead
            WHERE ahead.section_id = sc.section_id AND ahead.status = 'waitlisted'
              AND (ahead.waitlist_priority, ahead.waitlist_sequence) <= (sc.waitlist_priority, sc.waitlist_sequence)
        ) END AS waitlist_position,
        sc.reservation_id, sc.enrolled_at, sc.ended_at, sc.version
    FROM student_courses sc JOIN courses c ON c.id = sc.course_id
    LEFT JOIN sections s ON s.id = sc.section_id LEFT JOIN terms t ON t.id = sc.term_id
    WHERE sc.student_id = students.id
    ORDER BY sc.id DESC LIMIT 51
) held ON true
WHERE students.id = ('00000000-0000-7001-8000-' || lpad(to_hex(:student::bigint), 12, '0'))::uuid ORDER BY held.id DESC;
