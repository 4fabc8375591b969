ALTER TABLE terms DROP COLUMN program_max_credits, DROP COLUMN audit_counts;
