-- What an orchestrator remembers of its setups.

CREATE TABLE setups (
    -- The order of their making.
    place INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- 32 hexadecimal digits, so that the beginning of one can be looked up.
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 32),
    account TEXT NOT NULL,
    version INTEGER NOT NULL,
    -- Approved, and not at rest.
    is_under_way INTEGER NOT NULL CHECK (is_under_way IN (0, 1)),
    -- JSON: all of it.
    setup TEXT NOT NULL
) STRICT;

CREATE INDEX setups_of_account ON setups (account, place);
CREATE INDEX setups_by_name ON setups (account, id);
CREATE INDEX setups_under_way ON setups (place) WHERE is_under_way = 1;

-- Idempotency keys, and the request each stands for.
CREATE TABLE keys (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    place INTEGER NOT NULL REFERENCES setups (place),
    plan TEXT NOT NULL,
    device TEXT NOT NULL,
    PRIMARY KEY (account, key)
) STRICT, WITHOUT ROWID;

-- What setups told: 1, 2, 3 … for each.
CREATE TABLE progress (
    place INTEGER NOT NULL REFERENCES setups (place),
    seq INTEGER NOT NULL CHECK (seq > 0),
    -- Milliseconds since the Unix epoch.
    at INTEGER NOT NULL,
    -- JSON.
    event TEXT NOT NULL,
    PRIMARY KEY (place, seq)
) STRICT;
