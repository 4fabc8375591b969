-- Whom a course or a section is for: {"programs": [...], "levels": [...]}, read by the application; absent: everybody.

ALTER TABLE courses ADD COLUMN restriction jsonb CONSTRAINT courses_restriction_check CHECK (jsonb_typeof(restriction) = 'object');
ALTER TABLE sections ADD COLUMN restriction jsonb CONSTRAINT sections_restriction_check CHECK (jsonb_typeof(restriction) = 'object');
