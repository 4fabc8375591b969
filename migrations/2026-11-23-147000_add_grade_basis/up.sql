-- Which student courses can end with a grade: those taken for a grade, those passed or not, or both.
ALTER TABLE grades
    ADD COLUMN basis text NOT NULL DEFAULT 'graded' CONSTRAINT grades_basis_check CHECK (basis IN ('graded', 'pass_fail', 'any'));

-- Those of the scale that every database begins with.
UPDATE grades SET basis = 'pass_fail' WHERE grade IN ('P', 'NP');
