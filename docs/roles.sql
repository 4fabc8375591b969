-- The two roles of an installation: the owner of the tables, as whom migrations run, and the role of the server, which may read and
-- write rows but changes no table, and neither changes nor removes what is written for good (events, receipts).
--
--   createdb enrollment
--   psql --dbname enrollment --file docs/roles.sql
--
-- Run by psql in the database of the installation, as a superuser or as the administrator of a managed PostgreSQL (who made the database
-- and may create roles). Run it again at any time, such as for a database whose tables are there already: it comes to the same.
-- Other names: `--set owner=NAME --set server=NAME`, where the owner is who owns the tables, if they are there. Passwords are not
-- set here: `\password enrollment_server`. A schema other than the first of the search path: `PGOPTIONS='-c search_path=NAME'`.
--
-- What the server may do with a table is decided where the table is made: the owner's default privileges, set below, let it read and
-- write rows, and a migration that makes a table in which nothing may change withdraws what is too much.

\set ON_ERROR_STOP on
\if :{?owner}
\else
    \set owner enrollment_owner
\endif
\if :{?server}
\else
    \set server enrollment_server
\endif

BEGIN;
-- The lock of the migrations: one at a time, and not while tables are made.
SELECT pg_advisory_xact_lock(7308905068154875252) \g /dev/null

SELECT format('CREATE ROLE %I LOGIN', needed.role)
FROM (VALUES (:'owner'), (:'server')) AS needed (role)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = needed.role) \gexec

-- A superuser has every role; anybody else has to be in that of the owner, to say what becomes of its tables.
SELECT format('GRANT %I TO CURRENT_USER', :'owner') WHERE NOT pg_has_role(:'owner', 'USAGE') \gexec

-- By default, everybody may connect, make temporary tables and (before PostgreSQL 15) tables.
SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I, %I', current_database(), :'owner', :'server') \gexec
SELECT format('GRANT USAGE, CREATE ON SCHEMA %I TO %I', current_schema, :'owner') \gexec
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', current_schema, :'server') \gexec

-- Tables that the owner will make.
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', :'owner', :'server') \gexec

-- Tables that are there. Those with such a trigger are appended to; what has been applied only migrations write.
SELECT format('REVOKE ALL ON %s FROM %I', relation, :'server'),
    format('GRANT %s ON %s TO %I', CASE
        WHEN name = '__diesel_schema_migrations' THEN 'SELECT'
        WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = relation AND tgname = name || '_append_only') THEN 'SELECT, INSERT'
        ELSE 'SELECT, INSERT, UPDATE, DELETE'
    END, relation, :'server')
FROM (
    SELECT oid::regclass, relname FROM pg_class WHERE relnamespace = current_schema::regnamespace AND relkind IN ('r', 'p')
) AS present (relation, name) \gexec
COMMIT;
