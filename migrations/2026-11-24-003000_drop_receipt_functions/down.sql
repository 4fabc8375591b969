-- What a student holds, in full: stored in short, or in full.
CREATE FUNCTION receipt_held(held jsonb, student_id jsonb) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE RETURN
    CASE WHEN held ? 'own' THEN (
        SELECT d.document::jsonb || jsonb_build_object('student_course',
            (d.document::jsonb -> 'student_course') || jsonb_build_object('student_id', student_id) || (held -> 'own'))
        FROM receipt_documents d WHERE d.digest = (held ->> 'document')::uuid
    ) ELSE held END;

-- The facts of a receipt in full. In `facts` as they are stored, `scale` is a digest, a section is its `document` and its `waitlist`,
-- what is held is its `document` and `own`, and `completed` is the digest of what else is `held`. Facts that were written in full stay as they
-- are.
CREATE OR REPLACE FUNCTION receipt_facts(facts jsonb) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE RETURN
    facts - 'completed' || jsonb_strip_nulls(jsonb_build_object(
        'scale', (SELECT d.document FROM receipt_documents d
            WHERE jsonb_typeof(facts -> 'scale') = 'string' AND d.digest = (facts ->> 'scale')::uuid)
    )) || jsonb_build_object(
        'sections', (
            SELECT coalesce(jsonb_agg(CASE
                WHEN s.stored ? 'document' THEN d.document::jsonb || jsonb_build_object('waitlist', s.stored -> 'waitlist')
                ELSE s.stored END ORDER BY s.place), '[]')
            FROM jsonb_array_elements(facts -> 'sections') WITH ORDINALITY AS s (stored, place)
            LEFT JOIN receipt_documents d ON d.digest = (s.stored ->> 'document')::uuid
        ),
        'held', (
            SELECT coalesce(jsonb_agg(h.held ORDER BY h.held -> 'student_course' ->> 'id'), '[]')
            FROM (
                SELECT receipt_held(stored.held, facts -> 'student' -> 'id') AS held
                FROM (
                    SELECT jsonb_array_elements(facts -> 'held') AS held
                    UNION ALL
                    SELECT jsonb_array_elements(d.document::jsonb) FROM receipt_documents d WHERE d.digest = (facts ->> 'completed')::uuid
                ) stored
            ) h
        )
    );
