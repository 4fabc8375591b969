-- What access depends on: who teaches a section, and which students are hidden from those without need.

-- The institution's own numbers of those who teach a section. The name in `sections.instructor` is only for reading.
CREATE TABLE section_instructors (
    section_id uuid NOT NULL CONSTRAINT section_instructors_section_id_fkey REFERENCES sections (id) ON DELETE CASCADE,
    number     text NOT NULL CONSTRAINT section_instructors_number_check CHECK (btrim(number) = number AND char_length(number) BETWEEN 1 AND 64),
    CONSTRAINT section_instructors_pkey PRIMARY KEY (section_id, number)
);

ALTER TABLE students ADD COLUMN confidential boolean NOT NULL DEFAULT false;
-- An advisor's list of students, in keyset order.
CREATE INDEX students_program_idx ON students (program, id);
