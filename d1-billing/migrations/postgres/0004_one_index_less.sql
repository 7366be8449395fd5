-- An account still stands where its history ends; that is now looked up by the key of a line,
-- which is there anyway, and no longer by an index of its own that every new line had to enter.

ALTER TABLE account DROP CONSTRAINT account_stands_where_its_history_ends;
DROP INDEX entry_place;

-- It is asked of an account as it is when all is done, if it is still there.
CREATE FUNCTION account_stands_where_its_history_ends() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stands account;
BEGIN
  FOR stands IN SELECT * FROM account WHERE id = NEW.id LOOP
    IF NOT EXISTS (SELECT FROM entry WHERE account = stands.id AND seq = stands.entries AND after = stands.posted) THEN
      RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER account_stands_where_its_history_ends AFTER INSERT OR UPDATE ON account
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION account_stands_where_its_history_ends();
