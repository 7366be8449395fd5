-- One-time tokens by which devices enrol: digests only.
CREATE TABLE enrolment_tokens (
  secret  TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  made_by TEXT,
  ends    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX enrolment_tokens_by_account ON enrolment_tokens (account);

-- Devices that enrolled, each with the certificate that is on record.
CREATE TABLE enrolments (
  device      TEXT NOT NULL PRIMARY KEY,
  account     TEXT NOT NULL,
  stage       TEXT NOT NULL CHECK (stage IN ('active', 'locked', 'revoked')),
  since       INTEGER NOT NULL,
  bound_key   BLOB NOT NULL,
  first       INTEGER NOT NULL CHECK (first > 0),
  generation  INTEGER NOT NULL CHECK (generation >= first),
  serial      TEXT NOT NULL,
  key         TEXT NOT NULL,
  certificate BLOB NOT NULL,
  ends        INTEGER NOT NULL,
  previous    TEXT,
  recoveries  INTEGER NOT NULL CHECK (recoveries >= 0),
  version     INTEGER NOT NULL CHECK (version > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX enrolments_by_account ON enrolments (account, device);
CREATE INDEX enrolments_shut_out ON enrolments (since) WHERE stage <> 'active';

-- Every key that was ever shown to us: none is taken a second time.
CREATE TABLE enrolment_keys (key TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;

-- A generation that went back would make a copy of an identity good again, whatever writes here.
CREATE TRIGGER a_generation_goes_up_alone BEFORE UPDATE ON enrolments
WHEN NEW.generation < OLD.generation
BEGIN SELECT RAISE(ABORT, 'a generation never goes back'); END;

-- The authorities that sign the certificates of devices. The one row of `authority_rings`
-- counts how often they changed.
CREATE TABLE authority_rings (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL CHECK (version > 0)
) STRICT;

CREATE TABLE authorities (
  place  INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  stage  TEXT NOT NULL CHECK (stage IN ('next', 'active', 'retired')),
  since  INTEGER NOT NULL,
  secret BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX one_authority_signs ON authorities (stage) WHERE stage = 'active';
