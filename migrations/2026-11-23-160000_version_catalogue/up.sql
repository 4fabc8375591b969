-- Which state the catalogue is in, as far as rules ask of it: courses, sections but for who waits, terms, meetings, grades, and windows.
-- Another version after each transaction that changed one of them, as names have one (version_names). Whoever keeps the catalogue
-- reads this in the statement that reads everything else, and so knows whether it is the catalogue of that moment.
CREATE TABLE catalogue_versions (
    id      boolean NOT NULL DEFAULT true CONSTRAINT catalogue_versions_pkey PRIMARY KEY CONSTRAINT catalogue_versions_id_check CHECK (id),
    -- Drawn, not counted, as that of the names is.
    version uuid    NOT NULL
);
INSERT INTO catalogue_versions (version) VALUES (gen_random_uuid());

-- A transaction that changes the catalogue makes one new version of it, at its end: so others wait for the row for a moment only.
CREATE FUNCTION change_catalogue_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('enrollment.catalogue_version_changed', true) IS DISTINCT FROM 'yes' THEN
        UPDATE catalogue_versions SET version = gen_random_uuid();
        PERFORM set_config('enrollment.catalogue_version_changed', 'yes', true);
    END IF;
    RETURN NULL;
END $$;

-- Until then the transaction itself sees what it has changed, and still the version from before. So it notes that at once: whoever reads the version asks for this, too.
CREATE FUNCTION note_catalogue_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('enrollment.catalogue_changed', 'yes', true);
    RETURN NULL;
END $$;

-- What is added of these is not kept by anybody yet. What is deleted may come back under the same id as something else.
CREATE CONSTRAINT TRIGGER courses_change_catalogue_version_on_change AFTER UPDATE OR DELETE ON courses DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER courses_change_catalogue_version_noted_on_change AFTER UPDATE OR DELETE ON courses FOR EACH ROW
    EXECUTE FUNCTION note_catalogue_change();
CREATE TRIGGER courses_change_catalogue_version_on_truncate AFTER TRUNCATE ON courses EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER courses_change_catalogue_version_noted_on_truncate AFTER TRUNCATE ON courses EXECUTE FUNCTION note_catalogue_change();

CREATE CONSTRAINT TRIGGER terms_change_catalogue_version_on_change AFTER UPDATE OR DELETE ON terms DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER terms_change_catalogue_version_noted_on_change AFTER UPDATE OR DELETE ON terms FOR EACH ROW
    EXECUTE FUNCTION note_catalogue_change();
CREATE TRIGGER terms_change_catalogue_version_on_truncate AFTER TRUNCATE ON terms EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER terms_change_catalogue_version_noted_on_truncate AFTER TRUNCATE ON terms EXECUTE FUNCTION note_catalogue_change();

-- How many wait for a section changes with each who does, and is never kept. Every other column is, also one that is added later.
CREATE CONSTRAINT TRIGGER sections_change_catalogue_version_on_update AFTER UPDATE ON sections DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (to_jsonb(OLD) - 'waitlisted' IS DISTINCT FROM to_jsonb(NEW) - 'waitlisted')
    EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER sections_change_catalogue_version_noted_on_update AFTER UPDATE ON sections FOR EACH ROW
    WHEN (to_jsonb(OLD) - 'waitlisted' IS DISTINCT FROM to_jsonb(NEW) - 'waitlisted')
    EXECUTE FUNCTION note_catalogue_change();

CREATE CONSTRAINT TRIGGER sections_change_catalogue_version_on_delete AFTER DELETE ON sections DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER sections_change_catalogue_version_noted_on_delete AFTER DELETE ON sections FOR EACH ROW
    EXECUTE FUNCTION note_catalogue_change();
CREATE TRIGGER sections_change_catalogue_version_on_truncate AFTER TRUNCATE ON sections EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER sections_change_catalogue_version_noted_on_truncate AFTER TRUNCATE ON sections EXECUTE FUNCTION note_catalogue_change();

-- Of these whoever keeps any keeps all, of a section or a term or at all.
CREATE CONSTRAINT TRIGGER meetings_change_catalogue_version_on_change AFTER INSERT OR UPDATE OR DELETE ON meetings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER meetings_change_catalogue_version_noted_on_change AFTER INSERT OR UPDATE OR DELETE ON meetings FOR EACH ROW
    EXECUTE FUNCTION note_catalogue_change();
CREATE TRIGGER meetings_change_catalogue_version_on_truncate AFTER TRUNCATE ON meetings EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER meetings_change_catalogue_version_noted_on_truncate AFTER TRUNCATE ON meetings EXECUTE FUNCTION note_catalogue_change();

CREATE CONSTRAINT TRIGGER grades_change_catalogue_version_on_change AFTER INSERT OR UPDATE OR DELETE ON grades DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER grades_change_catalogue_version_noted_on_change AFTER INSERT OR UPDATE OR DELETE ON grades FOR EACH ROW
    EXECUTE FUNCTION note_catalogue_change();
CREATE TRIGGER grades_change_catalogue_version_on_truncate AFTER TRUNCATE ON grades EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER grades_change_catalogue_version_noted_on_truncate AFTER TRUNCATE ON grades EXECUTE FUNCTION note_catalogue_change();

CREATE CONSTRAINT TRIGGER windows_change_catalogue_version_on_change AFTER INSERT OR UPDATE OR DELETE ON windows DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER windows_change_catalogue_version_noted_on_change AFTER INSERT OR UPDATE OR DELETE ON windows FOR EACH ROW
    EXECUTE FUNCTION note_catalogue_change();
CREATE TRIGGER windows_change_catalogue_version_on_truncate AFTER TRUNCATE ON windows EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER windows_change_catalogue_version_noted_on_truncate AFTER TRUNCATE ON windows EXECUTE FUNCTION note_catalogue_change();

-- Not whom a window lists, which is looked up for each student; but whether it lists any.
CREATE CONSTRAINT TRIGGER window_students_change_catalogue_version_on_change AFTER INSERT OR UPDATE OR DELETE ON window_students DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER window_students_change_catalogue_version_noted_on_change AFTER INSERT OR UPDATE OR DELETE ON window_students FOR EACH ROW
    EXECUTE FUNCTION note_catalogue_change();
CREATE TRIGGER window_students_change_catalogue_version_on_truncate AFTER TRUNCATE ON window_students EXECUTE FUNCTION change_catalogue_version();
CREATE TRIGGER window_students_change_catalogue_version_noted_on_truncate AFTER TRUNCATE ON window_students EXECUTE FUNCTION note_catalogue_change();
