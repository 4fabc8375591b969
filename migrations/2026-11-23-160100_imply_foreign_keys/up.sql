-- That a student course's course and term exist follows from its section, whose row has the same two by the composite foreign key, and
-- foreign keys of its own. To look them up once more for each new row was a tenth of what PostgreSQL does for an enrollment.
-- Only credit earned elsewhere has no section to tell; so only for that these keys have a value. A null is not looked up.
ALTER TABLE student_courses
    DROP CONSTRAINT student_courses_course_id_fkey,
    DROP CONSTRAINT student_courses_term_id_fkey,
    ADD COLUMN elsewhere_course_id uuid GENERATED ALWAYS AS (CASE WHEN section_id IS NULL THEN course_id END) STORED
        CONSTRAINT student_courses_course_id_fkey REFERENCES courses (id),
    ADD COLUMN elsewhere_term_id uuid GENERATED ALWAYS AS (CASE WHEN section_id IS NULL THEN term_id END) STORED
        CONSTRAINT student_courses_term_id_fkey REFERENCES terms (id);

-- They serve the check that a course or a term is unused.
CREATE INDEX student_courses_elsewhere_course_id_idx ON student_courses (elsewhere_course_id) WHERE elsewhere_course_id IS NOT NULL;
CREATE INDEX student_courses_elsewhere_term_id_idx ON student_courses (elsewhere_term_id) WHERE elsewhere_term_id IS NOT NULL;
