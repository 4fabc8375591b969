-- What is taken together with a course, and what excludes it. Both name courses by code, as the requisite does, for the same
-- reason: a course may be named before it exists in the catalogue.

ALTER TABLE courses
    -- In the form of the requisite; absent: nothing.
    ADD COLUMN corequisite jsonb CONSTRAINT courses_corequisite_check CHECK (jsonb_typeof(corequisite) = 'object'),
    -- The codes of courses that keep a student who has passed or is taking one from this one.
    ADD COLUMN excludes jsonb NOT NULL DEFAULT '[]' CONSTRAINT courses_excludes_check CHECK (jsonb_typeof(excludes) = 'array');
