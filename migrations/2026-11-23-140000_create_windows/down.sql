DROP TABLE window_students;
DROP TABLE windows;
