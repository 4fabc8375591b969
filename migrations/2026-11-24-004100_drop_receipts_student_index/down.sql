CREATE INDEX receipts_student_id_idx ON receipts (student_id, attempt_id);
