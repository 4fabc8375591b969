BEGIN;
SELECT capacity, taken FROM bench.seat_pools WHERE id = :section FOR UPDATE;
ROLLBACK;
