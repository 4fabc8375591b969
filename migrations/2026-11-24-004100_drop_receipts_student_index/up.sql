-- No query asks for the receipts of a student: a history is of events, which name their receipts. Each attempt paid for it, also each
-- that was refused.
DROP INDEX receipts_student_id_idx;
