DROP TRIGGER sections_seat_pool_in_use ON sections;
DROP FUNCTION refuse_pool_change_in_use();
DROP TRIGGER student_courses_count_seats_on_truncate ON student_courses;
DROP FUNCTION free_all_seats();
DROP TRIGGER student_courses_count_seats_on_delete ON student_courses;
DROP TRIGGER student_courses_count_seats_on_update ON student_courses;
DROP TRIGGER student_courses_count_seats_on_insert ON student_courses;
DROP FUNCTION count_seats();
