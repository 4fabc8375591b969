ALTER TABLE courses DROP COLUMN max_credits;
