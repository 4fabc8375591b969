ALTER TABLE courses ADD COLUMN repeatable boolean NOT NULL DEFAULT false;

UPDATE courses SET repeatable = true WHERE repeat_policy = '"freely"' OR repeat_policy ? 'at_most';

ALTER TABLE courses DROP COLUMN repeat_policy;
