-- One-time tokens by which devices enrol: digests only.
CREATE TABLE enrolment_token (
  secret text PRIMARY KEY,
  account uuid NOT NULL,
  made_by uuid,
  ends bigint NOT NULL CHECK (ends >= 0)
);

CREATE INDEX enrolment_token_by_account ON enrolment_token (account);

-- Devices that enrolled, each with the certificate that is on record.
CREATE TABLE enrolment (
  device uuid PRIMARY KEY,
  account uuid NOT NULL,
  stage text NOT NULL CHECK (stage IN ('active', 'locked', 'revoked')),
  since bigint NOT NULL CHECK (since >= 0),
  bound_key bytea NOT NULL,
  first bigint NOT NULL CHECK (first > 0),
  generation bigint NOT NULL CHECK (generation >= first),
  serial text NOT NULL,
  key text NOT NULL,
  certificate bytea NOT NULL,
  ends bigint NOT NULL CHECK (ends >= 0),
  previous text,
  recoveries bigint NOT NULL CHECK (recoveries >= 0),
  version bigint NOT NULL CHECK (version > 0)
);

CREATE INDEX enrolment_by_account ON enrolment (account, device);
CREATE INDEX enrolment_shut_out ON enrolment (since) WHERE stage <> 'active';

-- Every key that was ever shown to us: none is taken a second time.
CREATE TABLE enrolment_key (key text PRIMARY KEY);

-- A generation that went back would make a copy of an identity good again, whatever writes here.
CREATE FUNCTION keep_generations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.generation < OLD.generation THEN
    RAISE EXCEPTION 'a generation never goes back' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER a_generation_goes_up_alone BEFORE UPDATE ON enrolment
  FOR EACH ROW EXECUTE FUNCTION keep_generations();

-- The authorities that sign the certificates of devices, and how often they were changed.
CREATE TABLE authority_ring (
  one boolean PRIMARY KEY CHECK (one),
  version bigint NOT NULL CHECK (version >= 0)
);

INSERT INTO authority_ring (one, version) VALUES (true, 0);

CREATE TABLE authority (
  place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  stage text NOT NULL CHECK (stage IN ('next', 'active', 'retired')),
  since bigint NOT NULL CHECK (since >= 0),
  secret bytea NOT NULL
);

CREATE UNIQUE INDEX one_authority_signs ON authority (stage) WHERE stage = 'active';
