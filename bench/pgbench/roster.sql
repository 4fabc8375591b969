\set section random(0, 999)
SELECT line.* FROM sections roster LEFT JOIN LATERAL (
    SELECT * FROM (
        SELECT sc.id, sc.student_id, sc.status, c.id AS course_id, c.code AS course_code, c.title AS course_title,
            s.id AS section_id, s.number AS section_number, s.component AS section_component,
            t.id AS term_id, t.code AS term_code, (sc.credits * 100)::int4 AS hundredths, sc.grading_basis, sc.grade,
            sc.reservation_id, sc.enrolled_at, sc.ended_at, sc.version,
            sc.status = 'waitlisted' AS waitlisted,
            CASE WHEN sc.status = 'waitlisted' THEN sc.waitlist_priority::int8 * 1099511627776 + sc.waitlist_sequence ELSE 0 END AS waitlist_order,
            st.number AS student_number, st.given_name, st.family_name
        FROM student_courses sc JOIN courses c ON c.id = sc.course_id
        LEFT JOIN sections s ON s.id = sc.section_id LEFT JOIN terms t ON t.id = sc.term_id
        JOIN students st ON st.id = sc.student_id
        WHERE sc.section_id = roster.id AND sc.status IN ('enrolled', 'completed', 'waitlisted')
    ) every
    ORDER BY every.waitlisted, every.waitlist_order, every.id LIMIT 51
) line ON true
WHERE roster.id = ('00000000-0000-7010-8000-' || lpad(to_hex(:section::bigint), 12, '0'))::uuid
ORDER BY line.waitlisted, line.waitlist_order, line.id;
