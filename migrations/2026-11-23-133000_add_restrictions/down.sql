ALTER TABLE sections DROP COLUMN restriction;
ALTER TABLE courses DROP COLUMN restriction;
