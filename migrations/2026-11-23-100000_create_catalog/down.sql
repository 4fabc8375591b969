DROP TABLE grades;
DROP TABLE terms;
DROP TABLE courses;
DROP TABLE students;
