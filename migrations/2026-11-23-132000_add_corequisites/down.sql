ALTER TABLE courses DROP COLUMN corequisite, DROP COLUMN excludes;
