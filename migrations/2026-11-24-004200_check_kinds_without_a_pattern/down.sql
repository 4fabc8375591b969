ALTER TABLE registration_events
    DROP CONSTRAINT registration_events_kind_check,
    ADD CONSTRAINT registration_events_kind_check CHECK (kind ~ '^[a-z][a-z_]{0,63}$');
