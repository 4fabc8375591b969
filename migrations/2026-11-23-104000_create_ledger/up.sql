-- What happened, for good: the events of registration, and the answers to requests that may be repeated.

-- Audit trail, receipts and outbox in one: append-only, and written in the transaction of the change that it tells of.
-- Without foreign keys, on purpose: history must survive what it tells of (a student may be deleted, an event may not), and
-- an event is written with rows that the same transaction has just locked and written, so a check of them proves nothing.
-- `sequence` is the order of writing. Transactions commit in another order, so a reader that follows the log must not take
-- the greatest sequence that it saw for the end of what is settled.
CREATE TABLE registration_events (
    id                uuid        NOT NULL CONSTRAINT registration_events_pkey PRIMARY KEY,
    sequence          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    at                timestamptz NOT NULL,
    actor             text        NOT NULL CONSTRAINT registration_events_actor_check CHECK (char_length(actor) BETWEEN 1 AND 200),
    student_id        uuid        NOT NULL,
    section_id        uuid,
    student_course_id uuid,
    -- The request that caused it: one attempt may have several events.
    attempt_id        uuid        NOT NULL,
    -- enrolled, dropped, withdrawn, ...: open, because each new operation brings kinds of its own.
    kind              text        NOT NULL CONSTRAINT registration_events_kind_check CHECK (kind ~ '^[a-z][a-z_]{0,63}$'),
    detail            jsonb       NOT NULL DEFAULT '{}' CONSTRAINT registration_events_detail_check CHECK (jsonb_typeof(detail) = 'object')
);

-- The history of a student, of a section, of an attempt.
CREATE INDEX registration_events_student_id_idx ON registration_events (student_id, sequence);
CREATE INDEX registration_events_section_id_idx ON registration_events (section_id, sequence) WHERE section_id IS NOT NULL;
CREATE INDEX registration_events_attempt_id_idx ON registration_events (attempt_id);

CREATE TRIGGER registration_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON registration_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('events are appended, never changed or removed');

-- The answer to a request that carried an Idempotency-Key, written in the transaction of its work, so that a repetition is
-- answered from here exactly if the work was done. The hash tells a repetition from another request under the same key.
CREATE TABLE idempotency_keys (
    actor        text        NOT NULL CONSTRAINT idempotency_keys_actor_check CHECK (char_length(actor) BETWEEN 1 AND 200),
    key          text        NOT NULL CONSTRAINT idempotency_keys_key_check CHECK (char_length(key) BETWEEN 1 AND 255),
    request_hash bytea       NOT NULL CONSTRAINT idempotency_keys_request_hash_check CHECK (octet_length(request_hash) = 32),
    response     jsonb       NOT NULL,
    attempt_id   uuid        NOT NULL,
    created_at   timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (actor, key)
);

-- Keys expire by age.
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
