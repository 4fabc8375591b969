-- No query asks for the events of an attempt by its id: theirs are made of it, so whoever wants them knows their own ids.
DROP INDEX registration_events_attempt_id_idx;
