-- Receipts are read as they are stored, and put together by the application, which keeps the documents that many have in common:
-- here, that took a subquery for each thing held of each receipt.
DROP FUNCTION receipt_facts(jsonb);
DROP FUNCTION receipt_held(jsonb, jsonb);
