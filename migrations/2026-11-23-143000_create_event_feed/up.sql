-- The feed of events: each event has a place, without gaps, in an order that never changes once it was told.
--
-- Sequences are handed out before their transactions commit, so who follows them misses what commits late. Places are given
-- afterwards, to events that have been committed, by whoever reads the feed: an enrollment pays nothing for it.
--
-- * Places are given in the order of sequences, by one transaction at a time. Changes that conflict (of one student, or of
--   one seat pool) take their sequences under the locks for which the later waits until the earlier has committed: where the
--   later is seen, so is the earlier, and its sequence is smaller. So the feed tells them in the order in which they happened.
-- * Unrelated changes may be told in another order than that of their sequences.
ALTER TABLE registration_events ADD CONSTRAINT registration_events_sequence_key UNIQUE (sequence);

CREATE TABLE event_feed (
    position bigint NOT NULL CONSTRAINT event_feed_pkey PRIMARY KEY,
    -- Of an event. No foreign key, which would lock events that are never removed anyway.
    sequence bigint NOT NULL CONSTRAINT event_feed_sequence_key UNIQUE
);

CREATE TRIGGER event_feed_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_feed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a place in the feed is given once and for all');

-- From where on to look for events without a place. Its one row is also what those who give places queue for.
CREATE TABLE event_feed_mark (
    id          boolean NOT NULL DEFAULT true CONSTRAINT event_feed_mark_pkey PRIMARY KEY
                        CONSTRAINT event_feed_mark_id_check CHECK (id),
    -- Every event up to this sequence that there will ever be has its place.
    settled     bigint  NOT NULL DEFAULT 0,
    -- The greatest sequence that was seen when the mark was set. Whoever had taken a smaller one had a transaction id by then
    -- (writers lock before they write), and it was below `seen_before`: once all of those are over, this sequence is settled.
    seen        bigint  NOT NULL DEFAULT 0,
    seen_before bigint  NOT NULL DEFAULT 0
);

INSERT INTO event_feed_mark DEFAULT VALUES;
