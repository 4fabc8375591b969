DROP TABLE student_courses;
DROP FUNCTION refuse_change();
