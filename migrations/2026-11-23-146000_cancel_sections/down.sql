ALTER TABLE sections DROP COLUMN cancel_reason;
