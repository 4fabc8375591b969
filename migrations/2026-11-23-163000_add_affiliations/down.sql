DROP INDEX students_program_idx;
ALTER TABLE students DROP COLUMN confidential;
DROP TABLE section_instructors;
