-- Writes all receipts in full again; whoever is there before does not know of rules that are told by their names alone.
ALTER TABLE receipts DISABLE TRIGGER receipts_append_only;
UPDATE receipts SET
    facts = receipt_facts(facts),
    decision = decision || jsonb_build_object('steps', (
        SELECT coalesce(jsonb_agg(step || jsonb_build_object('rules', (
            SELECT coalesce(jsonb_agg(CASE
                WHEN jsonb_typeof(rule) = 'string' THEN jsonb_build_object('rule', rule, 'violation', null, 'waived_by', null)
                ELSE rule END ORDER BY rule_place), '[]')
            FROM jsonb_array_elements(step -> 'rules') WITH ORDINALITY AS r (rule, rule_place)
        )) ORDER BY step_place), '[]')
        FROM jsonb_array_elements(decision -> 'steps') WITH ORDINALITY AS s (step, step_place)
    ));
ALTER TABLE receipts ENABLE TRIGGER receipts_append_only;
DROP FUNCTION receipt_facts(jsonb);
DROP TABLE receipt_documents;
