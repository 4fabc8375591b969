DROP TABLE event_feed_mark;
DROP TABLE event_feed;
ALTER TABLE registration_events DROP CONSTRAINT registration_events_sequence_key;
