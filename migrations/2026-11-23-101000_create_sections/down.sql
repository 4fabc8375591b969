DROP TABLE meetings;
DROP TABLE sections;
DROP TABLE seat_pools;
