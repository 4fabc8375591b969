-- How often a course may be taken: "never" again, "until_passed", {"at_most": times} or "freely".

ALTER TABLE courses ADD COLUMN repeat_policy jsonb NOT NULL DEFAULT '"until_passed"' CONSTRAINT courses_repeat_policy_check
    CHECK (repeat_policy::text ~ '^("never"|"until_passed"|"freely"|\{"at_most": ([2-9]|[1-9][0-9])\})$');

UPDATE courses SET repeat_policy = '"freely"' WHERE repeatable;

ALTER TABLE courses DROP COLUMN repeatable;
