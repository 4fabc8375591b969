ALTER TABLE student_courses
    DROP COLUMN elsewhere_course_id,
    DROP COLUMN elsewhere_term_id,
    ADD CONSTRAINT student_courses_course_id_fkey FOREIGN KEY (course_id) REFERENCES courses (id),
    ADD CONSTRAINT student_courses_term_id_fkey FOREIGN KEY (term_id) REFERENCES terms (id);
