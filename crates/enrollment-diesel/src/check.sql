-- Every violation of an invariant: which, and where. One statement, so that all is seen as it was at one moment, and only
-- from the rows themselves: constraints and triggers may have been switched off when they were written.
WITH held AS (
    SELECT s.seat_pool_id, count(*) AS seats
    FROM student_courses sc JOIN sections s ON s.id = sc.section_id
    WHERE sc.status IN ('enrolled', 'completed')
    GROUP BY s.seat_pool_id
)
SELECT 'the seats that a pool counts are the seats that are held' AS invariant,
    json_build_object('seat_pool_id', p.id, 'taken', p.taken, 'held', coalesce(held.seats, 0)) AS details
FROM seat_pools p LEFT JOIN held ON held.seat_pool_id = p.id
WHERE p.taken <> coalesce(held.seats, 0)

UNION ALL
SELECT 'no more seats are taken than there are',
    json_build_object('seat_pool_id', p.id, 'taken', p.taken, 'capacity', p.capacity, 'overload', p.overload)
FROM seat_pools p
WHERE p.taken NOT BETWEEN 0 AND p.capacity::bigint + p.overload

UNION ALL
SELECT 'the seats that a reservation counts are the seats that are held of it',
    json_build_object('reservation_id', r.id, 'taken', r.taken, 'held', count(sc.id))
FROM reservations r LEFT JOIN student_courses sc ON sc.reservation_id = r.id AND sc.status IN ('enrolled', 'completed')
GROUP BY r.id
HAVING r.taken <> count(sc.id) OR r.taken NOT BETWEEN 0 AND r.seats

UNION ALL
SELECT 'a reserved seat is one of the pool that it is reserved in',
    json_build_object('student_course_id', sc.id, 'reservation_id', r.id)
FROM student_courses sc JOIN reservations r ON r.id = sc.reservation_id
JOIN sections own ON own.id = sc.section_id JOIN sections s ON s.id = r.section_id
WHERE sc.status IN ('enrolled', 'completed') AND own.seat_pool_id <> s.seat_pool_id

UNION ALL
SELECT 'no more seats are reserved than there are',
    json_build_object('seat_pool_id', p.id, 'capacity', p.capacity, 'overload', p.overload, 'reserved', sum(r.seats))
FROM reservations r JOIN sections s ON s.id = r.section_id JOIN seat_pools p ON p.id = s.seat_pool_id
GROUP BY p.id
HAVING sum(r.seats) > p.capacity::bigint + p.overload

UNION ALL
SELECT 'a student has one seat in each component of a course in a term',
    json_build_object('student_id', sc.student_id, 'course_id', sc.course_id, 'term_id', sc.term_id,
        'component', sc.component, 'student_course_ids', json_agg(sc.id ORDER BY sc.id))
FROM student_courses sc
WHERE sc.status = 'enrolled'
GROUP BY sc.student_id, sc.course_id, sc.term_id, sc.component
HAVING count(*) > 1

UNION ALL
SELECT 'a student is in a section once, seated or waiting',
    json_build_object('student_id', sc.student_id, 'section_id', sc.section_id,
        'student_course_ids', json_agg(sc.id ORDER BY sc.id))
FROM student_courses sc
WHERE sc.status IN ('waitlisted', 'enrolled')
GROUP BY sc.student_id, sc.section_id
HAVING count(*) > 1

UNION ALL
SELECT 'the places that a waitlist counts are those who wait, and no more than it has',
    json_build_object('section_id', s.id, 'waitlisted', s.waitlisted, 'waiting', count(w.id), 'capacity', s.waitlist_capacity)
FROM sections s LEFT JOIN student_courses w ON w.section_id = s.id AND w.status = 'waitlisted'
GROUP BY s.id
HAVING s.waitlisted <> count(w.id) OR count(w.id) > s.waitlist_capacity

UNION ALL
SELECT 'everybody who waits for a section has a number of the own',
    json_build_object('section_id', w.section_id, 'waitlist_sequence', w.waitlist_sequence, 'student_course_ids', json_agg(w.id ORDER BY w.id))
FROM student_courses w
WHERE w.status = 'waitlisted'
GROUP BY w.section_id, w.waitlist_sequence
HAVING count(*) > 1

UNION ALL
SELECT 'who waits swaps from a student course of the own',
    json_build_object('student_course_id', w.id, 'waitlist_swap_from', w.waitlist_swap_from)
FROM student_courses w LEFT JOIN student_courses old ON old.id = w.waitlist_swap_from
WHERE w.waitlist_swap_from IS NOT NULL AND old.student_id IS DISTINCT FROM w.student_id

UNION ALL
SELECT 'a student course has the dates, grade and place in a waitlist that its state has, and no others',
    json_build_object('student_course_id', sc.id, 'status', sc.status, 'section_id', sc.section_id,
        'enrolled_at', sc.enrolled_at, 'ended_at', sc.ended_at, 'grade', sc.grade,
        'waitlist_sequence', sc.waitlist_sequence)
FROM student_courses sc
WHERE sc.status NOT IN ('waitlisted', 'enrolled', 'dropped', 'withdrawn', 'completed', 'cancelled')
    OR (sc.ended_at IS NOT NULL) <> (sc.status IN ('dropped', 'withdrawn', 'completed', 'cancelled'))
    OR (sc.waitlist_sequence IS NOT NULL) <> (sc.status = 'waitlisted')
    OR (sc.enrolled_at IS NOT NULL AND sc.status = 'waitlisted')
    OR (sc.enrolled_at IS NULL AND sc.section_id IS NOT NULL AND sc.status NOT IN ('waitlisted', 'cancelled'))
    OR (sc.grade IS NOT NULL AND sc.status <> 'completed')
    OR (sc.section_id IS NULL AND sc.status <> 'completed')
    OR (sc.reservation_id IS NOT NULL AND (sc.section_id IS NULL OR sc.status = 'waitlisted'))

UNION ALL
SELECT 'a student course has the course, term and component of its section',
    json_build_object('student_course_id', sc.id, 'section_id', sc.section_id)
FROM student_courses sc LEFT JOIN sections s ON s.id = sc.section_id
WHERE sc.section_id IS NOT NULL
    AND (sc.course_id, sc.term_id, sc.component) IS DISTINCT FROM (s.course_id, s.term_id, s.component)

UNION ALL
SELECT 'the state of a student course is told by an event',
    json_build_object('student_course_id', sc.id, 'status', sc.status)
FROM student_courses sc
WHERE NOT EXISTS (
    SELECT FROM registration_events e WHERE e.student_course_id = sc.id AND e.kind = sc.status
)

UNION ALL
-- Where the event tells what the student course was: credit that was entered past the system has no more than an event.
SELECT 'the grade of a student course is that which its last event tells',
    json_build_object('student_course_id', sc.id, 'grade', sc.grade, 'told', last.detail ->> 'grade')
FROM student_courses sc JOIN (
    SELECT DISTINCT ON (e.student_course_id) e.student_course_id, e.detail
    FROM registration_events e WHERE e.kind IN ('completed', 'graded')
    ORDER BY e.student_course_id, e.sequence DESC
) last ON last.student_course_id = sc.id
WHERE sc.status = 'completed' AND last.detail -> 'grade' IS NOT NULL AND last.detail ->> 'grade' IS DISTINCT FROM sc.grade

UNION ALL
-- What a part of the system did by itself (an import, the demo) was not decided, so it has no receipt; nor has a change of
-- the seats of a section.
SELECT 'what was accepted has a receipt',
    json_build_object('event_id', e.id, 'attempt_id', e.attempt_id, 'actor', e.actor)
FROM registration_events e
WHERE e.actor NOT LIKE 'system:%' AND e.student_id IS NOT NULL AND NOT EXISTS (SELECT FROM receipts r WHERE r.attempt_id = e.attempt_id)

UNION ALL
SELECT 'what a receipt says was accepted has happened',
    json_build_object('attempt_id', r.attempt_id, 'student_id', r.student_id)
FROM receipts r
WHERE r.decision ->> 'outcome' = 'accepted' AND (r.decision -> 'changes')::text <> '[]'
    AND NOT EXISTS (SELECT FROM registration_events e WHERE e.attempt_id = r.attempt_id)

UNION ALL
SELECT 'what a receipt says was changed is told by as many events',
    json_build_object('attempt_id', r.attempt_id, 'changes', r.changes, 'events', coalesce(told.events, 0))
FROM (
    SELECT attempt_id, json_array_length(decision -> 'changes') AS changes
    FROM receipts WHERE json_typeof(decision -> 'changes') = 'array'
) r
LEFT JOIN (
    SELECT attempt_id, count(*) AS events FROM registration_events WHERE student_course_id IS NOT NULL GROUP BY attempt_id
) told ON told.attempt_id = r.attempt_id
WHERE r.changes <> coalesce(told.events, 0)

UNION ALL
SELECT 'a document that receipts share is what its digest says', json_build_object('digest', d.digest)
FROM receipt_documents d
WHERE d.digest::text <> left(encode(sha256(convert_to(d.document::text, 'UTF8')), 'hex'), 32)::uuid::text

UNION ALL
SELECT 'an offer of a seat tells what it followed from',
    json_build_object('attempt_id', r.attempt_id, 'student_id', r.student_id)
FROM receipts r
WHERE r.command -> 'promote' IS NOT NULL AND r.caused_by IS NULL

UNION ALL
SELECT 'an event of registration has left a student course',
    json_build_object('event_id', e.id, 'kind', e.kind, 'student_course_id', e.student_course_id)
FROM registration_events e
WHERE e.kind IN ('waitlisted', 'enrolled', 'dropped', 'withdrawn', 'completed', 'cancelled')
    AND NOT EXISTS (SELECT FROM student_courses sc WHERE sc.id = e.student_course_id)

UNION ALL
SELECT 'every event that the feed has passed has its place in it',
    json_build_object('event_id', e.id, 'sequence', e.sequence)
FROM registration_events e
WHERE e.sequence <= (SELECT settled FROM event_feed_mark)
    AND NOT EXISTS (SELECT FROM event_feed f WHERE f.sequence = e.sequence)

UNION ALL
SELECT 'places in the feed are numbered without gaps, each of an event',
    json_build_object('places', count(*), 'last', max(f.position), 'events', count(e.id))
FROM event_feed f LEFT JOIN registration_events e ON e.sequence = f.sequence
HAVING count(*) <> coalesce(max(f.position), 0) OR count(*) <> count(e.id)

UNION ALL
-- What one attempt uses a permit for is one use.
SELECT 'the uses that a permit counts are the uses that are recorded',
    json_build_object('permit_id', p.id, 'uses', p.uses, 'recorded', coalesce(recorded.uses, 0))
FROM permits p LEFT JOIN (
    SELECT permit_id, count(DISTINCT attempt_id) AS uses FROM permit_uses GROUP BY permit_id
) recorded ON recorded.permit_id = p.id
WHERE p.uses <> coalesce(recorded.uses, 0)

UNION ALL
SELECT 'no permit is used more often than it allows',
    json_build_object('permit_id', p.id, 'uses', p.uses, 'max_uses', p.max_uses)
FROM permits p
WHERE p.uses > p.max_uses

UNION ALL
SELECT 'a permit is used by attempts of its student that have a receipt',
    json_build_object('permit_id', u.permit_id, 'attempt_id', u.attempt_id, 'student_course_id', u.student_course_id)
FROM permit_uses u LEFT JOIN permits p ON p.id = u.permit_id LEFT JOIN receipts r ON r.attempt_id = u.attempt_id
WHERE r.student_id IS DISTINCT FROM p.student_id
