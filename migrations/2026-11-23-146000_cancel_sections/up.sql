-- Why a section was cancelled, where somebody said so.
ALTER TABLE sections
    ADD COLUMN cancel_reason text CONSTRAINT sections_cancel_reason_check CHECK (btrim(cancel_reason) = cancel_reason AND char_length(cancel_reason) BETWEEN 1 AND 500),
    ADD CONSTRAINT sections_cancel_reason_status_check CHECK (cancel_reason IS NULL OR status = 'cancelled');
