-- What is offered in a term: seat pools, sections, and when sections meet.

-- Seats are counted here and nowhere else. The row is the one that competing enrollments wait for, so it is narrow, and
-- `taken` is in no index and pages are kept half empty: each change is a HOT update on its own page. It has no version, since
-- nobody edits `taken`: triggers on student_courses keep it (see the migration that counts seats).
CREATE TABLE seat_pools (
    id       uuid    NOT NULL CONSTRAINT seat_pools_pkey PRIMARY KEY,
    capacity integer NOT NULL CONSTRAINT seat_pools_capacity_check CHECK (capacity >= 0),
    -- Seats beyond capacity that the institution allows, so that both numbers stay visible.
    overload integer NOT NULL DEFAULT 0 CONSTRAINT seat_pools_overload_check CHECK (overload >= 0),
    taken    integer NOT NULL DEFAULT 0,
    -- The last word against overselling, whoever writes and whatever they read before. It also refuses a capacity below
    -- what is taken. The cast keeps the sum of two large integers a comparison, not an overflow.
    CONSTRAINT seat_pools_taken_check CHECK (taken BETWEEN 0 AND capacity::bigint + overload)
) WITH (fillfactor = 50);

CREATE TABLE sections (
    id                uuid        NOT NULL CONSTRAINT sections_pkey PRIMARY KEY,
    course_id         uuid        NOT NULL CONSTRAINT sections_course_id_fkey REFERENCES courses (id),
    term_id           uuid        NOT NULL CONSTRAINT sections_term_id_fkey REFERENCES terms (id),
    number            text        NOT NULL CONSTRAINT sections_number_check CHECK (btrim(number) = number AND char_length(number) BETWEEN 1 AND 64),
    component         text        NOT NULL DEFAULT 'lecture' CONSTRAINT sections_component_check
                                  CHECK (component IN ('lecture', 'lab', 'seminar', 'tutorial', 'recitation', 'studio', 'practicum', 'other')),
    -- Not unique: cross-listed sections share a pool. Who deletes the last section of a pool deletes the pool.
    seat_pool_id      uuid        NOT NULL CONSTRAINT sections_seat_pool_id_fkey REFERENCES seat_pools (id),
    waitlist_capacity integer     NOT NULL DEFAULT 0 CONSTRAINT sections_waitlist_capacity_check CHECK (waitlist_capacity >= 0),
    status            text        NOT NULL DEFAULT 'planned' CONSTRAINT sections_status_check CHECK (status IN ('planned', 'open', 'closed', 'cancelled')),
    instructor        text        CONSTRAINT sections_instructor_check CHECK (btrim(instructor) = instructor AND char_length(instructor) BETWEEN 1 AND 200),
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    version           bigint      NOT NULL DEFAULT 1 CONSTRAINT sections_version_check CHECK (version > 0),
    CONSTRAINT sections_number_key UNIQUE (term_id, course_id, number),
    -- What the foreign key of student_courses points to, so that its copies of these columns cannot lie.
    CONSTRAINT sections_identity_key UNIQUE (id, course_id, term_id, component)
);

-- The lists of sections by course and by term, each a keyset on id; the first also serves the check that a course is unused.
CREATE INDEX sections_course_id_idx ON sections (course_id, id);
CREATE INDEX sections_term_id_idx ON sections (term_id, id);
CREATE INDEX sections_seat_pool_id_idx ON sections (seat_pool_id);

CREATE TABLE meetings (
    section_id uuid     NOT NULL CONSTRAINT meetings_section_id_fkey REFERENCES sections (id) ON DELETE CASCADE,
    -- The order in which the section's meetings were given, and are read.
    position   smallint NOT NULL CONSTRAINT meetings_position_check CHECK (position >= 0),
    -- Sets are bit masks, so that a clash is three comparisons. Bit 0 is Monday; bit 0 is teaching week 1.
    days       smallint NOT NULL CONSTRAINT meetings_days_check CHECK (days BETWEEN 1 AND 127),
    weeks      bigint   CONSTRAINT meetings_weeks_check CHECK (weeks > 0),
    -- Local times in the term's zone.
    starts_at  time     NOT NULL,
    ends_at    time     NOT NULL,
    location   text     CONSTRAINT meetings_location_check CHECK (btrim(location) = location AND char_length(location) BETWEEN 1 AND 200),
    CONSTRAINT meetings_pkey PRIMARY KEY (section_id, position),
    CONSTRAINT meetings_ends_at_check CHECK (ends_at > starts_at)
);
