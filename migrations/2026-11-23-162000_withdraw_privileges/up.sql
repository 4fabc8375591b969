-- Where the server has a role of its own, the default privileges of the tables' owner let it change and remove rows of every new table
-- (docs/roles.sql). A table in which nothing may change withdraws that, from whoever has it, when it is made:
--
--     SELECT withdraw_privileges('UPDATE, DELETE, TRUNCATE', 'registration_events');
CREATE FUNCTION withdraw_privileges(privileges text, relation regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    grantee oid;
BEGIN
    FOR grantee IN
        SELECT DISTINCT a.grantee FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = relation AND a.grantee <> c.relowner
    LOOP
        -- The grantee of number 0 is everybody.
        EXECUTE format('REVOKE %s ON %s FROM %s', privileges, relation, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END);
    END LOOP;
END
$$;

-- Those that are there: the trigger refuses it for the owner, too.
SELECT withdraw_privileges('UPDATE, DELETE, TRUNCATE', tgrelid::regclass)
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = current_schema::regnamespace AND tgname = relname || '_append_only';

-- What has been applied only migrations write.
SELECT withdraw_privileges('INSERT, UPDATE, DELETE, TRUNCATE', to_regclass('__diesel_schema_migrations'))
WHERE to_regclass('__diesel_schema_migrations') IS NOT NULL;
