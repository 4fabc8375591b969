-- Which state the names are in by which student courses name their course, section and term: another one after each transaction that
-- changed one of them. Whoever keeps names reads this in the statement that reads what is to be named, and so knows whether they
-- are those of that moment.
CREATE TABLE names_versions (
    id      boolean NOT NULL DEFAULT true CONSTRAINT names_versions_pkey PRIMARY KEY CONSTRAINT names_versions_id_check CHECK (id),
    -- Drawn, not counted: a database that was restored never comes to a version that it had before for other names.
    version uuid    NOT NULL
);
INSERT INTO names_versions (version) VALUES (gen_random_uuid());

-- A transaction that changes names makes one new version of them, at its end: the row is the last that it locks, and not for long.
CREATE FUNCTION change_names_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('enrollment.names_version_changed', true) IS DISTINCT FROM 'yes' THEN
        UPDATE names_versions SET version = gen_random_uuid();
        PERFORM set_config('enrollment.names_version_changed', 'yes', true);
    END IF;
    RETURN NULL;
END $$;

-- What is added is not kept by anybody yet. What is deleted may come back under the same id with another name.
CREATE CONSTRAINT TRIGGER courses_change_names_version_on_update AFTER UPDATE ON courses DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.code, OLD.title) IS DISTINCT FROM (NEW.code, NEW.title)) EXECUTE FUNCTION change_names_version();
CREATE CONSTRAINT TRIGGER courses_change_names_version_on_delete AFTER DELETE ON courses DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_names_version();
CREATE TRIGGER courses_change_names_version_on_truncate AFTER TRUNCATE ON courses EXECUTE FUNCTION change_names_version();

CREATE CONSTRAINT TRIGGER sections_change_names_version_on_update AFTER UPDATE ON sections DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.number, OLD.component) IS DISTINCT FROM (NEW.number, NEW.component)) EXECUTE FUNCTION change_names_version();
CREATE CONSTRAINT TRIGGER sections_change_names_version_on_delete AFTER DELETE ON sections DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_names_version();
CREATE TRIGGER sections_change_names_version_on_truncate AFTER TRUNCATE ON sections EXECUTE FUNCTION change_names_version();

CREATE CONSTRAINT TRIGGER terms_change_names_version_on_update AFTER UPDATE ON terms DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.code IS DISTINCT FROM NEW.code) EXECUTE FUNCTION change_names_version();
CREATE CONSTRAINT TRIGGER terms_change_names_version_on_delete AFTER DELETE ON terms DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_names_version();
CREATE TRIGGER terms_change_names_version_on_truncate AFTER TRUNCATE ON terms EXECUTE FUNCTION change_names_version();
