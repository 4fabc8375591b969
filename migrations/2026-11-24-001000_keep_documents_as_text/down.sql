ALTER TABLE receipts
    DROP CONSTRAINT receipts_command_check,
    DROP CONSTRAINT receipts_facts_check,
    DROP CONSTRAINT receipts_decision_check,
    ALTER COLUMN command TYPE jsonb,
    ALTER COLUMN facts TYPE jsonb,
    ALTER COLUMN decision TYPE jsonb,
    ADD CONSTRAINT receipts_command_check CHECK (jsonb_typeof(command) = 'object'),
    ADD CONSTRAINT receipts_facts_check CHECK (jsonb_typeof(facts) = 'object'),
    ADD CONSTRAINT receipts_decision_check CHECK (jsonb_typeof(decision) = 'object');

ALTER TABLE registration_events
    DROP CONSTRAINT registration_events_detail_check,
    ALTER COLUMN detail DROP DEFAULT,
    ALTER COLUMN detail TYPE jsonb,
    ALTER COLUMN detail SET DEFAULT '{}',
    ADD CONSTRAINT registration_events_detail_check CHECK (jsonb_typeof(detail) = 'object');

-- A column that changes its type forgets how it was compressed.
DO $$ BEGIN
    ALTER TABLE receipts ALTER COLUMN facts SET COMPRESSION lz4, ALTER COLUMN decision SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
