-- The keys that orders to devices are signed with. The one row of `order_key_rings` counts how
-- often they changed.
CREATE TABLE order_key_rings (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL CHECK (version > 0)
) STRICT;

CREATE TABLE order_keys (
  place  INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  stage  TEXT NOT NULL CHECK (stage IN ('next', 'active', 'retired')),
  since  INTEGER NOT NULL,
  secret BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX one_key_signs_orders ON order_keys (stage) WHERE stage = 'active';

-- Devices heed no older set of keys than they know: a count that went back would leave them alone.
CREATE TRIGGER the_order_keys_count_up BEFORE UPDATE ON order_key_rings
WHEN NEW.version <= OLD.version
BEGIN SELECT RAISE(ABORT, 'the count of order keys never goes back'); END;
