-- People, organisations, and what each is in each.
CREATE TABLE users (
  id       TEXT NOT NULL PRIMARY KEY,
  login    TEXT NOT NULL UNIQUE CHECK (login = lower(login)),
  password TEXT,
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  created  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organisations (
  account TEXT NOT NULL PRIMARY KEY,
  name    TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
  -- The order in which they came.
  place   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL REFERENCES organisations (account),
  user    TEXT NOT NULL REFERENCES users (id),
  role    TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  UNIQUE (account, user)
) STRICT;

CREATE INDEX members_by_user ON members (user, place);

-- An organisation that lost its last owner could not be looked after by anybody, whatever
-- writes to this file.
CREATE TRIGGER the_last_owner_does_not_step_down BEFORE UPDATE ON members
WHEN OLD.role = 'owner' AND NEW.role <> 'owner' AND NOT EXISTS (
  SELECT 1 FROM members WHERE account = OLD.account AND role = 'owner' AND user <> OLD.user
)
BEGIN SELECT RAISE(ABORT, 'the last owner'); END;

CREATE TRIGGER the_last_owner_does_not_leave BEFORE DELETE ON members
WHEN OLD.role = 'owner' AND NOT EXISTS (
  SELECT 1 FROM members WHERE account = OLD.account AND role = 'owner' AND user <> OLD.user
)
BEGIN SELECT RAISE(ABORT, 'the last owner'); END;
