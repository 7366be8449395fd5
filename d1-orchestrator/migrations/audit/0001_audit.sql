-- The audit log of one server: whose it is and what signs it, and its lines as they were written.
CREATE TABLE log (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  stream TEXT NOT NULL,
  -- The seed of the key that signs heads.
  secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;

CREATE TABLE lines (
  place  INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The record, or for a checkpoint the last record before it.
  seq    INTEGER NOT NULL CHECK (seq >= 0),
  signed INTEGER NOT NULL CHECK (signed IN (0, 1)),
  line   TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX one_line_is_one_record ON lines (seq) WHERE signed = 0;

-- A slip of the hand changes nothing; who means it is found out by the chain.
CREATE TRIGGER lines_are_not_changed BEFORE UPDATE ON lines
BEGIN SELECT RAISE(ABORT, 'a line of the audit log is never changed'); END;
