-- Receipts and events are written by every attempt and read by hardly anybody. As jsonb each is taken apart and put together again
-- when it is written: a sixth of all that PostgreSQL does for an enrollment. As json it is looked through once and kept as it is;
-- whoever asks for a part of it pays for that.
ALTER TABLE receipts
    DROP CONSTRAINT receipts_command_check,
    DROP CONSTRAINT receipts_facts_check,
    DROP CONSTRAINT receipts_decision_check,
    ALTER COLUMN command TYPE json,
    ALTER COLUMN facts TYPE json,
    ALTER COLUMN decision TYPE json,
    ADD CONSTRAINT receipts_command_check CHECK (json_typeof(command) = 'object'),
    ADD CONSTRAINT receipts_facts_check CHECK (json_typeof(facts) = 'object'),
    ADD CONSTRAINT receipts_decision_check CHECK (json_typeof(decision) = 'object');

ALTER TABLE registration_events
    DROP CONSTRAINT registration_events_detail_check,
    ALTER COLUMN detail DROP DEFAULT,
    ALTER COLUMN detail TYPE json,
    ALTER COLUMN detail SET DEFAULT '{}',
    ADD CONSTRAINT registration_events_detail_check CHECK (json_typeof(detail) = 'object');

-- A column that changes its type forgets how it was compressed.
DO $$ BEGIN
    ALTER TABLE receipts ALTER COLUMN facts SET COMPRESSION lz4, ALTER COLUMN decision SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
