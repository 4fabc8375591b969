-- Who may enroll, in what, and when: students, courses, terms, and the grade scale.
--
-- Conventions of every migration:
--   * No schema is named and no extension is needed: an institution is a database, or a schema of its own on the search path.
--   * Every constraint and index has an explicit name, unique in the database, because the store maps a violated constraint
--     to a domain error by its name: <table>_<column or subject>_{pkey,key,fkey,check,idx}.
--   * Ids are UUID v7, minted by the application, so ordering by id is ordering by creation.
--   * Text carries the same bounds as the application's types. The application answers with every field error at once; these
--     checks are for whoever writes to the database without it.

CREATE TABLE students (
    id          uuid         NOT NULL CONSTRAINT students_pkey PRIMARY KEY,
    number      text         NOT NULL CONSTRAINT students_number_check CHECK (btrim(number) = number AND char_length(number) BETWEEN 1 AND 64),
    given_name  text         NOT NULL CONSTRAINT students_given_name_check CHECK (btrim(given_name) = given_name AND char_length(given_name) BETWEEN 1 AND 200),
    family_name text         NOT NULL CONSTRAINT students_family_name_check CHECK (btrim(family_name) = family_name AND char_length(family_name) BETWEEN 1 AND 200),
    email       text         CONSTRAINT students_email_check CHECK (btrim(email) = email AND char_length(email) BETWEEN 3 AND 254),
    program     text         CONSTRAINT students_program_check CHECK (btrim(program) = program AND char_length(program) BETWEEN 1 AND 200),
    level       text         CONSTRAINT students_level_check CHECK (btrim(level) = level AND char_length(level) BETWEEN 1 AND 200),
    status      text         NOT NULL DEFAULT 'active' CONSTRAINT students_status_check CHECK (status IN ('active', 'inactive', 'suspended', 'graduated')),
    -- The student's own credit limit in a term; the lower of it and the term's holds. Absent: the term's alone.
    max_credits numeric(5,2) CONSTRAINT students_max_credits_check CHECK (max_credits BETWEEN 0 AND 999.99),
    created_at  timestamptz  NOT NULL,
    updated_at  timestamptz  NOT NULL,
    version     bigint       NOT NULL DEFAULT 1 CONSTRAINT students_version_check CHECK (version > 0),
    CONSTRAINT students_number_key UNIQUE (number)
);

CREATE TABLE courses (
    id          uuid         NOT NULL CONSTRAINT courses_pkey PRIMARY KEY,
    code        text         NOT NULL CONSTRAINT courses_code_check CHECK (btrim(code) = code AND char_length(code) BETWEEN 1 AND 64),
    title       text         NOT NULL CONSTRAINT courses_title_check CHECK (btrim(title) = title AND char_length(title) BETWEEN 1 AND 300),
    description text         CONSTRAINT courses_description_check CHECK (btrim(description) = description AND char_length(description) BETWEEN 1 AND 10000),
    credits     numeric(5,2) NOT NULL CONSTRAINT courses_credits_check CHECK (credits BETWEEN 0 AND 999.99),
    -- Whether it may be taken for credit again after it was passed.
    repeatable  boolean      NOT NULL DEFAULT false,
    -- {"course": code, "min_grade": grade}, {"all": [...]}, {"any": [...]}, to any depth; absent: no requisite. Its leaves are
    -- read by the application: a course may be required before it exists in the catalogue, so they are not foreign keys.
    requisite   jsonb        CONSTRAINT courses_requisite_check CHECK (jsonb_typeof(requisite) = 'object'),
    created_at  timestamptz  NOT NULL,
    updated_at  timestamptz  NOT NULL,
    version     bigint       NOT NULL DEFAULT 1 CONSTRAINT courses_version_check CHECK (version > 0),
    CONSTRAINT courses_code_key UNIQUE (code)
);

CREATE TABLE terms (
    id                   uuid         NOT NULL CONSTRAINT terms_pkey PRIMARY KEY,
    code                 text         NOT NULL CONSTRAINT terms_code_check CHECK (btrim(code) = code AND char_length(code) BETWEEN 1 AND 64),
    name                 text         NOT NULL CONSTRAINT terms_name_check CHECK (btrim(name) = name AND char_length(name) BETWEEN 1 AND 200),
    -- An IANA name. Whether there is such a zone is the application's to know: its tzdata decides, not the server's.
    time_zone            text         NOT NULL CONSTRAINT terms_time_zone_check CHECK (btrim(time_zone) = time_zone AND char_length(time_zone) BETWEEN 1 AND 64),
    starts_on            date         NOT NULL,
    ends_on              date         NOT NULL,
    max_credits          numeric(5,2) CONSTRAINT terms_max_credits_check CHECK (max_credits BETWEEN 0 AND 999.99),
    -- Windows and deadlines are instants; absent: no limit.
    enrollment_opens_at  timestamptz,
    enrollment_closes_at timestamptz,
    drop_deadline        timestamptz,
    withdraw_deadline    timestamptz,
    created_at           timestamptz  NOT NULL,
    updated_at           timestamptz  NOT NULL,
    version              bigint       NOT NULL DEFAULT 1 CONSTRAINT terms_version_check CHECK (version > 0),
    CONSTRAINT terms_code_key UNIQUE (code),
    CONSTRAINT terms_ends_on_check CHECK (ends_on >= starts_on),
    CONSTRAINT terms_enrollment_closes_at_check CHECK (enrollment_closes_at > enrollment_opens_at),
    CONSTRAINT terms_withdraw_deadline_check CHECK (withdraw_deadline >= drop_deadline)
);

-- The grade scale. "At least a C" compares ranks, so an institution changes the scale by changing rows, not code.
CREATE TABLE grades (
    grade   text    NOT NULL CONSTRAINT grades_pkey PRIMARY KEY CONSTRAINT grades_grade_check CHECK (btrim(grade) = grade AND char_length(grade) BETWEEN 1 AND 16),
    -- Higher is better. Steps of ten leave room for marks between these.
    rank    integer NOT NULL,
    passing boolean NOT NULL
);

-- A pass without a letter proves no more than the lowest passing letter, so P has that letter's rank: it satisfies a
-- requisite that asks for a pass, and none that asks for a better grade. NP is to P as F is to D-.
INSERT INTO grades (grade, rank, passing) VALUES
    ('A+', 120, true), ('A', 110, true), ('A-', 100, true),
    ('B+',  90, true), ('B',  80, true), ('B-',  70, true),
    ('C+',  60, true), ('C',  50, true), ('C-',  40, true),
    ('D+',  30, true), ('D',  20, true), ('D-',  10, true),
    ('F',    0, false),
    ('P',   10, true), ('NP',  0, false);
