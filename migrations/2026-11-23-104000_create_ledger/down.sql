DROP TABLE idempotency_keys;
DROP TABLE registration_events;
