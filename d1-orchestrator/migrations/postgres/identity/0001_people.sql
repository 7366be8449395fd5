-- Who may ask for what, shared by many servers: people, organisations, what each is in each,
-- whose each device is, and the keys that tokens are signed with.

CREATE TABLE person (
  id uuid PRIMARY KEY,
  -- Names are compared byte by byte, and listed in that order, whatever language this is.
  login text COLLATE "C" NOT NULL UNIQUE CHECK (login = lower(login)),
  password text,
  disabled boolean NOT NULL,
  created bigint NOT NULL CHECK (created >= 0)
);

CREATE TABLE organisation (
  account uuid PRIMARY KEY,
  name text NOT NULL,
  created bigint NOT NULL CHECK (created >= 0)
);

CREATE TABLE member (
  -- The order in which they came.
  place bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  account uuid NOT NULL REFERENCES organisation (account),
  person uuid NOT NULL REFERENCES person (id),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  PRIMARY KEY (account, person)
);

CREATE INDEX member_by_person ON member (person, place);

CREATE TABLE device (
  id uuid PRIMARY KEY,
  account uuid NOT NULL
);

-- How often the keys were changed; one row for ever.
CREATE TABLE ring (
  one boolean PRIMARY KEY CHECK (one),
  version bigint NOT NULL CHECK (version >= 0)
);

INSERT INTO ring (one, version) VALUES (true, 0);

CREATE TABLE signing_key (
  place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  stage text NOT NULL CHECK (stage IN ('next', 'active', 'retired')),
  since bigint NOT NULL CHECK (since >= 0),
  secret bytea NOT NULL
);

-- Two keys that sign at once would be one too many to look after.
CREATE UNIQUE INDEX one_key_signs ON signing_key (stage) WHERE stage = 'active';

-- An organisation that lost its last owner could not be looked after by anybody, whatever
-- writes to these tables. Owners who leave at once do so one after the other.
CREATE FUNCTION keep_an_owner() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
  IF OLD.role = 'owner' AND (TG_OP = 'DELETE' OR NEW.role <> 'owner') THEN
    PERFORM 1 FROM organisation WHERE account = OLD.account FOR UPDATE;
    PERFORM 1 FROM member
      WHERE account = OLD.account AND role = 'owner' AND person <> OLD.person;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the last owner' USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER an_owner_stays BEFORE UPDATE OR DELETE ON member
  FOR EACH ROW EXECUTE FUNCTION keep_an_owner();
