-- What a term allows the students of a programme, beside what it allows everybody, and whether auditing counts.

ALTER TABLE terms
    -- {programme: credits}. Each is a number, since the statement that loads the facts of an attempt casts it.
    ADD COLUMN program_max_credits jsonb NOT NULL DEFAULT '{}' CONSTRAINT terms_program_max_credits_check CHECK (
        jsonb_typeof(program_max_credits) = 'object'
        AND NOT jsonb_path_exists(program_max_credits, 'strict $.* ? (@.type() != "number" || @ < 0 || @ > 999.99)')
    ),
    ADD COLUMN audit_counts boolean NOT NULL DEFAULT false;
