CREATE INDEX registration_events_attempt_id_idx ON registration_events (attempt_id);
