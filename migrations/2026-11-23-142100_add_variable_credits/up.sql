-- A course that is worth more to whoever does more in it: from credits to max_credits, as asked for when enrolling. Absent:
-- always credits.

ALTER TABLE courses ADD COLUMN max_credits numeric(5,2),
    ADD CONSTRAINT courses_max_credits_check CHECK (max_credits BETWEEN credits AND 999.99);
