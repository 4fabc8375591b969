-- The receipt of every attempt that was decided, accepted or refused: what was asked, everything that was known, what each
-- rule said, and what came of it. Whoever doubts an answer can decide again on the same facts.

-- Without foreign keys, for the reasons that registration_events have none. The receipt of what was accepted is written in
-- the transaction of the change; that of a refusal after the answer, in bulk, unless it belongs to an idempotency key.
CREATE TABLE receipts (
    attempt_id uuid        NOT NULL CONSTRAINT receipts_pkey PRIMARY KEY,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL CONSTRAINT receipts_actor_check CHECK (char_length(actor) BETWEEN 1 AND 200),
    student_id uuid        NOT NULL,
    command    jsonb       NOT NULL CONSTRAINT receipts_command_check CHECK (jsonb_typeof(command) = 'object'),
    facts      jsonb       NOT NULL CONSTRAINT receipts_facts_check CHECK (jsonb_typeof(facts) = 'object'),
    -- The outcome, the section that was judged, what each rule said, and the changes.
    decision   jsonb       NOT NULL CONSTRAINT receipts_decision_check CHECK (jsonb_typeof(decision) = 'object')
);

-- Documents of some kilobytes, written once by every attempt and hardly ever read: the faster compression, where the server
-- was built with it.
DO $$ BEGIN
    ALTER TABLE receipts ALTER COLUMN facts SET COMPRESSION lz4, ALTER COLUMN decision SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

-- A student's receipts; attempts are numbered in the order of time.
CREATE INDEX receipts_student_id_idx ON receipts (student_id, attempt_id);

CREATE TRIGGER receipts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON receipts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('receipts are appended, never changed or removed');
