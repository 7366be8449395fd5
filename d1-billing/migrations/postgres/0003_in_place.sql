-- What changes is written where it is. A column in the condition of an index counts as one in the
-- index: as long as one asked whether a hold is open, ending a hold renewed every index of its
-- table. The open holds that have an end, which are few, are now a list of their own. And a page
-- has room for each of its rows once more.

CREATE TABLE deadline (
  hold uuid NOT NULL PRIMARY KEY,
  account uuid NOT NULL,
  until_at bigint NOT NULL
);
CREATE INDEX deadline_of_account ON deadline (account, until_at);
INSERT INTO deadline SELECT id, account, until_at FROM hold WHERE state = 'open' AND until_at IS NOT NULL;

CREATE FUNCTION hold_has_its_deadline() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.state = 'open' THEN
    INSERT INTO deadline VALUES (NEW.id, NEW.account, NEW.until_at)
    ON CONFLICT (hold) DO UPDATE SET until_at = NEW.until_at;
  ELSE
    DELETE FROM deadline WHERE hold = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER hold_has_its_deadline AFTER INSERT OR UPDATE ON hold FOR EACH ROW
WHEN (NEW.until_at IS NOT NULL)
EXECUTE FUNCTION hold_has_its_deadline();

DROP INDEX hold_open;
ALTER TABLE hold SET (fillfactor = 45);
ALTER TABLE share SET (fillfactor = 45);

-- Of many new rows about one account or one lot, one asks whether it is there.

CREATE OR REPLACE FUNCTION hold_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT account FROM fresh) AS named WHERE NOT EXISTS (SELECT FROM account WHERE account.id = named.account)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION entry_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT account FROM fresh) AS named WHERE NOT EXISTS (SELECT FROM account WHERE account.id = named.account)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION share_lot() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT lot FROM fresh) AS named WHERE NOT EXISTS (SELECT FROM lot WHERE lot.id = named.lot)) THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = TG_NAME, CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
