-- The keys that tokens are signed with. The one row of `rings` counts how often they changed.
CREATE TABLE rings (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL CHECK (version > 0)
) STRICT;

CREATE TABLE keys (
  place  INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  stage  TEXT NOT NULL CHECK (stage IN ('next', 'active', 'retired')),
  since  INTEGER NOT NULL,
  secret BLOB NOT NULL
) STRICT;

-- Two keys that sign at once would be one too many to look after.
CREATE UNIQUE INDEX one_key_signs ON keys (stage) WHERE stage = 'active';
